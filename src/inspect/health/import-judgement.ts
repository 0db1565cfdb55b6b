import { posix } from 'node:path';

import { markersOf } from '../../lock/lock-request.ts';
import type { TargetPlatform } from '../../lock/platform.ts';
import type { Tree } from '../../tree/tree.ts';
import type { HealthFinding } from './finding.ts';
import type { ImportAnswer } from './import-answer-schema.ts';
import type { InstalledDistribution } from './installed.ts';
import { absentExtras } from './requirements.ts';

/** What a failed import is judged by. */
export interface Circumstances {
  readonly tree: Tree;
  readonly installed: readonly InstalledDistribution[];
  /** Absolute path on the target. */
  readonly sitePackages: string;
  readonly platform: TargetPlatform;
  /** Name (PEP 503) of the application. */
  readonly application: string;
  /** Whether the application was published by others, and chosen as it is: a requirement and not a source. */
  readonly published: boolean;
}

/** A program in `bin` and what it imports. */
export interface Entry {
  readonly id: number;
  readonly name: string;
  readonly module: string;
  readonly attribute: string;
  readonly distribution: InstalledDistribution;
}

/** Extras that a message names. */
const shownExtras = 4;

const meanings: Readonly<Record<Exclude<ImportAnswer['kind'], 'ok'>, string | undefined>> = {
  missing: undefined,
  library: 'a library of the system is missing on this machine, or another version of it is needed',
  platform: "this machine's Python has no such module, or no Linux has",
  crash: 'it cannot be told here whether it works',
  other: 'it cannot be told here whether it works',
};

/** Failures that are told in one sentence: the same of several entry points of a distribution. */
interface Failure {
  readonly entries: readonly Entry[];
  readonly answer: ImportAnswer;
  readonly severity: HealthFinding['severity'];
  readonly meaning: string | undefined;
  readonly hint?: string;
}

const ownExtraHint =
  'ask for the extra in python.extras of the manifest, leave the program out with slim.exclude, or accept it in health.accept';
const leftToUsersHint =
  'leave the program out with slim.exclude, or accept it in health.accept with the reason why nobody needs it';

const leftToUsers =
  'its other programs can be imported, and nothing that it requires is missing: its publisher leaves that module to those who use the program';

/** Whether the tree has anything of the package that a module would be in. */
function hasModule({ tree, sitePackages }: Circumstances, module: string): boolean {
  const [top = ''] = module.split('.');
  const start = posix.join(sitePackages, top);
  return tree.entries.some(({ path }) => path === start || path === `${start}.py` || path.startsWith(`${start}.`));
}

/** @param working - directories of the distributions of which an entry point can be imported */
function judge(
  entry: Entry,
  answer: ImportAnswer,
  request: Circumstances,
  working: ReadonlySet<string>,
): Failure | undefined {
  if (answer.kind === 'ok') return undefined;
  const failure = { entries: [entry], answer } as const;
  const meaning = meanings[answer.kind];
  if (meaning !== undefined) return { ...failure, severity: 'warning', meaning };
  // What an extra brings that nobody asked for is not missing. Nearly every application has extras, though, such as one
  // for its tests: there it has to be the very module that an extra brings.
  const { extras, exact } =
    answer.absent === null
      ? { extras: [], exact: false }
      : absentExtras(entry.distribution, answer.absent, request.installed, markersOf(request.platform));
  const own = entry.distribution.distribution === request.application;
  const theirs = !own || request.published;
  // Such as a program of JupyterLab that is for users of JupyterHub. Who chose a published distribution cannot mend it.
  const foreign = answer.absent !== null && !hasModule(request, answer.absent);
  if (extras.length === 0 || (own && !exact)) {
    return theirs && foreign && working.has(entry.distribution.directory)
      ? { ...failure, severity: 'warning', meaning: leftToUsers, hint: leftToUsersHint }
      : { ...failure, severity: 'error', meaning: undefined };
  }
  const named = extras.length > shownExtras ? [...extras.slice(0, shownExtras), '…'] : extras;
  const optional = `it is probably for one of the extras that are not installed (${named.join(', ')})`;
  return { ...failure, severity: 'warning', meaning: optional, ...(own ? { hint: ownExtraHint } : {}) };
}

/** Warnings are joined; errors stay apart, so that each can be accepted by itself. */
function joinAlike(failures: readonly Failure[]): readonly Failure[] {
  const joined = new Map<string, Failure>();
  for (const failure of failures) {
    const { entries, answer, severity } = failure;
    const [entry] = entries;
    const key =
      severity === 'error'
        ? `error ${String(answer.id)}`
        : JSON.stringify([entry?.distribution.directory, answer.exception, answer.message]);
    const earlier = joined.get(key);
    joined.set(key, earlier === undefined ? failure : { ...earlier, entries: [...earlier.entries, ...entries] });
  }
  return [...joined.values()];
}

function toFinding({ entries, answer, severity, meaning, hint }: Failure, tree: Tree): HealthFinding | undefined {
  const [entry] = entries;
  if (entry === undefined) return undefined;
  const { metadata } = entry.distribution;
  const what = [answer.exception, answer.message].filter((word) => word !== '').join(': ');
  const where = answer.place === null ? '' : ` (${answer.place})`;
  const who =
    entries.length === 1
      ? `the entry point ${entry.name} = ${entry.module}:${entry.attribute}`
      : `the entry points ${entries.map(({ name }) => name).join(', ')}`;
  return {
    check: 'imports',
    severity,
    path: posix.join(tree.prefix, 'bin', entry.name),
    message: `${who} of ${metadata.name} ${metadata.version} cannot be imported: ${what}${where}${meaning === undefined ? '' : `; ${meaning}`}`,
    ...(severity === 'error'
      ? { hint: 'add what is missing to the dependencies, or accept it with a reason in health.accept of the manifest' }
      : hint === undefined
        ? {}
        : { hint }),
  };
}

/**
 * What is told of entry points that cannot be imported: what is missing among the modules is an error, what may be
 * missing on this machine only is a warning.
 * @param answerOf what came of an entry point
 */
export function judgeImports(
  entries: readonly Entry[],
  answerOf: (entry: Entry) => ImportAnswer,
  circumstances: Circumstances,
): readonly HealthFinding[] {
  const working = new Set(
    entries.flatMap((entry) => (answerOf(entry).kind === 'ok' ? [entry.distribution.directory] : [])),
  );
  const failures = entries.flatMap((entry) => judge(entry, answerOf(entry), circumstances, working) ?? []);
  return joinAlike(failures).flatMap((failure) => toFinding(failure, circumstances.tree) ?? []);
}
