import { posix } from 'node:path';

import type { Distribution } from '../../distributions/distribution.ts';
import { privateLibraries, resolveLibrary, type LoadedObject, type PrivateLibraries } from '../../inspect/loader.ts';
import { needsOf } from '../../inspect/system-needs.ts';
import type { LibrarySettings } from '../../manifest/manifest.ts';
import { findArchitecture } from '../../model/architecture.ts';
import { compareDotted } from '../../model/dotted.ts';
import { libraryRelations } from '../../packages/library-relations.ts';
import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import type { NeededLibrary } from '../../tree/tree.ts';
import type { Answer, DependencyAnswer, DistributionReason, LibraryReason, LibraryUse, PathAnswer } from './answer.ts';
import { ownerOf, whyHeld, type HeldDistribution, type HeldEnvironment } from './environment.ts';
import type { FinishedContent, FinishedRelation } from './package-content.ts';
import { systemFileAt } from './system-files.ts';
import type { LockPlaces, ManifestPlaces } from './written.ts';

/** All that a package can be explained from. */
export interface Sources {
  readonly content: FinishedContent;
  /** Undefined: the package holds no virtual environment. */
  readonly held: HeldEnvironment | undefined;
  /** What the package may be for, and what the manifest says about libraries there. */
  readonly targets: readonly {
    readonly distribution: Distribution;
    readonly libraries: Readonly<Record<string, LibrarySettings>>;
  }[];
  readonly manifest: ManifestPlaces | undefined;
  readonly lock: LockPlaces | undefined;
}

function title({ content }: Sources): string {
  return `${content.name} ${content.version}`;
}

function reasonOf(held: HeldDistribution, environment: HeldEnvironment, sources: Sources): DistributionReason {
  const { version } = held.metadata;
  const lock = sources.lock?.pin(held.name, version, environment.minor);
  return {
    name: held.name,
    version,
    record: held.record,
    requiredBy: whyHeld(held, environment, sources.content.architecture),
    ...(lock === undefined ? {} : { lock }),
  };
}

function libraryReasons(object: LoadedObject, own: PrivateLibraries): readonly LibraryReason[] {
  return object.elf.needed.map((library) => {
    const found = resolveLibrary(library, object, own);
    const versions = object.elf.versionNeeds.filter((need) => need.library === library).map(({ version }) => version);
    return { library, versions, ...(found.kind === 'private' ? { path: found.path } : {}) };
  });
}

function pathsOf({ content }: Sources): readonly string[] {
  return [...content.entries.values()].filter(({ kind }) => kind !== 'directory').map(({ path }) => path);
}

