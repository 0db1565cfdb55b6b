import { mkdirSync } from 'node:fs';
import { join, posix } from 'node:path';

import { markersOf } from '../../lock/lock-request.ts';
import type { TargetPlatform } from '../../lock/platform.ts';
import type { ChildEnvironments, CommandRunner } from '../../system/command.ts';
import type { FoundInterpreter } from '../../tree/interpreters.ts';
import type { Tree } from '../../tree/tree.ts';
import type { HealthFinding } from './finding.ts';
import { parseAnswer, type ImportAnswer } from './import-answer-schema.ts';
import { importScript } from './import-script.ts';
import type { InstalledDistribution } from './installed.ts';
import { absentExtras } from './requirements.ts';

export interface ImportRequest {
  readonly tree: Tree;
  readonly installed: readonly InstalledDistribution[];
  /** Absolute path on the target. */
  readonly sitePackages: string;
  readonly platform: TargetPlatform;
  /** Name (PEP 503) of the application. */
  readonly application: string;
  /** Whether the application was published by others, and chosen as it is: a requirement and not a source. */
  readonly published: boolean;
  /** Of the target's minor, and for its architecture unless the tree is the same on all. */
  readonly interpreter: FoundInterpreter;
  /** Absolute; an empty directory of its own, which becomes the home of what is imported. */
  readonly scratch: string;
  readonly commands: CommandRunner;
  readonly environments: Pick<ChildEnvironments, 'base'>;
}

interface Entry {
  readonly id: number;
  readonly name: string;
  readonly module: string;
  readonly attribute: string;
  readonly distribution: InstalledDistribution;
}

/** Milliseconds for a process, and for each entry point that it imports. */
const startTime = 60_000;
const entryTime = 5_000;
/** Entry points that failed beside others and are tried again by themselves: an import may be in the way of another one. */
const secondTries = 10;
/** Extras that a message names. */
const shownExtras = 4;

/** Those that have a program in `bin`; console scripts win over graphical ones of the same name, as there. */
function entriesOf({ tree, installed }: ImportRequest): readonly Entry[] {
  const byName = new Map<string, Omit<Entry, 'id'>>();
  for (const group of ['gui_scripts', 'console_scripts'] as const) {
    for (const distribution of installed) {
      for (const script of distribution.scripts) {
        if (script.group === group) byName.set(script.name, { ...script, distribution });
      }
    }
  }
  const present = new Set(tree.entries.map(({ path }) => path));
  return [...byName.values()]
    .filter(({ name }) => present.has(posix.join(tree.prefix, 'bin', name)))
    .map((entry, id) => ({ ...entry, id }));
}

/** What a process answered; entry points that it never came to are not among the answers. */
async function importAll(
  entries: readonly Entry[],
  request: ImportRequest,
): Promise<ReadonlyMap<number, ImportAnswer>> {
  const { tree, sitePackages, interpreter, scratch, commands, environments } = request;
  const order = {
    root: tree.root,
    prefix: join(tree.root, tree.prefix),
    site: join(tree.root, sitePackages),
    entries: entries.map(({ id, module, attribute }) => ({ id, module, attribute })),
  };
  const temporary = join(scratch, 'tmp');
  mkdirSync(temporary, { recursive: true });
  const { exitCode, stdout, stderr } = await commands.tryRun({
    tool: interpreter.path,
    args: ['-I', '-S', '-B', '-W', 'ignore', '-c', importScript],
    cwd: scratch,
    env: { ...homeless(environments.base), HOME: scratch, TMPDIR: temporary, MPLBACKEND: 'agg' },
    input: JSON.stringify(order),
    timeout: startTime + entryTime * entries.length,
  });
  const answers = new Map<number, ImportAnswer>();
  let begun: number | undefined;
  for (const line of stdout.split('\n')) {
    const answer = parseAnswer(line);
    if (answer === undefined) continue;
    if ('start' in answer) begun = answer.start;
    else answers.set(answer.id, answer);
  }
  if (begun !== undefined && !answers.has(begun)) {
    const last = stderr.trim().split('\n').at(-1) ?? '';
    const message = `the interpreter ended with status ${String(exitCode)}${last === '' ? '' : `: ${last}`}`;
    answers.set(begun, { id: begun, kind: 'crash', exception: '', message, place: null, absent: null });
  }
  return answers;
}

/** No variable of the caller's that a module would look for its settings with. */
function homeless(base: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { PATH = '/usr/bin:/bin', LANG = 'C.UTF-8', LC_ALL = 'C.UTF-8', TZ = 'UTC' } = base;
  return { PATH, LANG, LC_ALL, TZ };
}

/** Goes on behind an entry point that ended the interpreter, until all were tried. */
async function importEach(entries: readonly Entry[], request: ImportRequest): Promise<Map<number, ImportAnswer>> {
  const answers = new Map<number, ImportAnswer>();
  for (let left = entries; left.length > 0;) {
    const more = await importAll(left, request);
    for (const [id, answer] of more) answers.set(id, answer);
    // It did not even begin: nothing would be gained by starting it again.
    if (more.size === 0) break;
    left = left.filter(({ id }) => !answers.has(id));
  }
  return answers;
}

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
function hasModule({ tree, sitePackages }: ImportRequest, module: string): boolean {
  const [top = ''] = module.split('.');
  const start = posix.join(sitePackages, top);
  return tree.entries.some(({ path }) => path === start || path === `${start}.py` || path.startsWith(`${start}.`));
}

/** @param working - directories of the distributions of which an entry point can be imported */
function judge(
  entry: Entry,
  answer: ImportAnswer,
  request: ImportRequest,
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

export interface ImportOutcome {
  readonly findings: readonly HealthFinding[];
  /** How many entry points there are. */
  readonly count: number;
}

/**
 * Imports every entry point of a tree where it lies, with an interpreter of this machine. What is missing among
 * the modules is an error; what may be missing on this machine only is a warning.
 */
export async function importEntryPoints(request: ImportRequest): Promise<ImportOutcome> {
  const entries = entriesOf(request);
  const answers = await importEach(entries, request);
  const failed = entries.filter(({ id }) => answers.get(id)?.kind !== 'ok');
  if (entries.length > 1) {
    for (const entry of failed.slice(0, secondTries)) {
      const again = (await importAll([entry], request)).get(entry.id);
      if (again !== undefined) answers.set(entry.id, again);
    }
  }
  const unanswered = {
    kind: 'crash',
    exception: '',
    message: 'the interpreter did not start',
    place: null,
    absent: null,
  } as const;
  const working = new Set(
    entries.flatMap(({ id, distribution }) => (answers.get(id)?.kind === 'ok' ? [distribution.directory] : [])),
  );
  const failures = entries.flatMap(
    (entry) => judge(entry, answers.get(entry.id) ?? { id: entry.id, ...unanswered }, request, working) ?? [],
  );
  const findings = joinAlike(failures).flatMap((failure) => toFinding(failure, request.tree) ?? []);
  return { findings, count: entries.length };
}
