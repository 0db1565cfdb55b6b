import type { RequirementStep } from './environment.ts';

/** A place in a file that a person wrote or keeps. */
export interface WrittenPlace {
  /** Absolute path. */
  readonly file: string;
  readonly line: number;
  /** What stands there: a key of the manifest, a file name of the lock. */
  readonly what: string;
}

/** Why a distribution (in Python's sense) is in a package. */
export interface DistributionReason {
  readonly name: string;
  readonly version: string;
  /** Absolute path on the target of the RECORD that lists the path. */
  readonly record: string;
  /** From what was asked for down to it; empty when it was asked for itself. */
  readonly requiredBy: readonly RequirementStep[];
  /** The file that the lock pins. */
  readonly lock?: WrittenPlace;
}

/** A library that a file needs, and where it comes from. */
export interface LibraryReason {
  /** SONAME. */
  readonly library: string;
  /** Versions of its symbols. */
  readonly versions: readonly string[];
  /** Absolute path on the target of the package's own; undefined: the system's. */
  readonly path?: string;
}

export interface PathAnswer {
  readonly kind: 'path';
  readonly subject: string;
  readonly package: string;
  readonly is: 'file' | 'directory' | 'symlink';
  /** Of links. */
  readonly target?: string;
  /** Of directories: how many files below are whose; '' stands for what is of no distribution. */
  readonly holds?: readonly { readonly distribution: string; readonly files: number }[];
  readonly distribution?: DistributionReason;
  /** In words, where no distribution has it. */
  readonly reason?: string;
  readonly manifest?: WrittenPlace;
  /** Of programs and libraries. */
  readonly needs: readonly LibraryReason[];
}

/** Files that need a library, with the versions of its symbols. */
export interface LibraryUse {
  readonly library: string;
  readonly files: readonly {
    readonly path: string;
    readonly distribution: string | undefined;
    readonly versions: readonly string[];
  }[];
}

export interface DependencyAnswer {
  readonly kind: 'dependency';
  readonly subject: string;
  readonly package: string;
  /** `Depends: libssl3 (>= 3.0.0)`; none when the files need it and no relation came of it. */
  readonly relations: readonly string[];
  /** In words, for what neither a file nor the manifest asks for. */
  readonly reason?: string;
  readonly libraries: readonly LibraryUse[];
  readonly manifest: readonly WrittenPlace[];
}

export type Answer = PathAnswer | DependencyAnswer;

const shownFiles = 10;

/** Of each family the last one, which is the highest: `GLIBC_2.17` says that all before it are needed, too. */
function highest(versions: readonly string[]): readonly string[] {
  return [...new Map(versions.map((version) => [version.replace(/_\d.*$/, ''), version])).values()];
}

function versionsText(versions: readonly string[]): string {
  return versions.length === 0 ? '' : ` (${versions.join(', ')})`;
}

function placeText({ file, line, what }: WrittenPlace): string {
  return `${file}:${String(line)}: ${what}`;
}

function distributionText({ name, version, record, requiredBy, lock }: DistributionReason): readonly string[] {
  const asked = requiredBy.length === 0 ? [`${name} was asked for itself`] : [];
  return [
    `belongs to ${name} ${version}, whose RECORD lists it (${record})`,
    ...asked,
    ...requiredBy.map(({ by, byVersion, requirement }) => `${by} ${byVersion} requires ${requirement}`),
    ...(lock === undefined ? [] : [`pinned by ${placeText(lock)}`]),
  ];
}

function pathLines(answer: PathAnswer): readonly string[] {
  const { is, target, distribution, reason, manifest, holds, needs } = answer;
  const kind = { file: 'a file', directory: 'a directory', symlink: `a link to ${target ?? ''}` }[is];
  const isMore = (holds?.length ?? 0) > shownFiles;
  return [
    `${kind} of ${answer.package}`,
    ...(distribution === undefined ? [] : distributionText(distribution)),
    ...(reason === undefined ? [] : [reason]),
    ...(manifest === undefined ? [] : [`said by ${placeText(manifest)}`]),
    ...(holds ?? [])
      .slice(0, shownFiles)
      .map(
        ({ distribution: name, files }) =>
          `${String(files)} files below are of ${name === '' ? 'no distribution' : name}`,
      ),
    ...(isMore ? [`and of ${String((holds?.length ?? 0) - shownFiles)} more distributions`] : []),
    ...needs.map(
      ({ library, versions, path }) =>
        `needs ${library}${versionsText(highest(versions))}, ${path === undefined ? "the system's" : `the package's own: ${path}`}`,
    ),
  ];
}

function dependencyLines(answer: DependencyAnswer): readonly string[] {
  const { relations, reason, libraries, manifest } = answer;
  const what =
    relations.length === 0
      ? [`no relation of ${answer.package}`]
      : relations.map((text) => `${text} of ${answer.package}`);
  return [
    ...what,
    ...libraries.flatMap(({ library, files }) => [
      `${library} is needed by`,
      ...files
        .slice(0, shownFiles)
        .map(
          ({ path, distribution, versions }) =>
            `  ${path}${distribution === undefined ? '' : ` of ${distribution}`}${versionsText(highest(versions))}`,
        ),
      ...(files.length > shownFiles ? [`  and ${String(files.length - shownFiles)} more`] : []),
    ]),
    ...manifest.map((place) => `said by ${placeText(place)}`),
    ...(reason === undefined ? [] : [reason]),
  ];
}

/** An answer for people: the question, and below it one reason a line. */
export function answerText(answer: Answer): string {
  const lines = answer.kind === 'path' ? pathLines(answer) : dependencyLines(answer);
  return [answer.subject, ...lines.map((line) => `  ${line}`), ''].join('\n');
}
