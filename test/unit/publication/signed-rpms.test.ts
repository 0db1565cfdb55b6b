import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import { signRpms } from '../../../src/publication/signed-rpms.ts';
import type { PackageFile } from '../../../src/repository/index-format.ts';
import { bytesObject } from '../../../src/store/new-object.ts';
import { sha256Of } from '../../../src/system/files.ts';
import { fakeIndex, fakeSigner, fakeVerifier } from '../../support/fake-index.ts';
import { placeOf } from '../../support/fake-repository.ts';
import { MemoryStore } from '../../support/memory-store.ts';

const scratch = mkdtempSync(join(tmpdir(), 'signed-rpms-'));
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

describe('an rpm that is published already', () => {
  it('is asked for once in each place, and taken as it is there', async () => {
    const name = 'acme-1-1.noarch.rpm';
    const path = join(scratch, name);
    writeFileSync(path, 'not signed');
    const about = { format: 'rpm', name: 'acme', version: '1-1', architecture: 'noarch' } as const;
    const file: PackageFile = { ...about, path, size: 10, sha256: sha256Of('not signed') };
    const store = new MemoryStore();
    const places = ['x86_64', 'aarch64'].map((word) => ({ ...placeOf('centos-7'), root: `centos/7/${word}` }));
    const keys = places.map(({ root }) => `${root}/${name}`);
    const type = { contentType: 'application/x-rpm', caching: 'immutable' } as const;
    for (const key of keys) await store.put(bytesObject(key, `signed for ${key}`, type), { kind: 'none' });
    store.log.length = 0;
    const verifier = {
      ...fakeVerifier,
      verifyRpm: (asked: string) =>
        asked === path ? Promise.reject(new CoachbuilderError('signature-invalid', 'not signed')) : Promise.resolve(),
    };
    const shipments = await signRpms(
      places.map((place) => ({ place, files: [file] })),
      { store, formats: { deb: fakeIndex, rpm: fakeIndex }, signer: fakeSigner, verifier, scratch },
    );
    expect(store.log).toEqual(keys.map((key) => ({ method: 'get', key })));
    expect(shipments.flatMap(({ files }) => files.map(({ size, sha256 }) => ({ size, sha256 })))).toEqual(
      keys.map((key) => ({ size: `signed for ${key}`.length, sha256: sha256Of(`signed for ${key}`) })),
    );
  });
});
