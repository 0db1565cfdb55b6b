import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import type { DistributionTable } from '../distributions/table.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { readPublicKeys, requireSigningKey } from '../formats/release/public-keys.ts';
import type { ReleaseSettings } from '../manifest/manifest.ts';
import { readManifest } from '../manifest/read.ts';
import { isBucket } from '../model/store-location.ts';
import type { Clock } from '../publication/clock.ts';
import type { IndexFormats } from '../publication/published.ts';
import { aptIndex } from '../repository/apt/apt-index.ts';
import { yumIndex } from '../repository/yum/yum-index.ts';
import { openSigner } from '../signing/open-signer.ts';
import { openVerifier } from '../signing/open-verifier.ts';
import type { Signer, Verifier } from '../signing/signer.ts';
import { HttpReader } from '../store/http-reader.ts';
import type { ObjectReader, ObjectStore } from '../store/object-store.ts';
import { openStore } from '../store/open-store.ts';
import { isErrno, temporaryDirectory } from '../system/files.ts';
import { normalizeOrder, nothingKnown } from './order.ts';
import type { RepositoryOptions } from './repository-options.ts';
import type { Session } from './session.ts';
import { readSigningChoice } from './signing-options.ts';
import type { World } from './world.ts';

/** A repository as the manifest and the command line describe it; nothing is opened yet. */
export interface RepositoryOrder {
  readonly release: ReleaseSettings;
  readonly table: DistributionTable;
  /** The file with the public keys that the release packages install; undefined: the manifest names none. */
  readonly keyText: string | undefined;
}

/** What publishing works with: closed at the end of a command. */
export interface Publishing extends AsyncDisposable {
  readonly release: ReleaseSettings;
  readonly table: DistributionTable;
  /** Armoured: what clients have to know. */
  readonly keyText: string;
  readonly store: ObjectStore;
  readonly publicReader: ObjectReader | undefined;
  readonly formats: IndexFormats;
  readonly signer: Signer;
  readonly verifier: Verifier;
  readonly clock: Clock;
  /** When the command was started. */
  readonly now: Date;
  /** Absolute directory that is removed at the end. */
  readonly scratch: string;
}

const clock: Clock = {
  now: () => Math.floor(Date.now() / 1000),
  wait: async (milliseconds) => {
    await setTimeout(milliseconds);
  },
  random: () => Math.random(),
};

async function readKey(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) throw error;
    throw new CoachbuilderError('manifest-invalid', `there is no key of the release package: ${path}`, {
      hint: 'write it there with: gpg --armor --export <fingerprint>',
      cause: error,
    });
  }
}

/**
 * Reads which repository a command is about.
 * @throws CoachbuilderError `manifest-missing`, `manifest-invalid`
 */
export async function takeRepositoryOrder(options: RepositoryOptions, world: World): Promise<RepositoryOrder> {
  const { manifest: file } = options;
  const manifest = await readManifest({ startDirectory: world.cwd, ...(file === undefined ? {} : { file }) });
  const described = manifest?.written.release;
  const table = manifest?.distributions;
  const [any] = table?.values() ?? [];
  if (manifest === undefined || table === undefined || any === undefined || described === undefined) {
    throw new CoachbuilderError('manifest-invalid', `${manifest?.file ?? world.cwd} describes no package repository`, {
      hint: 'add a section release: with id, name, baseurl and key to the manifest, or name the manifest with --manifest',
    });
  }
  // What the manifest says of a release is the same for every distribution.
  const { release } = normalizeOrder({ manifest }, nothingKnown, any, world);
  if (release === undefined) throw new Error('Internal error: the manifest lost its release section');
  return { release, table, keyText: release.key === undefined ? undefined : await readKey(release.key) };
}

/** The key to sign with: the manifest's, or the first one that the release packages install. */
function fallbackKey({ release, keyText }: RepositoryOrder): string | undefined {
  if (release.repository.signingKey !== undefined || keyText === undefined) return release.repository.signingKey;
  return readPublicKeys(keyText, release.key ?? release.id).primary[0];
}

/** Who names a server means a bucket on it: what is published into a directory instead, nobody finds there. */
function requireBucketFor({ endpoint, region }: RepositoryOptions, url: string): void {
  const option = endpoint === undefined ? '--region' : '--endpoint';
  if (isBucket(url) || (endpoint ?? region) === undefined) return;
  throw new CoachbuilderError('usage', `${option} is about a bucket, and the repository is a directory: ${url}`, {
    hint: `leave ${option} out, or name the bucket with --to=s3://bucket/prefix`,
  });
}

