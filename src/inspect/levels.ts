import type { Distribution, X86Level } from '../distributions/distribution.ts';
import { glibcVersionOf, isOfGlibc } from '../distributions/glibc.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { Architecture } from '../model/architecture.ts';
import { compareDotted } from '../model/dotted.ts';
import type { SystemNeeds, Tree } from '../tree/tree.ts';
import type { LoadedObject } from './loader.ts';

/** How many further files an error names. */
const shownFiles = 20;

/** Families of versions that our table of distributions knows the highest of, by the library that exports them. */
const families = {
  'libstdc++.so.6': ['GLIBCXX', 'CXXABI'],
  'libgcc_s.so.1': ['GCC'],
  'libz.so.1': ['ZLIB'],
} as const satisfies Readonly<Record<string, readonly (keyof Distribution['abi'])[]>>;

interface Limit {
  /** `glibc`, `GLIBCXX`. */
  readonly what: string;
  /** Of the symbols. */
  readonly needed: string;
  /** The target's. */
  readonly highest: string;
}

/** What a version of symbols is measured by; undefined where the table says nothing about it. */
function limitOf(library: string, symbol: string, { glibc, abi }: Distribution): Limit | undefined {
  const needed = isOfGlibc(library) ? glibcVersionOf(symbol) : undefined;
  if (needed !== undefined) return { what: 'glibc', needed, highest: glibc };
  const match = /^(?<family>[A-Z]+)_(?<version>\d+(?:\.\d+)+)$/.exec(symbol)?.groups;
  const known: readonly (keyof Distribution['abi'])[] =
    Object.entries(families).find(([name]) => name === library)?.[1] ?? [];
  const family = known.find((each) => each === match?.['family']);
  const highest = family === undefined ? undefined : abi[family];
  if (family === undefined || highest === undefined) return undefined;
  return { what: family, needed: match?.['version'] ?? '', highest };
}

interface Excess extends Limit {
  readonly library: string;
  readonly symbol: string;
  readonly path: string;
}

function ownerOf(tree: Tree, path: string): string | undefined {
  const entry = tree.entries.find((candidate) => candidate.path === path);
  return entry?.kind === 'file' ? entry.distribution : undefined;
}

/** Of every file but one the worst need, in words. */
function otherFiles(found: readonly Excess[], named: string): readonly string[] {
  const worst = new Map<string, string>();
  for (const { path, symbol } of found)
    if (path !== named && !worst.has(path)) worst.set(path, `${path} needs ${symbol}`);
  return [...worst.values()].slice(0, shownFiles);
}

/**
 * Refuses a tree whose programs and libraries need newer symbols than the libraries of a distribution export. What a
 * wheel's tag promises is not relied on: tags lie.
 * @throws CoachbuilderError `unsupported-by-target` naming the file, the symbol and both versions
 */
export function refuseNewerSymbols(tree: Tree, needs: SystemNeeds, distribution: Distribution): void {
  const found = needs.libraries.flatMap(({ library, versions }) =>
    versions.flatMap(({ version: symbol, files }): readonly Excess[] => {
      const limit = limitOf(library, symbol, distribution);
      if (limit === undefined || compareDotted(limit.needed, limit.highest) <= 0) return [];
      return files.map((path) => ({ ...limit, library, symbol, path }));
    }),
  );
  // The C library says most about where a file was built; of one family the highest version does.
  const rank = ({ what }: Excess): number => (what === 'glibc' ? 0 : 1);
  found.sort((a, b) => rank(a) - rank(b) || compareDotted(b.needed, a.needed));
  const [worst] = found;
  if (worst === undefined) return;
  const { path, symbol, library, what, highest } = worst;
  const owner = ownerOf(tree, path);
  const has = `${what} ${highest}`;
  throw new CoachbuilderError(
    'unsupported-by-target',
    `${path}${owner === undefined ? '' : ` of ${owner}`} needs ${symbol} of ${library}, and ${distribution.title} has ${has}`,
    {
      hint:
        owner === undefined
          ? `bundle an interpreter that was built for an older ${what}, such as one of python-build-standalone`
          : `choose a version of ${owner} whose wheel was built for ${has} or older`,
      details: otherFiles(found, path),
    },
  );
}

function levelName(level: X86Level): string {
  return level === 1 ? 'x86-64' : `x86-64-v${String(level)}`;
}

/**
 * Refuses a tree with a file that says of itself that it runs only on newer processors than a distribution does.
 * @throws CoachbuilderError `unsupported-by-target` naming the file and both levels
 */
export function refuseNewerProcessors(
  tree: Tree,
  objects: readonly LoadedObject[],
  { distribution, architecture }: { readonly distribution: Distribution; readonly architecture: Architecture },
): void {
  if (architecture !== 'x86_64') return;
  const { x86Level } = distribution;
  const found = objects
    .flatMap(({ path, elf }) => ((elf.x86Level ?? 1) > x86Level ? [{ path, level: elf.x86Level ?? 1 }] : []))
    .sort((a, b) => b.level - a.level);
  const [worst, ...others] = found;
  if (worst === undefined) return;
  const owner = ownerOf(tree, worst.path);
  throw new CoachbuilderError(
    'unsupported-by-target',
    `${worst.path}${owner === undefined ? '' : ` of ${owner}`} needs a processor of the level ${levelName(worst.level)}, and ` +
      `${distribution.title} runs on those of ${levelName(x86Level)}`,
    {
      hint: 'compile it for the level of the target, without -march=native, or choose a wheel that was',
      details: others.slice(0, shownFiles).map(({ path, level }) => `${path} needs ${levelName(level)}`),
    },
  );
}
