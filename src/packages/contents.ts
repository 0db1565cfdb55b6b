import { posix } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { suggest } from '../errors/suggest.ts';
import type { PackageSettings } from '../manifest/manifest.ts';
import { sortByBytes } from '../tree/byte-order.ts';
import type { Tree } from '../tree/tree.ts';
import type { ContentEntry } from './definition.ts';
import type { PackageSources } from './sources.ts';

const rootOwned = { owner: 'root', group: 'root' } as const;

/** Sorted by path in byte order, as definitions keep their contents. */
export function sortContents(contents: readonly ContentEntry[]): readonly ContentEntry[] {
  return sortByBytes(contents, ({ path }) => path);
}

/** Whether `path` is `directory` or lies below it. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

function canonical(path: string, settings: PackageSettings): string {
  const normal = posix.normalize(path).replace(/(?<=.)\/+$/, '');
  // Line ends would end the entry in a spec, in conffiles and in md5sums; rpm refuses the other control characters too.
  if (!normal.startsWith('/') || normal === '/' || /[\u0000-\u001f\u007f]/.test(normal)) {
    throw new CoachbuilderError(
      'manifest-invalid',
      `the package ${settings.name} has a path that cannot be installed: ${JSON.stringify(path)}`,
      { hint: 'give an absolute path without control characters' },
    );
  }
  return normal;
}

/** Every entry of the tree, owned by root, its bytes already in the staging root. */
export function treeContents(tree: Tree): readonly ContentEntry[] {
  return tree.entries.map((entry): ContentEntry => {
    const common = { path: entry.path, mode: entry.mode, ...rootOwned };
    switch (entry.kind) {
      case 'directory':
        return { ...common, kind: 'directory' };
      case 'file':
        return { ...common, kind: 'file', size: entry.size, configuration: false, source: { kind: 'staged' } };
      case 'symlink':
        return { ...common, kind: 'symlink', target: entry.target };
    }
  });
}

/** All that lies below the prefix: the virtual environment, and what the manifest has the main package put there. */
export interface Prefix {
  readonly tree: Tree;
  readonly main: Pick<PackageSettings, 'files' | 'links' | 'directories'>;
}

/**
 * Where a link of the manifest points: a bare word is a script of the tree.
 * @throws CoachbuilderError `link-target-missing` with the scripts that there are
 */
function linkTarget(
  target: string,
  settings: PackageSettings,
  { tree, main }: Prefix,
  verb: 'links to' | 'runs' = 'links to',
): string {
  const bin = `${tree.prefix}/bin`;
  const absolute = target.startsWith('/') ? posix.normalize(target) : posix.join(bin, target);
  if (!isWithin(absolute, tree.prefix)) return absolute;
  if (tree.entries.some(({ path }) => path === absolute)) return absolute;
  if ([...main.files, ...main.links, ...main.directories].some(({ path }) => posix.normalize(path) === absolute)) {
    return absolute;
  }
  const scripts = tree.entries
    .filter(({ path, kind }) => kind !== 'directory' && posix.dirname(path) === bin)
    .map(({ path }) => posix.basename(path));
  const nearest = suggest(posix.basename(absolute), scripts);
  throw new CoachbuilderError(
    'link-target-missing',
    `the package ${settings.name} ${verb} ${absolute}, which the application does not have`,
    {
      hint: nearest === undefined ? 'name one of the scripts below' : `did you mean "${nearest}"?`,
      details: [`scripts in ${bin}: ${scripts.length === 0 ? 'none' : scripts.join(', ')}`],
    },
  );
}

/**
 * Makes sure that what the services of a package run is there, as far as it is the application's.
 * @throws CoachbuilderError `link-target-missing`
 */
export function requirePrograms(settings: PackageSettings, prefix: Prefix): void {
  for (const { command } of settings.services) {
    if (command !== undefined) linkTarget(command.words[0] ?? '', settings, prefix, 'runs');
  }
}

/**
 * What the manifest puts into a package beside the tree: links, files, directories.
 * @throws CoachbuilderError `link-target-missing`, `manifest-invalid`
 */
export function manifestContents(
  settings: PackageSettings,
  prefix: Prefix,
  sources: PackageSources,
): readonly ContentEntry[] {
  const configuration = new Set(settings.configurationFiles.map((path) => canonical(path, settings)));
  return [
    ...settings.links.map((link): ContentEntry => ({
      kind: 'symlink',
      path: canonical(link.path, settings),
      target: linkTarget(link.target, settings, prefix),
      mode: 0o777,
      ...rootOwned,
    })),
    ...settings.files.map((file): ContentEntry => {
      const path = canonical(file.path, settings);
      const size = sources.sizes.get(file.source);
      if (size === undefined) throw new Error(`Internal error: the size of ${file.source} was not read`);
      return {
        kind: 'file',
        path,
        size,
        mode: file.mode,
        owner: file.owner,
        group: file.group,
        configuration: file.configuration || configuration.has(path),
        source: { kind: 'file', path: file.source },
      };
    }),
    ...settings.directories.map((directory): ContentEntry => ({
      kind: 'directory',
      path: canonical(directory.path, settings),
      mode: directory.mode,
      owner: directory.owner,
      group: directory.group,
    })),
  ];
}

/**
 * Marks the files that the manifest calls configuration.
 * @throws CoachbuilderError `manifest-invalid` when one is not among the contents: a typing error would lose an
 * administrator's changes at the next upgrade
 */
export function markConfiguration(
  contents: readonly ContentEntry[],
  settings: PackageSettings,
): readonly ContentEntry[] {
  const wanted = new Set(settings.configurationFiles.map((path) => canonical(path, settings)));
  const marked = contents.map((entry): ContentEntry => {
    if (entry.kind !== 'file' || !wanted.delete(entry.path)) return entry;
    return { ...entry, configuration: true };
  });
  const [missing] = wanted;
  if (missing !== undefined) {
    throw new CoachbuilderError(
      'manifest-invalid',
      `the package ${settings.name} has no file ${missing}, which the manifest calls a configuration file`,
      { hint: 'add it to the files of the package, or correct the path' },
    );
  }
  return marked;
}

/** Directories below the prefix that no entry names but some entry needs: the main package owns them as well. */
export function missingDirectories(contents: readonly ContentEntry[], prefix: string): readonly ContentEntry[] {
  const known = new Set(contents.map(({ path }) => path));
  const missing: ContentEntry[] = [];
  for (const { path } of contents) {
    if (!isWithin(path, prefix)) continue;
    for (let parent = posix.dirname(path); isWithin(parent, prefix) && !known.has(parent);) {
      known.add(parent);
      missing.push({ kind: 'directory', path: parent, mode: 0o755, ...rootOwned });
      parent = posix.dirname(parent);
    }
  }
  return missing;
}
