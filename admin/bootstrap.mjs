// What every command of a checkout needs before it can start: Node, the npm packages, the compiled program.
// Plain JavaScript on purpose: it runs before anything is installed. All output goes to stderr, since stdout is data.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const oldestNode = [20, 19];
const missingTool = 3;

class SetUpError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  throw new SetUpError(
    `Coachbuilder needs Node.js ${oldestNode.join('.')} or newer; this is ${process.versions.node} (${process.execPath})`,
    missingTool,
  );
}

function runStep(title, program, args) {
  process.stderr.write(`coachbuilder: ${title}\n`);
  const result = spawnSync(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  if (result.error?.code === 'ENOENT') {
    throw new SetUpError(`${program} is not installed; on Debian: apt-get install npm`, missingTool);
  }
  if (result.status !== 0) {
    throw new SetUpError(`${title}: ${program} failed\n${result.stdout ?? ''}${result.stderr ?? ''}`.trimEnd(), 1);
  }
}

function modifiedAt(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

function modulesAreFresh() {
  // npm writes the hidden lock at the end of an installation.
  return modifiedAt(join(root, 'node_modules/.package-lock.json')) >= modifiedAt(join(root, 'package-lock.json'));
}

/** A digest of what goes into the compiled program: names, sizes and times, as make would compare them. */
function sourceStamp() {
  const hash = createHash('sha256');
  const add = (path) => {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${relative(root, path)}\0${size}\0${mtimeMs}\n`);
  };
  for (const name of ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json']) add(join(root, name));
  const names = readdirSync(join(root, 'src'), { recursive: true }).filter((name) => name.endsWith('.ts'));
  for (const name of names.sort()) add(join(root, 'src', name));
  return hash.digest('hex');
}

function programIsFresh() {
  const stamp = join(root, 'dist/.stamp');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === sourceStamp();
}

function compile() {
  const stamp = sourceStamp();
  const fresh = join(root, `dist.${process.pid}.tmp`);
  try {
    runStep('compiling', process.execPath, [
      join(root, 'node_modules/typescript/bin/tsc'),
      ...['--project', join(root, 'tsconfig.build.json'), '--outDir', fresh],
    ]);
    writeFileSync(join(fresh, '.stamp'), stamp);
    rmSync(join(root, 'dist'), { recursive: true, force: true });
    renameSync(fresh, join(root, 'dist'));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Lets one process at a time set the checkout up; a lock whose owner died is taken over. */
function withLock(action) {
  const lock = join(root, '.set-up.lock');
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw new SetUpError(`${root} cannot be written: ${error.message}`, 1);
      const owner = join(lock, 'pid');
      if (existsSync(owner) && !isRunning(Number(readFileSync(owner, 'utf8'))))
        rmSync(lock, { recursive: true, force: true });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
  try {
    writeFileSync(join(lock, 'pid'), String(process.pid));
    return action();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** Installs the npm packages and compiles the program, where that was not done since the sources changed. */
export function setUp() {
  requireNode();
  if (modulesAreFresh() && programIsFresh()) return;
  withLock(() => {
    if (!modulesAreFresh())
      runStep('installing npm packages', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
    if (!programIsFresh()) compile();
  });
}

/**
 * Runs a command of the compiled program.
 * @returns its exit status
 */
export async function start(command, argv) {
  try {
    setUp();
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    process.stderr.write(`coachbuilder: ${error.message}\n`);
    return error.status;
  }
  const { main } = await import('../dist/cli/main.js');
  return main(command, argv);
}
