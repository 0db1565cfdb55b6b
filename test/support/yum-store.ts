import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { builtInDistributions } from '../../src/distributions/table.ts';
import { CoachbuilderError } from '../../src/errors/coachbuilder-error.ts';
import type { RenderedIndex } from '../../src/repository/index-format.ts';
import type { Place } from '../../src/repository/place.ts';
import type { Signer, Verifier } from '../../src/signing/signer.ts';
import type { NewObject, ObjectBody, ObjectReader, StoredObject } from '../../src/store/object-store.ts';

/** Objects in memory, to read and to tamper with. */
export class YumStore implements ObjectReader {
  readonly title = 'memory:';
  readonly objects = new Map<string, ObjectBody>();
  /** Keys that were asked for, in order. */
  readonly asked: string[] = [];

  /** Puts objects in their order. */
  put(...objects: readonly Pick<NewObject, 'key' | 'body'>[]): void {
    for (const { key, body } of objects) this.objects.set(key, body);
  }

  /** Puts a whole index, in the order in which it has to appear. */
  publish(index: RenderedIndex): void {
    this.put(...index.immutable, index.head, ...index.aliases);
  }

  write(key: string, content: string | Uint8Array): void {
    this.objects.set(key, { kind: 'bytes', bytes: Buffer.from(content) });
  }

  bytes(key: string): Buffer {
    const body = this.objects.get(key);
    if (body?.kind !== 'bytes') throw new Error(`there is no ${key}; there are ${[...this.objects.keys()].join(' ')}`);
    return Buffer.from(body.bytes);
  }

  text(key: string): string {
    return this.bytes(key).toString();
  }

  get(key: string): Promise<{ readonly bytes: Buffer; readonly etag: string } | undefined> {
    this.asked.push(key);
    if (!this.objects.has(key)) return Promise.resolve(undefined);
    const bytes = this.bytes(key);
    return Promise.resolve({ bytes, etag: createHash('sha256').update(bytes).digest('hex') });
  }

  head(): Promise<StoredObject | undefined> {
    return Promise.reject(new Error('indexes are read, not looked at'));
  }
}

/** A place of CentOS 7 at an address. */
export function yumPlace(address = 'https://packages.example.com', root = 'centos/7/x86_64'): Place {
  const distribution = builtInDistributions().get('centos-7');
  if (distribution === undefined) throw new Error('centos-7 is not in the table');
  return {
    format: 'rpm',
    layout: 'flat',
    channel: 'stable',
    distribution,
    root,
    architectures: ['x86_64'],
    suite: '',
    component: 'main',
    origin: 'Acme',
    label: 'Acme',
    url: `${address}/${root}`,
  };
}

/** A signature that says who signed which bytes, and when: no two are alike, as real ones. */
export function fakeSigner(name = 'key'): Signer & Verifier {
  let count = 0;
  const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  const never = (): Promise<never> => Promise.reject(new Error('yum indexes need no such signature'));
  return {
    fingerprint: name,
    signingFingerprint: name,
    publicKey: name,
    clearSign: never,
    signRpm: never,
    verifyClearSigned: never,
    verifyRpm: never,
    detachSign: (bytes) => Promise.resolve(`${name} ${digest(bytes)} ${String((count += 1))}`),
    verifyDetached: (bytes, signature, origin) =>
      signature.startsWith(`${name} ${digest(bytes)} `)
        ? Promise.resolve()
        : Promise.reject(new CoachbuilderError('signature-invalid', `${origin} is not signed by ${name}`)),
  };
}

export interface YumServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`. */
  readonly address: string;
  /** Paths that were asked for, as they were sent, with the status of the answer. */
  readonly requests: readonly string[];
}

/**
 * Serves objects as S3 does where listing is not allowed: keys are literal (no `.`, `..` or empty segment is folded), and
 * what is not there is forbidden.
 */
export async function serveObjects(objects: ReadonlyMap<string, ObjectBody>): Promise<YumServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const body = objects.get(decodeURIComponent(path.slice(1)));
    requests.push(`${body === undefined ? '403' : '200'} ${path}`);
    if (body === undefined) response.writeHead(403).end();
    else if (body.kind === 'bytes') response.writeHead(200, { 'content-length': body.bytes.length }).end(body.bytes);
    else createReadStream(body.path).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