function counted(path: string, sources: Sources): PathAnswer['holds'] {
  const counts = new Map<string, number>();
  for (const each of pathsOf(sources)) {
    if (!each.startsWith(`${path}/`)) continue;
    const name = sources.held === undefined ? '' : (ownerOf(each, sources.held)?.name ?? '');
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .map(([distribution, files]) => ({ distribution, files }))
    .sort((a, b) => b.files - a.files || (a.distribution < b.distribution ? -1 : 1));
}

/** Why something is at a path that is of no distribution and not in the manifest. */
function otherReason(path: string, { held, manifest }: Sources): string {
  if (held === undefined || !`${path}/`.startsWith(`${held.prefix}/`)) {
    const known = systemFileAt(path)?.reason;
    if (known !== undefined) return known;
    if (manifest === undefined) return 'the manifest asks for it; name the manifest with --manifest to be told where';
    return 'neither a distribution of the application nor a manifest that was read has it: Coachbuilder added it';
  }
  if (`${path}/`.startsWith(`${held.prefix}/python/`)) return 'belongs to the interpreter that the package brings';
  return 'belongs to the virtual environment itself';
}

function explainPath(path: string, sources: Sources): PathAnswer | undefined {
  const { content, held, manifest } = sources;
  const entry = content.entries.get(path);
  if (entry === undefined) return undefined;
  const object = held?.objects.find((each) => each.path === path);
  const common = {
    kind: 'path',
    subject: path,
    package: title(sources),
    is: entry.kind,
    ...(entry.target === undefined ? {} : { target: entry.target }),
    needs: object === undefined ? [] : libraryReasons(object, privateLibraries(pathsOf(sources), held?.objects ?? [])),
  } as const;
  const owner = held === undefined ? undefined : ownerOf(path, held);
  if (owner !== undefined && held !== undefined) return { ...common, distribution: reasonOf(owner, held, sources) };
  const holds = entry.kind === 'directory' ? counted(path, sources) : undefined;
  const isHeld = holds?.some(({ distribution }) => distribution !== '') === true && path !== held?.prefix;
  const said = manifest?.path(path);
  return {
    ...common,
    ...(holds === undefined || holds.length === 0 ? {} : { holds }),
    ...(said === undefined ? (isHeld ? {} : { reason: otherReason(path, sources) }) : { manifest: said }),
  };
}

/** `GLIBC_2.4` before `GLIBC_2.17`. */
function compareSymbols(left: string, right: string): number {
  const split = (symbol: string): [family: string, version: string] => {
    const at = symbol.search(/_\d/);
    return at === -1 ? [symbol, '0'] : [symbol.slice(0, at), symbol.slice(at + 1).replaceAll('_', '.')];
  };
  const [[a, first], [b, second]] = [split(left), split(right)];
  return a === b ? compareDotted(first, second) : a < b ? -1 : 1;
}

/** What the files of the package need from the system. */
function neededLibraries(sources: Sources): readonly NeededLibrary[] {
  const { held } = sources;
  return held === undefined ? [] : needsOf(held.objects, pathsOf(sources)).libraries;
}

/** The names of the relations that a library came to. */
function relationsFor(needed: NeededLibrary, { content, targets }: Sources): readonly string[] {
  const architecture = findArchitecture(content.architecture);
  if (architecture === undefined) return [];
  return targets.flatMap(({ distribution, libraries }) => {
    try {
      const question = { distribution, architecture, manifest: { libraries } };
      const { depends, recommends } = libraryRelations(question, { libraries: [needed], gnuHash: false });
      return [...depends, ...recommends].map(({ name }) => name);
    } catch (error) {
      // What has no package now had one when the package was built, or was said by another manifest.
      if (error instanceof CoachbuilderError && error.code === 'unsupported-by-target') return [];
      throw error;
    }
  });
}

function useOf({ library, files, versions }: NeededLibrary, { held }: Sources): LibraryUse {
  return {
    library,
    files: files.map((path) => ({
      path,
      distribution: held === undefined ? undefined : ownerOf(path, held)?.name,
      versions: versions
        .filter((each) => each.files.includes(path))
        .map(({ version }) => version)
        .sort(compareSymbols),
    })),
  };
}

function matches({ names, text }: FinishedRelation, subject: string): boolean {
  return text === subject || names.some((name) => name === subject || name.startsWith(`${subject}(`));
}

/** Relations that follow from what the package is, by their names. */
function builtInReason(names: readonly string[], { held, content }: Sources): string | undefined {
  const isOne = (pattern: RegExp): boolean => names.some((name) => pattern.test(name));
  const has = (directory: string): boolean => [...content.entries.keys()].some((path) => path.startsWith(directory));
  if (isOne(/^rpmlib\(/)) return 'rpm asks this of the rpm that installs the package: a feature that its file uses';
  if (isOne(/^rtld\(GNU_HASH\)$/)) return 'programs or libraries of the package find symbols with DT_GNU_HASH alone';
  if (isOne(/^(?:passwd|shadow|shadow-utils)$/) && has('/usr/lib/sysusers.d/'))
    return 'the scripts of the package make users or groups with its tools';
  if (isOne(/^logrotate$/) && has('/etc/logrotate.d/')) return 'it rotates the logs that a file of the package names';
  if (isOne(/^\/bin\/sh$|^\/usr\/bin\/find$/)) return 'the scripts of the package run it';
  const isPython = isOne(/^python\d[\d.]*$|^python\(abi\)$|^\/.*\/python\d+\.\d+$|^python3-distutils$|^rh-python/);
  if (held !== undefined && isPython) {
    const link = content.entries.get(posix.join(held.prefix, 'bin/python'))?.target;
    return `the interpreter of the virtual environment: ${held.prefix}/pyvenv.cfg has home = ${held.home ?? ''}${link === undefined ? '' : `, bin/python leads to ${link}`}`;
  }
  return undefined;
}

function explainDependency(subject: string, sources: Sources): DependencyAnswer | undefined {
  const { content, manifest } = sources;
  const relations = content.relations.filter((each) => matches(each, subject));
  const names = new Set(relations.flatMap((each) => each.names));
  const needed = neededLibraries(sources).filter(
    (each) => each.library === subject || relationsFor(each, sources).some((name) => names.has(name)),
  );
  if (relations.length === 0 && needed.length === 0) return undefined;
  // A version of symbols is asked for by the files that need this one.
  const exact =
    relations.length === 1 ? /\((?<version>[^()]+)\)(?:\(64bit\))?$/.exec(subject)?.groups?.['version'] : undefined;
  const uses = needed.map((each) => useOf(each, sources));
  const libraries = uses.map((use) =>
    exact === undefined ? use : { ...use, files: use.files.filter(({ versions }) => versions.includes(exact)) },
  );
  const said = [
    ...(manifest?.relation(new Set([...names, subject])) ?? []),
    ...needed.flatMap(({ library }) => manifest?.library(library) ?? []),
  ];
  const builtIn = builtInReason([...names], sources);
  const isExact = relations.some(({ text }) => text.includes('= ')) && needed.length === 0;
  const unknown = isExact
    ? 'a package of the same build, or what the manifest asks for; name the manifest with --manifest to be told where'
    : 'no file of the package needs it: the manifest asks for it; name the manifest with --manifest to be told where';
  const reason = builtIn ?? (needed.length === 0 && said.length === 0 ? unknown : undefined);
  return {
    kind: 'dependency',
    subject,
    package: title(sources),
    relations: [...new Set(relations.map(({ field, text }) => `${field}: ${text}`))],
    libraries,
    manifest: said,
    ...(reason === undefined ? {} : { reason }),
  };
}

/**
 * Says why something is in a package: a path of it, one of its relations, or a library that its files need.
 * @param subject an absolute path on the target, the name of a package or capability, or a SONAME
 * @returns undefined when the package has nothing of the kind
 */
export function explain(subject: string, sources: Sources): Answer | undefined {
  const path = subject.length > 1 ? subject.replace(/\/+$/, '') : subject;
  return explainPath(path, sources) ?? explainDependency(subject, sources);
}
