import { parseWheelName } from '../python/wheel-name.ts';

/** A file that a resolver offers. */
export interface ResolvedFile {
  readonly fileName: string;
  readonly sha256: string;
}

/** A distribution that a resolver chose, with the files of it that it would accept. */
export interface ResolvedDistribution {
  /** Normalized (PEP 503). */
  readonly name: string;
  readonly version: string;
  readonly wheels: readonly ResolvedFile[];
  readonly sdist: ResolvedFile | undefined;
  /** Of a direct reference; without credentials. */
  readonly url: string | undefined;
}

/** Which sdists a resolver may choose: none, those of any project, or those of some projects (normalized names). */
export type SourcePolicy = 'none' | 'any' | readonly string[];

export type ResolutionAnswer =
  | { readonly kind: 'resolved'; readonly distributions: readonly ResolvedDistribution[] }
  | {
      readonly kind: 'failed';
      /** `build`: the metadata of an sdist could not be had on this machine. */
      readonly reason: 'unsatisfiable' | 'unreachable' | 'offline' | 'build';
      /** What the resolver printed; may hold secrets. */
      readonly output: string;
    };

/** Something that can choose versions for another interpreter and platform. */
export interface Resolver {
  readonly title: string;
  resolve(policy: SourcePolicy): Promise<ResolutionAnswer>;
}

/** The file name at the end of an address or a path. */
export function fileNameOf(address: string): string {
  const path = address.replace(/[?#].*$/, '');
  const name = path.slice(path.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function buildNumber(build: string | undefined): number {
  return build === undefined ? -1 : Number.parseInt(build, 10);
}

/**
 * The wheel that fits a platform best: by its tags and then by the higher build number (PEP 427).
 * @param tags of the platform, best first
 * @returns undefined when none fits
 */
export function bestWheel(wheels: readonly ResolvedFile[], tags: readonly string[]): ResolvedFile | undefined {
  const ranks = new Map(tags.map((tag, index) => [tag, index]));
  let best: { readonly file: ResolvedFile; readonly rank: number; readonly build: number } | undefined;
  for (const file of wheels) {
    const name = parseWheelName(file.fileName);
    const rank = Math.min(...[...name.tags].map((tag) => ranks.get(tag) ?? Infinity));
    const build = buildNumber(name.build);
    if (rank === Infinity) continue;
    if (best === undefined || rank < best.rank || (rank === best.rank && build > best.build))
      best = { file, rank, build };
  }
  return best?.file;
}
