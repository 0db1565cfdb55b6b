import { createHash } from 'node:crypto';
import { basename } from 'node:path';

import { CoachbuilderError } from '../../src/errors/coachbuilder-error.ts';
import type { IndexEntry, IndexFormat, PublishedIndex } from '../../src/repository/index-format.ts';
import type { Place } from '../../src/repository/place.ts';
import type { Signer, Verifier } from '../../src/signing/signer.ts';
import type { NewObject } from '../../src/store/object-store.ts';

export const fakeSigner: Signer = {
  fingerprint: 'A'.repeat(40),
  signingFingerprint: 'A'.repeat(40),
  publicKey: 'a public key\n',
  clearSign: (text) => Promise.resolve(`signed\n${text}`),
  detachSign: () => Promise.resolve('a signature\n'),
  signRpm: () => Promise.reject(new Error('this signer signs no rpms')),
};

export const fakeVerifier: Verifier = {
  verifyClearSigned: (signed) =>
    signed.startsWith('signed\n')
      ? Promise.resolve(signed.slice('signed\n'.length))
      : Promise.reject(new CoachbuilderError('signature-invalid', 'not signed')),
  verifyDetached: () => Promise.resolve(),
  verifyRpm: () => Promise.resolve(),
};

interface Head {
  readonly date: number;
  readonly index: string;
  readonly origin: string;
  readonly validUntil?: number;
}

function textObject(key: string, text: string, caching: NewObject['caching']): NewObject {
  const bytes = Buffer.from(text);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { key, body: { kind: 'bytes', bytes }, size: bytes.length, sha256, contentType: 'text/plain', caching };
}

/**
 * The least index that has every part of a real one: a signed `head` names an immutable index, and an `alias` repeats
 * the index's date for those who do not read heads.
 */
export const fakeIndex: IndexFormat = {
  headOf: (place) => `${place.root}/head`,
  fileOf: (_, file) => basename(file.path).replaceAll('+', '_'),
  async read(place: Place, reader, verifier): Promise<PublishedIndex | undefined> {
    const found = await reader.get(`${place.root}/head`);
    if (found === undefined) return undefined;
    const text = await verifier.verifyClearSigned(found.bytes.toString(), 'head');
    const head = JSON.parse(text) as Head;
    const index = await reader.get(head.index);
    if (index === undefined) throw new CoachbuilderError('repository-invalid', `${head.index} is not there`);
    const aliasKey = `${place.root}/alias`;
    const alias = await reader.get(aliasKey);
    return {
      etag: found.etag,
      date: head.date,
      entries: JSON.parse(index.bytes.toString()) as IndexEntry[],
      frozen: { Origin: head.origin },
      objects: [head.index],
      staleAliases: alias?.bytes.toString() === String(head.date) ? [] : [aliasKey],
    };
  },
  describe(place, files) {
    return Promise.resolve(
      files.map(({ path, name, version, architecture, size, sha256 }) => ({
        ...{ format: 'deb', name, version, architecture, size, sha256, stanza: '' },
        file: fakeIndex.fileOf(place, { path, name, version, architecture }),
      })),
    );
  },
  async render({ place, entries, date, validUntil, signer }) {
    const text = JSON.stringify([...entries].sort((a, b) => (a.file < b.file ? -1 : 1)));
    const index = textObject(
      `${place.root}/index-${createHash('sha256').update(text).digest('hex')}`,
      text,
      'immutable',
    );
    const head: Head = {
      ...{ date, index: index.key, origin: place.origin },
      ...(validUntil === undefined ? {} : { validUntil }),
    };
    const signed = await signer.clearSign(JSON.stringify(head));
    return {
      immutable: [index],
      head: textObject(`${place.root}/head`, signed, 'revalidate'),
      aliases: [textObject(`${place.root}/alias`, String(date), 'revalidate')],
    };
  },
};
