import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import type { DistributionTable } from '../distributions/table.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { requireSigningKey } from '../formats/release/public-keys.ts';
import type { ReleaseSettings } from '../manifest/manifest.ts';
import { readManifest } from '../manifest/read.ts';
import { isBucket } from '../model/store-location.ts';
import { requireAcceptedKey } from '../publication/accepted-key.ts';
import type { Clock } from '../publication/clock.ts';
import type { IndexFormats } from '../publication/published.ts';
import { readRepositoryKeys, type RepositoryKeys } from '../publication/repository-keys.ts';
import { aptIndex } from '../repository/apt/apt-index.ts';
import type { Place } from '../repository/place.ts';
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
  /** The public keys that the release packages install; undefined: the manifest names none. */
  readonly keys: RepositoryKeys | undefined;
}

/** What looking at a repository, and tidying it up, works with; nothing is signed. Closed at the end of a command. */
export interface Reading extends AsyncDisposable {
  readonly release: ReleaseSettings;
  readonly table: DistributionTable;
  /** What clients have to know. */
  readonly keys: RepositoryKeys;
  readonly store: ObjectStore;
  readonly publicReader: ObjectReader | undefined;
  readonly formats: IndexFormats;
  readonly verifier: Verifier;
  readonly clock: Clock;
}

/** What publishing works with. */
export interface Publishing extends Reading {
  /**
   * What signs the indexes and packages of places. There is no other way to it: whoever signs has the key judged first.
   * @throws CoachbuilderError `key-unusable` when clients of one of them would refuse the key; what they warn of is said
   */
  readonly signerFor: (places: readonly Pick<Place, 'distribution'>[]) => Signer;
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
 * Reads which repository a command is about, and the public keys of its clients.
 * @throws CoachbuilderError `manifest-missing`, `manifest-invalid`, `key-unusable`
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
  const { key } = release;
  return { release, table, keys: key === undefined ? undefined : readRepositoryKeys(await readKey(key), key) };
}

/** The key to sign with: the manifest's, or the first one that the release packages install. */
function fallbackKey({ release, keys }: RepositoryOrder): string | undefined {
  return release.repository.signingKey ?? keys?.primary[0];
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

/** What is open, to be closed together. */
class Opened {
  readonly #resources: AsyncDisposable[] = [];

  use<Resource extends AsyncDisposable>(resource: Resource): Resource {
    this.#resources.push(resource);
    return resource;
  }

  /** The last one first. */
  async close(): Promise<void> {
    for (const resource of this.#resources.reverse()) await resource[Symbol.asyncDispose]();
  }
}

/** Opens one thing after another; what is open already is closed when the next one fails. */
async function openTogether<Parts>(open: (opened: Opened) => Promise<Parts>): Promise<Parts & AsyncDisposable> {
  const opened = new Opened();
  try {
    return { ...(await open(opened)), [Symbol.asyncDispose]: () => opened.close() };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

interface Doors {
  readonly session: Session;
  readonly world: World;
}

async function openScratch({ session }: Doors, opened: Opened): Promise<string> {
  return opened.use(await temporaryDirectory(join(session.run.path, 'scratch'), 'repository')).path;
}

interface Described {
  readonly url: string;
  readonly order: RepositoryOrder;
  readonly keys: RepositoryKeys;
  readonly scratch: string;
}

async function openParts(
  options: RepositoryOptions,
  { url, order, keys, scratch }: Described,
  { session, world }: Doors,
  opened: Opened,
): Promise<Omit<Reading, keyof AsyncDisposable>> {
  const { release, table } = order;
  const { endpoint, region } = release.repository;
  const location = { url, endpoint: options.endpoint ?? endpoint, region: options.region ?? region };
  return {
    ...{ release, table, keys, clock },
    verifier: opened.use(await openVerifier([keys.text], session.ports, scratch)),
    store: openStore({ ...location, env: world.env }),
    publicReader: openPublicReader(options, url, order),
    formats: { deb: aptIndex(session.ports), rpm: yumIndex({ ...session.ports, scratch }) },
  };
}

/**
 * Opens a repository for writing: its store, and the key that signs, which has to be one that clients know.
 * @throws CoachbuilderError `usage`, `key-unusable`, `manifest-invalid`, `store-missing`, `store-denied`
 */
export async function openPublishing(
  options: RepositoryOptions,
  order: RepositoryOrder,
  doors: Doors,
): Promise<Publishing> {
  const { release } = order;
  const url = storeUrl(options, order);
  const choice = await readSigningChoice(options.signing, fallbackKey(order));
  return await openTogether(async (opened) => {
    const scratch = await openScratch(doors, opened);
    const signer = opened.use(await openSigner(choice, doors.session.ports, scratch));
    const keys = order.keys ?? readRepositoryKeys(signer.publicKey, release.id);
    requireSigningKey(keys, signer.fingerprint, keys.path);
    const parts = await openParts(options, { url, order, keys, scratch }, doors, opened);
    const signerFor: Publishing['signerFor'] = (places) => {
      const distributions = [...new Set(places.map(({ distribution }) => distribution))];
      const { reporter } = doors.session.ports;
      requireAcceptedKey({ keys: keys.facts, signer }, distributions, { now: doors.world.now, reporter });
      return signer;
    };
    return { ...parts, signerFor, scratch };
  });
}

/**
 * Opens a repository for reading, and for removing from it: no signing key is needed, but the public one of the manifest.
 * @throws CoachbuilderError `usage`, `manifest-invalid`, `store-missing`, `store-denied`
 */
export async function openReading(options: RepositoryOptions, order: RepositoryOrder, doors: Doors): Promise<Reading> {
  const { keys } = order;
  if (keys === undefined) {
    throw new CoachbuilderError('manifest-invalid', 'nothing says which key the repository is signed with', {
      hint: 'name the file with the public key as release.key in the manifest',
    });
  }
  const url = storeUrl(options, order);
  return await openTogether(async (opened) =>
    openParts(options, { url, order, keys, scratch: await openScratch(doors, opened) }, doors, opened),
  );
}
