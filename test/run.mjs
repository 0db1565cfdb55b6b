// Runs a suite of tests on a clean clone: sets the checkout up, installs the system tools that the suite uses, runs
// the steps, and closes with one plain line: `N passed, N failed, N skipped`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { setUp } from '../admin/bootstrap.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

// Debian has venv in a package of its own, which brings ensurepip.
const pythonTools = { python3: 'python3', pip3: 'python3-pip', 'python3:ensurepip': 'python3-venv' };
const formatTools = { rpmbuild: 'rpm', file: 'file', 'dpkg-deb': 'dpkg', 'dpkg-buildpackage': 'dpkg-dev' };
const linters = { lintian: 'lintian', rpmlint: 'rpmlint' };
const repositoryTools = {
  gpg: 'gnupg',
  gpgv: 'gpgv',
  createrepo_c: 'createrepo-c',
  'apt-ftparchive': 'apt-utils',
  dnf: 'dnf',
  xmllint: 'libxml2-utils',
  xz: 'xz-utils',
};
// All that a suite may want is installed before it starts: its files run side by side, and apt-get runs alone.
const suites = {
  unit: { checks: true, tools: { ...pythonTools, ...formatTools, git: 'git', shellcheck: 'shellcheck' } },
  integration: {
    checks: false,
    tools: {
      ...pythonTools,
      ...formatTools,
      ...linters,
      git: 'git',
      shellcheck: 'shellcheck',
      zstd: 'zstd',
      rpm2cpio: 'rpm2cpio',
      cpio: 'cpio',
      rsync: 'rsync',
      ...repositoryTools,
    },
    // Without a browser its tests are skipped, and say so.
    wishes: { chromium: 'chromium' },
  },
  acceptance: {
    checks: false,
    tools: {
      ...pythonTools,
      ...formatTools,
      ...linters,
      git: 'git',
      mmdebstrap: 'mmdebstrap',
      zstd: 'zstd',
      podman: 'podman',
      runc: 'runc',
      patchelf: 'patchelf',
      ...repositoryTools,
    },
    // Without it its tests are skipped, and say so.
    wishes: { zypper: 'zypper' },
  },
};

function isOnPath(program) {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program], { stdio: 'ignore' }).status === 0;
}

/** Programs by their names, and modules of Python as `python3:module`. */
function isThere(tool) {
  const [program, module] = tool.split(':');
  if (module === undefined) return isOnPath(program);
  return spawnSync(program, ['-c', `import ${module}`], { stdio: 'ignore' }).status === 0;
}

function run(title, program, args, environment = {}) {
  process.stdout.write(`\n== ${title}\n`);
  const result = spawnSync(program, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...environment },
  });
  return result.status === 0;
}

function installTools(tools) {
  const packages = Object.entries(tools)
    .filter(([tool]) => !isThere(tool))
    .map(([, name]) => name);
  if (packages.length === 0) return true;
  const command = ['install', '--yes', '--no-install-recommends', ...new Set(packages)];
  if (process.getuid() !== 0 || !isOnPath('apt-get')) {
    process.stdout.write(`the tests need these: sudo apt-get ${command.join(' ')}\n`);
    return false;
  }
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  return (
    run('package lists', 'apt-get', ['update', '--quiet'], environment) &&
    run('system tools', 'apt-get', [...command, '--quiet'], environment)
  );
}

/** The reference implementation of Python's standards, of one version everywhere: what the distribution has may be old. */
const packaging = 'packaging==26.3';

/** Fetches it once; without network the tests that need it are skipped, and say so. */
function packagingEnvironment() {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'coachbuilder-tests/python');
  const find = () =>
    existsSync(cache) ? readdirSync(cache).find((name) => name.startsWith('packaging-26.3-')) : undefined;
  if (find() === undefined) {
    const args = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', cache, packaging];
    run('the reference implementation of the Python standards', 'python3', args);
  }
  const wheel = find();
  return wheel === undefined ? {} : { PYTHONPATH: join(cache, wheel) };
}

/** Type check, lint and layout count as one test each: they can fail like any other. */
function runChecks() {
  const bin = (name) => join(root, 'node_modules/.bin', name);
  return [
    run('type check', bin('tsc'), ['--project', 'tsconfig.json']),
    run('lint', bin('eslint'), ['.', '--max-warnings=0']),
    run('layout', bin('prettier'), ['--check', '--log-level=warn', '.']),
  ];
}

function runTests(suite, extra) {
  const scratch = mkdtempSync(join(tmpdir(), 'coachbuilder-test-'));
  const report = join(scratch, 'report.json');
  try {
    const vitest = join(root, 'node_modules/.bin/vitest');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile=${report}`];
    const environment = suite === 'unit' ? packagingEnvironment() : {};
    const ok = run(`${suite} tests`, vitest, ['run', '--project', suite, ...reporters, ...extra], environment);
    const counts = JSON.parse(readFileSync(report, 'utf8'));
    // A file that cannot even be loaded holds no failed test, and is a failure all the same.
    const failed = Math.max(counts.numFailedTests, counts.numFailedTestSuites > 0 || !ok ? 1 : 0);
    return { passed: counts.numPassedTests, failed, skipped: counts.numPendingTests + counts.numTodoTests };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const [suite = 'unit', ...extra] = process.argv.slice(2);
const plan = suites[suite];
if (plan === undefined) {
  process.stderr.write(`there is no suite ${suite}; choose one of ${Object.keys(suites).join(', ')}\n`);
  process.exit(1);
}
setUp();
if (!installTools(plan.tools)) process.exit(3);
installTools(plan.wishes ?? {});
const checks = plan.checks ? runChecks() : [];
const counts = runTests(suite, extra);
const passed = counts.passed + checks.filter(Boolean).length;
const failed = counts.failed + checks.filter((ok) => !ok).length;
process.stdout.write(`\n${passed} passed, ${failed} failed, ${counts.skipped} skipped\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
