import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type {
  IndexEntry,
  IndexFormat,
  PackageFile,
  RenderedIndex,
  RenderRequest,
} from '../../src/repository/index-format.ts';
import type { Place } from '../../src/repository/place.ts';
import type { NewObject, ObjectReader, StoredObject } from '../../src/store/object-store.ts';
import { digestFile } from '../../src/system/files.ts';
import { aDistribution } from './manifest.ts';
import { mustRun } from './machine.ts';

/** A tiny package. */
export interface DebFacts {
  readonly name: string;
  readonly version: string;
  readonly architecture?: string;
  /** Further fields, a line each. */
  readonly fields?: readonly string[];
  /** Contents by absolute path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Maintainer scripts: whole texts by their names. */
  readonly scripts?: Readonly<Partial<Record<'preinst' | 'postinst' | 'prerm' | 'postrm', string>>>;
  readonly compression?: 'gzip' | 'xz' | 'zstd' | 'none';
}

/** Makes a package with dpkg-deb, under a name that says nothing. */
export async function makeDeb(
  directory: string,
  facts: DebFacts,
  encoding: 'utf8' | 'latin1' = 'utf8',
): Promise<PackageFile> {
  const { name, version, architecture = 'amd64', fields = [], files = {}, scripts = {}, compression = 'gzip' } = facts;
  const root = await mkdtemp(join(directory, 'deb-'));
  const control = [
    `Package: ${name}`,
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    'Maintainer: Acme <acme@example.com>',
    ...fields,
    `Description: ${name} for a test`,
    ' With a second line.',
    ' .',
    '  verbatim: yes',
  ];
  await mkdir(join(root, 'tree/DEBIAN'), { recursive: true });
  await writeFile(join(root, 'tree/DEBIAN/control'), `${control.join('\n')}\n`, encoding);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, 'tree', dirname(path)), { recursive: true });
    await writeFile(join(root, 'tree', path), content);
  }
  for (const [script, text] of Object.entries(scripts))
    await writeFile(join(root, 'tree/DEBIAN', script), text, { mode: 0o755 });
  const path = join(root, 'package.deb');
  const options = ['--root-owner-group', '--uniform-compression', `-Z${compression}`];
  await mustRun(['dpkg-deb', ...options, '--build', join(root, 'tree'), path], { env: { SOURCE_DATE_EPOCH: '0' } });
  return { path, format: 'deb', name, version, architecture, ...(await digestFile(path)) };
}

/** A flat place for Debian 12 on amd64, unless something else is said. */
export function aptPlace(facts: Partial<Place> = {}): Place {
  return {
    ...{ format: 'deb', layout: 'flat', channel: 'stable', distribution: aDistribution('debian-12') },
    ...{ root: 'debian/12/amd64', architectures: ['amd64'], suite: 'bookworm', component: 'main' },
    ...{ origin: 'Acme', label: 'Acme packages', url: 'https://acme.example/debian/12/amd64' },
    ...facts,
  };
}

/** Objects in memory, under literal keys. */
export class Shelf implements ObjectReader {
  readonly title = 'shelf:';
  /** Whether it tells the SHA-256 of what it has, as a store does; a public address does not. */
  tellsDigests = true;
  readonly requests: string[] = [];
  #objects = new Map<string, { readonly bytes: Buffer; readonly change: number }>();
  #changes = 0;

  keys(): readonly string[] {
    return [...this.#objects.keys()].sort();
  }

  put(key: string, content: Uint8Array | string): void {
    this.#changes += 1;
    this.#objects.set(key, { bytes: Buffer.from(content), change: this.#changes });
  }

  async putObject({ key, body }: NewObject): Promise<void> {
    this.put(key, body.kind === 'bytes' ? body.bytes : await readFile(body.path));
  }

  delete(key: string): void {
    this.#objects.delete(key);
  }

  /** The bytes, and the number of the change that put them there. */
  peek(key: string): { readonly bytes: Buffer; readonly change: number } | undefined {
    return this.#objects.get(key);
  }

  text(key: string): string {
    return this.#objects.get(key)?.bytes.toString() ?? `there is no ${key}`;
  }

  copy(): Shelf {
    const other = new Shelf();
    other.restore(this);
    return other;
  }

  /** Takes over what another one holds. What differs is newer than anything before. */
  restore(other: Shelf): void {
    for (const key of this.keys()) if (other.peek(key) === undefined) this.delete(key);
    for (const key of other.keys()) {
      const { bytes } = other.peek(key)!;
      if (this.peek(key)?.bytes.equals(bytes) !== true) this.put(key, bytes);
    }
  }

  get(key: string): Promise<{ readonly bytes: Buffer; readonly etag: string } | undefined> {
    this.requests.push(`GET ${key}`);
    const found = this.peek(key);
    return Promise.resolve(found && { bytes: found.bytes, etag: String(found.change) });
  }

  head(key: string): Promise<StoredObject | undefined> {
    this.requests.push(`HEAD ${key}`);
    const found = this.peek(key);
    if (found === undefined) return Promise.resolve(undefined);
    const { bytes, change } = found;
    const sha256 = this.tellsDigests ? createHash('sha256').update(bytes).digest('hex') : undefined;
    return Promise.resolve({ key, size: bytes.length, etag: String(change), lastModified: new Date(0), sha256 });
  }
}

/** Puts packages and their index in the order in which they have to appear. */
export async function publish(
  shelf: Shelf,
  {
    format,
    files,
    ...request
  }: RenderRequest & { readonly format: IndexFormat; readonly files: readonly PackageFile[] },
): Promise<RenderedIndex> {
  for (const file of files) {
    shelf.put(`${request.place.root}/${format.fileOf(request.place, file)}`, await readFile(file.path));
  }
  const rendered = await format.render(request);
  for (const object of [...rendered.immutable, rendered.head, ...rendered.aliases]) await shelf.putObject(object);
  return rendered;
}

export interface LiteralServer extends AsyncDisposable {
  readonly url: string;
  /** The answer for what is not there. */
  missing: 403 | 404;
  /** `200 /debian/…`, as the client wrote it. */
  readonly requests: string[];
}

/**
 * Serves what is on a shelf as S3 does whose bucket may be read and not listed: keys are literal, and 403 is the answer
 * for what is not there.
 */
export async function startLiteralServer(shelf: Shelf): Promise<LiteralServer> {
  const state: Pick<LiteralServer, 'missing' | 'requests'> = { missing: 403, requests: [] };
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    const found = shelf.peek(decodeURIComponent(url.slice(1)));
    // A second is the step of HTTP's times, and clients ask for what is newer.
    const modified = new Date(1_700_000_000_000 + (found?.change ?? 0) * 1000).toUTCString();
    const status = found === undefined ? state.missing : request.headers['if-modified-since'] === modified ? 304 : 200;
    state.requests.push(`${String(status)} ${url}`);
    const length = status === 200 ? { 'Content-Length': found?.bytes.length ?? 0 } : {};
    response.writeHead(
      status,
      found === undefined ? { 'Content-Length': 0 } : { ...length, 'Last-Modified': modified },
    );
    response.end(request.method === 'HEAD' || status !== 200 ? undefined : found?.bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, {
    url: `http://127.0.0.1:${String(port)}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** A directory of its own for a test. */
export async function scratchDirectory(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'apt-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** The next index of a place: what is there, and new packages. */
export async function entriesWith(
  format: IndexFormat,
  place: Place,
  files: readonly PackageFile[],
  before: readonly IndexEntry[] = [],
): Promise<readonly IndexEntry[]> {
  return [...before, ...(await format.describe(place, files))];
}
