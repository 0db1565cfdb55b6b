import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { readFileSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { builtInDistributions } from '../../src/distributions/table.ts';
import type { ReleaseSettings } from '../../src/manifest/manifest.ts';
import { applyPublication } from '../../src/publication/apply.ts';
import { arrange } from '../../src/publication/arrange.ts';
import { findPackages, readPackageFiles } from '../../src/publication/package-files.ts';
import { planPublication, requireAccepted } from '../../src/publication/plan.ts';
import { signRpms } from '../../src/publication/signed-rpms.ts';
import { keyObject } from '../../src/publication/standing-objects.ts';
import { writePages } from '../../src/publication/write-pages.ts';
import { aptIndex } from '../../src/repository/apt/apt-index.ts';
import { yumIndex } from '../../src/repository/yum/yum-index.ts';
import { openSigner } from '../../src/signing/open-signer.ts';
import { openVerifier } from '../../src/signing/open-verifier.ts';
import { DirectoryStore } from '../../src/store/directory-store.ts';
import type { TestKey } from './keys.ts';
import { testPorts } from './tool-ports.ts';

export interface PublishOrder {
  /** Absolute directory of packages, or their paths. */
  readonly packages: readonly string[];
  readonly release: ReleaseSettings;
  readonly key: TestKey;
  /** Absolute directory of the repository. */
  readonly store: string;
  /** Absolute directory for what is needed meanwhile. */
  readonly scratch: string;
}

/** Publishes packages in a directory, with all that a publication writes, pages included. */
export async function publishPackages({ packages, release, key, store: root, scratch }: PublishOrder): Promise<void> {
  for (const directory of [root, scratch]) await mkdir(directory, { recursive: true });
  const ports = testPorts({ cacheDirectory: scratch });
  const { publicKey: keyText } = key;
  await using signer = await openSigner({ fingerprint: key.fingerprint, gpgHome: key.gpgHome }, ports, scratch);
  await using verifier = await openVerifier([keyText], ports, scratch);
  const store = new DirectoryStore(root);
  const formats = { deb: aptIndex(ports), rpm: yumIndex({ ...ports, scratch }) };
  const files = await readPackageFiles(await findPackages(packages), ports);
  const table = builtInDistributions();
  const shipments = await arrange({
    ...{ files, release, table, distributions: [], architectures: [], channel: undefined },
    isPublished: () => Promise.resolve(false),
  });
  const signed = await signRpms(shipments, { store, formats, signer, verifier, scratch });
  const clock = { now: () => Math.floor(Date.now() / 1000), wait: () => Promise.resolve(), random: () => 0 };
  const plan = await planPublication(
    { shipments: signed, validFor: undefined, preview: false },
    { reader: store, formats, verifier, clock },
  );
  requireAccepted(plan);
  const { reporter } = ports;
  const request = { release, table, keyText, places: plan.places.map(({ place }) => place) };
  await applyPublication(
    {
      ...{ plan, release, key: keyObject(release, keyText) },
      writePages: () => writePages(request, { store, formats, verifier, signer }),
    },
    { store, formats, signer, verifier, publicReader: undefined, clock, reporter },
  );
}

export interface DirectoryServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`. */
  readonly address: string;
  /** Serves other bytes at a path, until it is told undefined. */
  replace(path: string, content: Uint8Array | undefined): void;
}

/** Serves a directory on loopback; what is not there is forbidden, as on S3 where listing is not allowed. */
export async function serveDirectory(root: string): Promise<DirectoryServer> {
  const replaced = new Map<string, Uint8Array>();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    const file = join(root, path);
    const isFile = statSync(file, { throwIfNoEntry: false })?.isFile() === true;
    const content = replaced.get(path) ?? (isFile ? readFileSync(file) : undefined);
    response.writeHead(content === undefined ? 403 : 200, {
      'cache-control': 'no-cache',
      'content-length': content?.length ?? 0,
    });
    response.end(request.method === 'HEAD' ? undefined : content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    replace(path, content) {
      if (content === undefined) replaced.delete(path);
      else replaced.set(path, content);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
