import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { PackageFile } from '../repository/index-format.ts';
import type { Signer, Verifier } from '../signing/signer.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { digestFile, mapConcurrently, sha256Of } from '../system/files.ts';
import { digestRpmContent, readRpmFacts } from '../system/rpm-file.ts';
import type { Shipment } from './arrange.ts';
import type { IndexFormats } from './published.ts';

export interface RpmSigningPorts {
  readonly store: ObjectStore;
  readonly formats: IndexFormats;
  readonly signer: Signer;
  readonly verifier: Verifier;
  /** Absolute directory for signed copies, which has to stay until they are published. */
  readonly scratch: string;
}

/** Packages that are looked for, or signed, at once. */
const limit = 2;

function isSignatureInvalid(error: unknown): boolean {
  return error instanceof CoachbuilderError && error.code === 'signature-invalid';
}

async function isSigned(path: string, verifier: Verifier): Promise<boolean> {
  try {
    await verifier.verifyRpm(path);
    return true;
  } catch (error) {
    if (isSignatureInvalid(error)) return false;
    throw error;
  }
}

/** What signing leaves alone; undefined for a damaged package. */
async function contentOf(path: string): Promise<string | undefined> {
  const facts = await readRpmFacts(path);
  return facts === undefined ? undefined : digestRpmContent(path, facts);
}

/** The rpms of an order: each with its signed self, or with what is published of it. */
class SignedRpms {
  readonly #ports: RpmSigningPorts;
  #copies = 0;

  constructor(ports: RpmSigningPorts) {
    this.#ports = ports;
  }

  async #directory(): Promise<string> {
    this.#copies += 1;
    const path = join(this.#ports.scratch, 'signed', String(this.#copies));
    await mkdir(path, { recursive: true });
    return path;
  }

  /** The package at a key, when it is this one but for its signature; undefined when there is none. */
  async #published(file: PackageFile, content: string | undefined, key: string): Promise<PackageFile | undefined> {
    const { store, verifier } = this.#ports;
    const object = await store.get(key);
    if (object === undefined) return undefined;
    const path = join(await this.#directory(), basename(file.path));
    await writeFile(path, object.bytes);
    if ((await contentOf(path)) !== content) {
      throw new CoachbuilderError(
        'publication-refused',
        `${file.name} ${file.version} ${file.architecture} is published already, with other bytes (${key})`,
        { hint: 'what was published never changes: give the new package a higher version or release' },
      );
    }
    if (!(await isSigned(path, verifier))) {
      throw new CoachbuilderError(
        'publication-refused',
        `${key} is published already, and not signed with a key that clients of this repository have`,
        { hint: 'keep earlier keys in the key file of the release package, or publish a higher version' },
      );
    }
    return { ...file, path, size: object.bytes.length, sha256: sha256Of(object.bytes) };
  }

  async #sign(file: PackageFile): Promise<PackageFile> {
    const path = join(await this.#directory(), basename(file.path));
    await copyFile(file.path, path);
    await this.#ports.signer.signRpm(path);
    return { ...file, path, ...(await digestFile(path)) };
  }

  /** @returns what is to be published of a package under each of the keys */
  async at(file: PackageFile, keys: readonly string[]): Promise<ReadonlyMap<string, PackageFile>> {
    if (await isSigned(file.path, this.#ports.verifier)) return new Map(keys.map((key) => [key, file]));
    const found = new Map<string, PackageFile>();
    const content = await contentOf(file.path);
    for (const key of keys) {
      const published = await this.#published(file, content, key);
      if (published !== undefined) found.set(key, published);
    }
    const [first] = found.values();
    const signed = found.size === keys.length ? file : (first ?? (await this.#sign(file)));
    return new Map(keys.map((key) => [key, found.get(key) ?? signed]));
  }
}

/**
 * Signs the rpms that our key has not signed, on copies. Signatures hold the time, so that signing the same package
 * again makes other bytes, which nobody may publish under the same name. What lies in the store under a package's name
 * therefore counts, whether an index names it yet or not: when it is the same package behind its signature (header and
 * payload, byte for byte), it is taken as it is, and publishing the package again changes nothing.
 * @returns the shipments with the files that are to be published
 * @throws CoachbuilderError `publication-refused` when another package of that name is published, `signing-failed`
 */
export async function signRpms(shipments: readonly Shipment[], ports: RpmSigningPorts): Promise<readonly Shipment[]> {
  const keyOf = ({ place }: Shipment, file: PackageFile): string =>
    `${place.root}/${ports.formats[place.format].fileOf(place, file)}`;
  const rpms = new Map<PackageFile, string[]>();
  for (const shipment of shipments) {
    for (const file of shipment.files) {
      if (file.format === 'rpm') rpms.set(file, [...(rpms.get(file) ?? []), keyOf(shipment, file)]);
    }
  }
  const signing = new SignedRpms(ports);
  const signed = new Map(
    await mapConcurrently([...rpms], limit, async ([file, keys]) => [file, await signing.at(file, keys)] as const),
  );
  return shipments.map((shipment) => ({
    place: shipment.place,
    files: shipment.files.map((file) => signed.get(file)?.get(keyOf(shipment, file)) ?? file),
  }));
}
