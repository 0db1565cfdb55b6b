import { didYouMean } from '../errors/suggest.ts';
import { unreachable } from '../model/unreachable.ts';
import type { DebFacts, Distribution, PackagedPython, RpmFacts } from './distribution.ts';
import { debTag, splitDistributionId } from './release.ts';
import type { WrittenDistribution } from './schema.ts';
import type { DistributionTable } from './table.ts';

/** What is wrong with the manifest's `distributions`, and at which key. */
interface DistributionProblem {
  /** Keys below `distributions`. */
  readonly path: readonly string[];
  readonly message: string;
  readonly hint?: string;
}

export interface DefinedDistributions {
  readonly table: DistributionTable;
  readonly problems: readonly DistributionProblem[];
}

/**
 * The table with a manifest's own distributions added, or laid over those of the same id.
 * Maps are merged key by key, lists are replaced.
 */
export function defineDistributions(
  written: Readonly<Record<string, WrittenDistribution>>,
  table: DistributionTable,
): DefinedDistributions {
  const defined = new Map(table);
  const problems: DistributionProblem[] = [];
  const waiting = new Map(Object.entries(written));
  let progress = true;
  while (waiting.size > 0 && progress) {
    progress = false;
    for (const [id, entry] of waiting) {
      const parent = entry.extends ?? id;
      if (parent !== id && waiting.has(parent)) continue; // it is defined in the manifest as well: that one first
      waiting.delete(id);
      progress = true;
      const base = defined.get(parent);
      if (base === undefined) problems.push(missingBase(id, entry, [...defined.keys()]));
      else {
        problems.push(...foreignFacts(id, entry, base));
        defined.set(id, extendDistribution(id, base, entry));
      }
    }
  }
  for (const id of waiting.keys()) {
    problems.push({ path: [id, 'extends'], message: `distribution ${id} extends itself, by way of others` });
  }
  return { table: defined, problems };
}

function missingBase(id: string, entry: WrittenDistribution, known: readonly string[]): DistributionProblem {
  if (entry.extends === undefined) {
    return {
      path: [id],
      message: `distribution ${id} is not one that Coachbuilder knows, and does not say which one it extends.${didYouMean(id, known)}`,
      hint: 'add "extends" with the id of a distribution that it is like',
    };
  }
  return {
    path: [id, 'extends'],
    message: `distribution ${id} extends "${entry.extends}", which is not known.${didYouMean(entry.extends, known)}`,
  };
}

function foreignFacts(id: string, entry: WrittenDistribution, base: Distribution): DistributionProblem[] {
  const foreign = base.format === 'deb' ? 'rpm' : 'deb';
  if (entry[foreign] === undefined) return [];
  return [
    {
      path: [id, foreign],
      message: `distribution ${id} uses ${base.format} packages: "${foreign}" says nothing about it`,
    },
  ];
}

function extendDistribution(id: string, base: Distribution, written: WrittenDistribution): Distribution {
  const isNew = id !== base.id;
  const named = isNew ? splitDistributionId(id) : undefined;
  const vendor = written.vendor ?? named?.vendor ?? base.vendor;
  const version = written.version ?? named?.version ?? base.version;
  const endOfExtendedLife = written['end-of-extended-life'] ?? base.endOfExtendedLife;
  const common = {
    id,
    vendor,
    version,
    title: written.title ?? (isNew ? id : base.title),
    architectures: written.architectures ?? base.architectures,
    glibc: written.glibc ?? base.glibc,
    abi: withoutUndefined({ ...base.abi, ...written.abi }),
    x86Level: written['x86-64-level'] ?? base.x86Level,
    python: extendPython(base.python, written.python),
    alternativePythons: written['alternative-pythons'] ?? base.alternativePythons,
    lib64: written.lib64 ?? base.lib64,
    init: written.init ?? base.init,
    unitDirectory: written['unit-directory'] ?? base.unitDirectory,
    packageManager: written['package-manager'] ?? base.packageManager,
    image: written.image ?? base.image,
    repositoryDirectory: written['repository-directory'] ?? base.repositoryDirectory,
    keyDirectory: written['key-directory'] ?? base.keyDirectory,
    endOfLife: written['end-of-life'] ?? base.endOfLife,
    ...(endOfExtendedLife === undefined ? {} : { endOfExtendedLife }),
  };
  switch (base.format) {
    case 'deb':
      return {
        ...common,
        format: 'deb',
        tag: written.tag ?? (isNew ? debTag(vendor, version) : base.tag),
        deb: extendDeb(base.deb, written.deb ?? {}),
      };
    case 'rpm': {
      const rpm = extendRpm(base.rpm, written.rpm ?? {});
      return { ...common, format: 'rpm', tag: written.tag ?? rpm.dist, rpm };
    }
    default:
      return unreachable(base);
  }
}

function extendPython(base: PackagedPython, written: WrittenDistribution['python']): PackagedPython {
  const path = written?.path ?? base.path;
  const minor = /(\d+\.\d+)$/.exec(path)?.[1];
  // Another interpreter is of another version; its file name says which, when the manifest does not.
  const version = written?.version ?? (path === base.path ? base.version : (minor ?? base.version));
  return { package: written?.package ?? base.package, version, path };
}

function extendDeb(base: DebFacts, written: NonNullable<WrittenDistribution['deb']>): DebFacts {
  return {
    codename: written.codename ?? base.codename,
    dpkg: written.dpkg ?? base.dpkg,
    compression: written.compression ?? base.compression,
    uniformCompression: written['uniform-compression'] ?? base.uniformCompression,
    sources: written.sources ?? base.sources,
    signedBy: written['signed-by'] ?? base.signedBy,
    armouredKeys: written['armoured-keys'] ?? base.armouredKeys,
    libgcc: written.libgcc ?? base.libgcc,
    libraries: base.libraries,
  };
}

function extendRpm(base: RpmFacts, written: NonNullable<WrittenDistribution['rpm']>): RpmFacts {
  const features = written.features ?? {};
  return {
    rpm: written.rpm ?? base.rpm,
    dist: written.dist ?? base.dist,
    compression: written.compression ?? base.compression,
    payload: written.payload ?? base.payload,
    features: {
      weakDependencies: features['weak-dependencies'] ?? base.features.weakDependencies,
      richDependencies: features['rich-dependencies'] ?? base.features.richDependencies,
      caretVersions: features['caret-versions'] ?? base.features.caretVersions,
      largeFiles: features['large-files'] ?? base.features.largeFiles,
    },
  };
}

function withoutUndefined(abi: {
  readonly [Family in keyof Distribution['abi']]?: string | undefined;
}): Distribution['abi'] {
  return Object.fromEntries(Object.entries(abi).filter(([, version]) => version !== undefined));
}
