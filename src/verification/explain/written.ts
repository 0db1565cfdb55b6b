import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { lockFileName, readLock } from '../../lock/lock-file.ts';
import { relationKinds } from '../../manifest/manifest.ts';
import { parseTomlManifest, parseYamlManifest } from '../../manifest/parse.ts';
import type { ManifestPath } from '../../manifest/places.ts';
import type { ManifestFile } from '../../manifest/read.ts';
import { parseRelation } from '../../manifest/relation.ts';
import { commonParts, packageParts } from '../../manifest/rules/rule.ts';
import type { WrittenPlace } from './answer.ts';
import { serviceDirectoryParents } from '../../manifest/service-settings.ts';
import { directoriesOf, directoryKeys } from '../../manifest/services.ts';
import { systemFileAt } from './system-files.ts';

/** Tells the written source of an installed manual page. */
function isPage(installed: string): (written: unknown) => boolean {
  const name = basename(installed, '.gz');
  return (written) => {
    const source: unknown =
      typeof written === 'object' && written !== null && 'source' in written ? written.source : written;
    return typeof source === 'string' && basename(source) === name;
  };
}

/** Where a manifest says things. */
export class ManifestPlaces {
  readonly #manifest: ManifestFile;
  readonly #places: ReturnType<typeof parseYamlManifest>['places'];

  private constructor(manifest: ManifestFile, places: ReturnType<typeof parseYamlManifest>['places']) {
    this.#manifest = manifest;
    this.#places = places;
  }

  static async read(manifest: ManifestFile): Promise<ManifestPlaces> {
    const text = await readFile(manifest.file, 'utf8');
    const parse = basename(manifest.file).endsWith('.toml') ? parseTomlManifest : parseYamlManifest;
    return new ManifestPlaces(manifest, parse(text, manifest.file).places);
  }

  #at(path: ManifestPath): WrittenPlace {
    return { file: this.#manifest.file, line: this.#places.locate(path, 'key').line, what: path.join('.') };
  }

  /** Where one of some names stands among the relations of packages. */
  relation(names: ReadonlySet<string>): readonly WrittenPlace[] {
    return packageParts(this.#manifest.written).flatMap(({ path, settings }) =>
      relationKinds.flatMap((kind) =>
        (settings[kind] ?? []).flatMap((written, index) => {
          const result = parseRelation(written);
          if ('problem' in result) return [];
          const { name, alternatives } = result.relation;
          return [name, ...alternatives.map((each) => each.name)].some((each) => names.has(each))
            ? [this.#at([...path, kind, index])]
            : [];
        }),
      ),
    );
  }

  /** Where it says what becomes of a library. */
  library(library: string): readonly WrittenPlace[] {
    return commonParts(this.#manifest.written)
      .filter(({ settings }) => Object.hasOwn(settings.libraries ?? {}, library))
      .map(({ path }) => this.#at([...path, 'libraries', library]));
  }

  /** The key from which a file for another program of the system was written. */
  #settingOf(installed: string): ManifestPath | undefined {
    const from = systemFileAt(installed)?.from;
    if (from === undefined) return undefined;
    const { key, name } = from;
    const parts =
      key === 'lint' ? [{ path: [], settings: this.#manifest.written }] : packageParts(this.#manifest.written);
    for (const { path, settings } of parts) {
      const value: unknown = Object.entries(settings).find(([each]) => each === key)?.[1];
      if (value === undefined) continue;
      const page = key === 'man-pages' && Array.isArray(value) ? value.findIndex(isPage(installed)) : undefined;
      if (page === -1) continue;
      if (page !== undefined) return [...path, key, page];
      if (name === undefined) return [...path, key];
      if (typeof value === 'object' && value !== null && Object.hasOwn(value, name)) return [...path, key, name];
    }
    return undefined;
  }

  /** Where an installed path is given: among files, directories (of services, too) or links; the nearest directory above counts as well. */
  path(wanted: string): WrittenPlace | undefined {
    const found = packageParts(this.#manifest.written).flatMap(({ path, settings }) => {
      const directories = (settings.directories ?? []).map((each) => (typeof each === 'string' ? each : each.path));
      const index = directories.indexOf(wanted);
      const isBelow = (above: string): boolean =>
        wanted === above || wanted.startsWith(`${above.replace(/\/+$/, '')}/`);
      const files = Object.keys(settings.files ?? {}).filter(isBelow);
      const links = Object.keys(settings.links ?? {}).filter(isBelow);
      const services = Object.entries(settings.services ?? {}).flatMap(([key, service]) => {
        const own = service === null ? [] : directoriesOf(service);
        const found = own.find(({ kind, name }) =>
          `${serviceDirectoryParents[kind]}/${name}/`.startsWith(`${wanted}/`),
        );
        return found === undefined ? [] : [['services', key, directoryKeys[found.kind]]];
      });
      return [
        ...(index === -1 ? [] : [[...path, 'directories', index]]),
        ...services.map((each) => [...path, ...each]),
        ...files.map((each) => [...path, 'files', each]),
        ...links.map((each) => [...path, 'links', each]),
      ];
    });
    const [first = this.#settingOf(wanted)] = found;
    return first === undefined ? undefined : this.#at(first);
  }
}

interface Pin {
  /** The environment's. */
  readonly key: string;
  readonly name: string;
  readonly version: string;
  readonly fileName: string;
}

/** What a lock pins, with the line that says so. */
export class LockPlaces {
  readonly #file: string;
  readonly #pins: readonly Pin[];
  readonly #lines: readonly string[];

  private constructor(file: string, pins: readonly Pin[], lines: readonly string[]) {
    this.#file = file;
    this.#pins = pins;
    this.#lines = lines;
  }

  /**
   * @param directory that of the manifest
   * @returns undefined when there is no lock
   * @throws CoachbuilderError `lock-invalid`
   */
  static async read(directory: string): Promise<LockPlaces | undefined> {
    const file = join(directory, lockFileName);
    const lock = await readLock(file);
    if (lock === undefined) return undefined;
    const pins = lock.environments.flatMap(({ key, distributions }) =>
      distributions.map(({ name, version, file: { fileName } }) => ({ key, name, version, fileName })),
    );
    return new LockPlaces(file, pins, (await readFile(file, 'utf8')).split('\n'));
  }

  /** The file that is pinned for an interpreter, or for another one where this has none. */
  pin(name: string, version: string, minor: string): WrittenPlace | undefined {
    const pins = this.#pins.filter((pin) => pin.name === name && pin.version === version);
    const pin = pins.find(({ key }) => key.startsWith(`cpython-${minor}-`)) ?? pins[0];
    if (pin === undefined) return undefined;
    const start = Math.max(
      0,
      this.#lines.findIndex((line) => line.endsWith(`key: ${pin.key}`)),
    );
    const line = this.#lines.findIndex((text, index) => index > start && text.includes(`fileName: ${pin.fileName}`));
    return { file: this.#file, line: line + 1, what: `${pin.key}: ${pin.fileName}` };
  }
}
