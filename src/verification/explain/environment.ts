import { posix } from 'node:path';

import { readElf } from '../../inspect/elf.ts';
import type { LoadedObject } from '../../inspect/loader.ts';
import { applying } from '../../lock/lock-request.ts';
import { findArchitecture } from '../../model/architecture.ts';
import { parseCoreMetadata, type CoreMetadata } from '../../python/core-metadata.ts';
import { markerEnvironment, type MarkerEnvironment } from '../../python/environment.ts';
import { normalizeName } from '../../python/name.ts';
import { parseRecord } from '../../python/record.ts';
import { formatRequirement, parseRequirement } from '../../python/requirement.ts';
import { dependencyGraph } from '../../sbom/dependencies.ts';
import type { FinishedContent } from './package-content.ts';

/** A distribution (in Python's sense) that a package holds. */
export interface HeldDistribution {
  /** Normalized (PEP 503). */
  readonly name: string;
  readonly metadata: CoreMetadata;
  /** Absolute path on the target of its RECORD. */
  readonly record: string;
  /** Whether it was asked for itself (PEP 376, `REQUESTED`). */
  readonly requested: boolean;
}

/** One step of why a distribution is in a package. */
export interface RequirementStep {
  readonly by: string;
  readonly byVersion: string;
  /** `Requires-Dist`, as METADATA has it. */
  readonly requirement: string;
}

/** The virtual environment in a package. */
export interface HeldEnvironment {
  /** Absolute path on the target. */
  readonly prefix: string;
  /** `3.11`. */
  readonly minor: string;
  /** What `pyvenv.cfg` says is the interpreter's directory. */
  readonly home: string | undefined;
  /** By normalized name. */
  readonly distributions: ReadonlyMap<string, HeldDistribution>;
  /** Which distribution lists a path in its RECORD. */
  readonly owners: ReadonlyMap<string, HeldDistribution>;
  /** What the dynamic linker may load. */
  readonly objects: readonly LoadedObject[];
}

/** Candidates for ELF files by what can be told without their bytes. */
function mayBeElf(path: string, mode: number): boolean {
  return /\.so(?:\.|$)/.test(posix.basename(path)) || (mode & 0o111) !== 0;
}

const infoFile = /\/site-packages\/[^/]+\.dist-info\/(?:METADATA|RECORD)$/;

/** What is installed in the package; undefined when it holds no virtual environment. */
export async function readEnvironment(content: FinishedContent): Promise<HeldEnvironment | undefined> {
  const entries = [...content.entries.values()];
  const configuration = entries.find(({ path }) => posix.basename(path) === 'pyvenv.cfg')?.path;
  if (configuration === undefined) return undefined;
  const files = entries.filter(({ kind }) => kind === 'file');
  const wanted = files.filter(({ path, mode }) => infoFile.test(path) || mayBeElf(path, mode)).map(({ path }) => path);
  const bytes = await content.read([configuration, ...wanted]);
  const textAt = (path: string): string | undefined => bytes.get(path)?.toString('utf8');

  const distributions = new Map<string, HeldDistribution>();
  const owners = new Map<string, HeldDistribution>();
  for (const record of wanted.filter((path) => path.endsWith('/RECORD'))) {
    const directory = posix.dirname(record);
    const text = textAt(`${directory}/METADATA`);
    if (text === undefined) continue;
    const metadata = parseCoreMetadata(text);
    const requested = content.entries.has(`${directory}/REQUESTED`);
    const held = { name: normalizeName(metadata.name), metadata, record, requested };
    distributions.set(held.name, held);
    for (const { path } of parseRecord(textAt(record) ?? ''))
      owners.set(posix.resolve(posix.dirname(directory), path), held);
  }
  const objects = wanted.flatMap((path): readonly LoadedObject[] => {
    const elf = readElf(bytes.get(path) ?? Buffer.alloc(0));
    return elf === undefined ? [] : [{ path, elf }];
  });
  const home = /^home\s*=\s*(.*)$/m.exec(textAt(configuration) ?? '')?.[1]?.trim();
  const minor = wanted.map((path) => /\/lib\/python(\d+\.\d+)\/site-packages\//.exec(path)?.[1]).find(Boolean) ?? '3';
  return { prefix: posix.dirname(configuration), minor, home, distributions, owners, objects };
}

/** The distribution that a path belongs to: as its RECORD lists it or, for bytecode, the module that it was made of. */
export function ownerOf(path: string, { owners }: Pick<HeldEnvironment, 'owners'>): HeldDistribution | undefined {
  const module = /^(?<directory>.*)\/__pycache__\/(?<name>[^/]+)\.cpython-\d+(?:\.opt-\d)?\.pyc$/.exec(path)?.groups;
  const source = module === undefined ? undefined : `${module['directory'] ?? ''}/${module['name'] ?? ''}.py`;
  return owners.get(path) ?? (source === undefined ? undefined : owners.get(source));
}

/** The requirement of one distribution that is for another, as METADATA has it: of several the one that holds here. */
function requirementFor(by: HeldDistribution, name: string, markers: MarkerEnvironment): string {
  const parsed = by.metadata.requiresDist.map(parseRequirement);
  const those = parsed.filter((requirement) => normalizeName(requirement.name) === name);
  // Which extras were asked for on the way does not matter: a requirement that is for one is shown with its marker.
  const [found = those[0]] = applying(those, by.metadata.providesExtra, markers);
  return found === undefined ? name : formatRequirement(found);
}

/** The shortest way from what was asked for to a distribution; empty when it was asked for itself. */
export function whyHeld(
  wanted: HeldDistribution,
  held: HeldEnvironment,
  architecture: string,
): readonly RequirementStep[] {
  const metadata = new Map([...held.distributions].map(([name, each]) => [name, each.metadata]));
  const requested = [...held.distributions.values()].filter((each) => each.requested).map(({ name }) => name);
  const markers = markerEnvironment({
    pythonVersion: held.minor,
    architecture: findArchitecture(architecture) ?? 'x86_64',
  });
  const { edges, roots } = dependencyGraph({
    distributions: metadata,
    application: requested[0] ?? '',
    extras: [],
    requirements: [],
    markers,
  });
  const cameFrom = new Map<string, string | undefined>(
    [...requested, ...roots.filter((name) => !requested.includes(name))].map((name) => [name, undefined]),
  );
  for (const name of cameFrom.keys()) {
    for (const other of edges.get(name) ?? []) if (!cameFrom.has(other)) cameFrom.set(other, name);
  }
  const steps: RequirementStep[] = [];
  for (let name = wanted.name, by = cameFrom.get(name); by !== undefined; name = by, by = cameFrom.get(name)) {
    const distribution = held.distributions.get(by);
    if (distribution === undefined) break;
    steps.unshift({
      by,
      byVersion: distribution.metadata.version,
      requirement: requirementFor(distribution, name, markers),
    });
  }
  return steps;
}