/** @throws CoachbuilderError `usage` when nothing says where the repository is, or a server is named for a directory */
function storeUrl(options: RepositoryOptions, { release }: RepositoryOrder): string {
  const url = options.to ?? release.repository.store;
  if (url !== undefined) {
    requireBucketFor(options, url);
    return url;
  }
  throw new CoachbuilderError('usage', 'nothing says where to publish', {
    hint: 'give --to=s3://bucket/prefix or --to=DIRECTORY, or write repository.store in the manifest',
  });
}

function openPublicReader(
  options: RepositoryOptions,
  url: string,
  { release }: RepositoryOrder,
): ObjectReader | undefined {
  // What is in a directory reaches its public address by a way that we do not know, and later.
  const isPublic = isBucket(url) || release.baseurl.startsWith('file:');
  return options.readBack && isPublic ? new HttpReader(release.baseurl) : undefined;
}

/**
 * Opens a repository for writing: its store, and the key that signs, which has to be one that clients know.
 * @throws CoachbuilderError `usage`, `key-unusable`, `manifest-invalid`, `store-missing`, `store-denied`
 */
export async function openPublishing(
  options: RepositoryOptions,
  order: RepositoryOrder,
  { session, world }: { readonly session: Session; readonly world: World },
): Promise<Publishing> {
  const { release, table } = order;
  const url = storeUrl(options, order);
  const choice = await readSigningChoice(options.signing, fallbackKey(order));
  const opened: AsyncDisposable[] = [];
  const use = <Resource extends AsyncDisposable>(resource: Resource): Resource => {
    opened.push(resource);
    return resource;
  };
  const close = async (): Promise<void> => {
    for (const resource of opened.reverse()) await resource[Symbol.asyncDispose]();
  };
  try {
    const scratch = use(await temporaryDirectory(join(session.run.path, 'scratch'), 'publish')).path;
    const signer = use(await openSigner(choice, session.ports, scratch));
    const keyText = order.keyText ?? signer.publicKey;
    requireSigningKey(
      readPublicKeys(keyText, release.key ?? release.id),
      signer.fingerprint,
      release.key ?? release.id,
    );
    const verifier = use(await openVerifier([keyText], session.ports, scratch));
    const { endpoint, region } = release.repository;
    const location = { url, endpoint: options.endpoint ?? endpoint, region: options.region ?? region };
    return {
      ...{ release, table, keyText, signer, verifier, clock, scratch, now: world.now },
      store: openStore({ ...location, env: world.env }),
      publicReader: openPublicReader(options, url, order),
      formats: { deb: aptIndex(session.ports), rpm: yumIndex({ ...session.ports, scratch }) },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What looking at a repository, and tidying it up, works with; nothing is signed. */
export type Reading = Pick<
  Publishing,
  'release' | 'table' | 'store' | 'publicReader' | 'formats' | 'verifier' | 'clock'
> &
  AsyncDisposable & { /** The file with the public keys. */ readonly keyText: string };

/**
 * Opens a repository for reading, and for removing from it: no signing key is needed, but the public one of the manifest.
 * @throws CoachbuilderError `usage`, `manifest-invalid`, `store-missing`, `store-denied`
 */
export async function openReading(
  options: RepositoryOptions,
  order: RepositoryOrder,
  { session, world }: { readonly session: Session; readonly world: World },
): Promise<Reading> {
  const { release, table, keyText } = order;
  if (keyText === undefined) {
    throw new CoachbuilderError('manifest-invalid', 'nothing says which key the repository is signed with', {
      hint: 'name the file with the public key as release.key in the manifest',
    });
  }
  const url = storeUrl(options, order);
  const directory = await temporaryDirectory(join(session.run.path, 'scratch'), 'read');
  const scratch = directory.path;
  const verifier = await openVerifier([keyText], session.ports, scratch);
  const { endpoint, region } = release.repository;
  const location = { url, endpoint: options.endpoint ?? endpoint, region: options.region ?? region };
  return {
    ...{ release, table, keyText, verifier, clock },
    store: openStore({ ...location, env: world.env }),
    publicReader: openPublicReader(options, url, order),
    formats: { deb: aptIndex(session.ports), rpm: yumIndex({ ...session.ports, scratch }) },
    [Symbol.asyncDispose]: async () => {
      await verifier[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}
