import { mkdirSync } from 'node:fs';
import { join, posix } from 'node:path';

import type { ChildEnvironments, CommandRunner } from '../../system/command.ts';
import type { FoundInterpreter } from '../../tree/interpreters.ts';
import type { HealthFinding } from './finding.ts';
import { parseAnswer, type ImportAnswer } from './import-answer-schema.ts';
import { judgeImports, type Circumstances, type Entry } from './import-judgement.ts';
import { importScript } from './import-script.ts';

export interface ImportRequest extends Circumstances {
  /** Of the target's minor, and for its architecture unless the tree is the same on all. */
  readonly interpreter: FoundInterpreter;
  /** Absolute; an empty directory of its own, which becomes the home of what is imported. */
  readonly scratch: string;
  readonly commands: CommandRunner;
  readonly environments: Pick<ChildEnvironments, 'base'>;
}

/** Milliseconds for a process, and for each entry point that it imports. */
const startTime = 60_000;
const entryTime = 5_000;
/** Entry points that failed beside others and are tried again by themselves: an import may be in the way of another one. */
const secondTries = 10;

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
  const findings = judgeImports(entries, ({ id }) => answers.get(id) ?? { id, ...unanswered }, request);
  return { findings, count: entries.length };
}
