import { chmodSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { formatRecord, parseRecord, type RecordEntry } from '../python/record.ts';
import { isErrno, mapConcurrently, writeFailure } from '../system/files.ts';
import { sortByBytes } from './byte-order.ts';
import { measure, type ContentFacts } from './content-meter.ts';
import { isInstalledRecord } from './installed-record.ts';
import type { FoundInterpreter, InterpreterSearch } from './interpreters.ts';
import type { Tree, TreeEntry, TreeFile } from './tree.ts';

/** `auto`: at build time when that is possible, otherwise at install time. */
export type BytecodeSetting = 'auto' | 'build' | 'install' | 'none';

/** Bytecode that no date invalidates exists since Python 3.7 (PEP 552). */
const oldestMinor = 7;

/** Whether bytecode for this interpreter can be compiled ahead; asks for a look at this machine's interpreters only then. */
export function canCompileAhead(minor: string): boolean {
  const [major, number] = minor.split('.').map(Number);
  return major === 3 && number !== undefined && number >= oldestMinor;
}

/**
 * Decides when bytecode is made.
 * @param setting the manifest's
 * @param target `minor`: of the target's interpreter; `interpreter`: one of the same minor on this machine
 * @throws CoachbuilderError `tool-missing` when the manifest demands compiling at build time and no interpreter can;
 * `unsupported-by-target` when the target's Python has no bytecode that survives packaging
 */
export function chooseBytecode(
  setting: BytecodeSetting,
  target: { readonly minor: string; readonly interpreter: FoundInterpreter | undefined },
): Tree['bytecode'] {
  const { minor, interpreter } = target;
  switch (setting) {
    case 'none':
      return 'none';
    case 'install':
      return 'at-install';
    case 'auto':
      return canCompileAhead(minor) && interpreter !== undefined ? 'shipped' : 'at-install';
    case 'build':
      if (!canCompileAhead(minor)) {
        throw new CoachbuilderError(
          'unsupported-by-target',
          `the bytecode of Python ${minor} holds the date of its source and cannot be compiled at build time`,
          { hint: 'set python.bytecode to install, or to auto' },
        );
      }
      if (interpreter === undefined) {
        throw new CoachbuilderError('tool-missing', `no CPython ${minor} was found to compile bytecode with`, {
          hint: `install python${minor} on this machine, for example with uv or pyenv, or set python.bytecode to install`,
        });
      }
      return 'shipped';
  }
}

/**
 * A constant, not the number of processors: in Python 3.7 to 3.10 the bytes depend on what the same process compiled before
 * (marshal marks strings that are referenced twice), so the division of the work has to be the same everywhere.
 */
const processes = 2;

/**
 * Reads `[[source, bytecode, name that tracebacks show], …]` and compiles them in that order. compileall is not used: how it
 * divides work among processes is up to chance, and in 3.7 and 3.8 it cannot tell staged names from final ones for nested packages.
 * What does not compile (templates, tests of syntax errors) is left out, as pip and compileall -q do.
 */
const compiler = [
  'import sys',
  'sys.path = [path for path in sys.path if path]',
  'import json, py_compile, warnings',
  'warnings.simplefilter("ignore")',
  'for source, compiled, name in json.load(sys.stdin):',
  '    try:',
  '        py_compile.compile(source, compiled, name, doraise=True,',
  '                           invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)',
  '    except OSError:',
  '        raise',
  '    except Exception:',
  '        pass',
].join('\n');

interface Unit {
  readonly source: TreeFile;
  /** Absolute path of the bytecode on the target. */
  readonly compiled: string;
}

export interface BytecodeRequest extends InterpreterSearch {
  /** Of the target's minor. */
  readonly interpreter: FoundInterpreter;
  /** SOURCE_DATE_EPOCH, in seconds. */
  readonly epoch: number;
  /** Further directories of modules, absolute on the target: the standard library of a bundled interpreter. */
  readonly libraries?: readonly string[];
}

/**
 * Compiles every module of a tree into bytecode that is valid whatever the dates of the files are (PEP 552, unchecked hash), with the
 * paths of the target inside. RECORD lists it, with its hash. The same tree and interpreter give the same bytes.
 * @returns the tree with the bytecode; the one given describes the staging root no more
 * @throws CoachbuilderError `command-failed` when the interpreter fails, `disk-full`, `output-unwritable`
 */
export async function compileBytecode(tree: Tree, request: BytecodeRequest): Promise<Tree> {
  const { interpreter, epoch } = request;
  const sitePackages = posix.join(tree.prefix, `lib/python${interpreter.minor}/site-packages`);
  const units = unitsOf(
    tree,
    [sitePackages, ...(request.libraries ?? [])],
    `cpython-${interpreter.minor.replace('.', '')}`,
  );
  const shares = Array.from({ length: processes }, (_, share) =>
    units.filter((_unit, index) => index % processes === share),
  );
  await mapConcurrently(shares, processes, (share) => compileShare(tree.root, share, request));

  const entries = new Map(tree.entries.map((entry) => [entry.path, entry]));
  const made: TreeFile[] = [];
  for (const { source, compiled } of units) {
    const facts = settle(join(tree.root, compiled), epoch);
    if (facts === undefined) continue;
    made.push({ kind: 'file', path: compiled, mode: 0o644, ...facts, distribution: source.distribution });
  }
  const touched = new Set<string>();
  for (const file of made) {
    entries.set(file.path, file);
    const cache = posix.dirname(file.path);
    entries.set(cache, { kind: 'directory', path: cache, mode: 0o755 });
    touched.add(cache).add(posix.dirname(cache));
  }
  for (const record of updateRecords(tree, { made, sitePackages, epoch })) entries.set(record.path, record);
  for (const path of touched) {
    if (path.endsWith('/__pycache__')) chmodSync(join(tree.root, path), 0o755);
    utimesSync(join(tree.root, path), epoch, epoch);
  }
  const sorted = sortByBytes(entries.values(), ({ path }) => path);
  return { ...tree, entries: sorted, bytecode: 'shipped', compiler: interpreter.version };
}

/** Where the interpreter looks for bytecode: PEP 3147. */
function unitsOf(tree: Tree, directories: readonly string[], tag: string): readonly Unit[] {
  return tree.entries
    .filter((entry): entry is TreeFile => isModule(entry))
    .filter(({ path }) => directories.some((directory) => path.startsWith(`${directory}/`)))
    .map((source) => {
      const { dir, name } = posix.parse(source.path);
      return { source, compiled: posix.join(dir, '__pycache__', `${name}.${tag}.pyc`) };
    });
}

function isModule(entry: TreeEntry): boolean {
  return entry.kind === 'file' && entry.path.endsWith('.py');
}

async function compileShare(root: string, share: readonly Unit[], request: BytecodeRequest): Promise<void> {
  if (share.length === 0) return;
  const { commands, environments, interpreter } = request;
  const jobs = share.map(({ source, compiled }) => [join(root, source.path), join(root, compiled), source.path]);
  await commands.run({
    tool: interpreter.path,
    // Neither -I nor -E: they would ignore PYTHONHASHSEED, and the order of a frozenset decides some bytes before 3.11.
    args: ['-s', '-S', '-B', '-W', 'ignore', '-c', compiler],
    cwd: root,
    env: { ...environments.base, PYTHONHASHSEED: '0' },
    input: JSON.stringify(jobs),
  });
}

/** Gives a file that the interpreter wrote its final mode and date. @returns undefined when the source did not compile */
function settle(path: string, epoch: number): ContentFacts | undefined {
  try {
    const facts = measure(readFileSync(path));
    chmodSync(path, 0o644);
    utimesSync(path, epoch, epoch);
    return facts;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

interface RecordUpdate {
  readonly made: readonly TreeFile[];
  readonly sitePackages: string;
  readonly epoch: number;
}

function updateRecords(tree: Tree, { made, sitePackages, epoch }: RecordUpdate): readonly TreeFile[] {
  const byDistribution = new Map<string | undefined, TreeFile[]>();
  for (const file of made) {
    const files = byDistribution.get(file.distribution);
    if (files === undefined) byDistribution.set(file.distribution, [file]);
    else files.push(file);
  }
  const updated: TreeFile[] = [];
  for (const entry of tree.entries) {
    if (entry.kind !== 'file' || !isInstalledRecord(entry.path, sitePackages)) continue;
    const files = byDistribution.get(entry.distribution) ?? [];
    if (files.length === 0) continue;
    const path = join(tree.root, entry.path);
    const lines = new Map<string, RecordEntry>();
    for (const line of parseRecord(readFileSync(path, 'utf8'))) lines.set(line.path, line);
    for (const file of files) {
      const relative = posix.relative(sitePackages, file.path);
      const hash = `sha256=${Buffer.from(file.sha256, 'hex').toString('base64url')}`;
      lines.set(relative, { path: relative, hash, size: file.size });
    }
    const text = Buffer.from(formatRecord(sortByBytes(lines.values(), (line) => line.path)));
    try {
      writeFileSync(path, text);
      utimesSync(path, epoch, epoch);
    } catch (error) {
      throw writeFailure(error, path);
    }
    updated.push({ ...entry, ...measure(text) });
  }
  return updated;
}
