// Times the stages of a build on a large tree, beside what a person would use instead: tar and zstd for the bytes,
// rpmbuild with its defaults for the package. Run it alone on the machine:
//
//     node bench/build.mjs [--files 30000] [--megabytes 600] [--work DIRECTORY]
//
// With --work the wheels are kept and used again. The results go to stdout as JSON, a table of them to stderr.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '30000' },
    megabytes: { type: 'string', default: '600' },
    work: { type: 'string' },
  },
});

const work = resolve(values.work ?? mkdtempSync(join(tmpdir(), 'coachbuilder-bench-')));
const wheels = join(work, 'wheels');
const tree = join(work, 'tree');
const targets = ['debian-12', 'rocky-9'];

/** Says something to the person who waits. */
function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Runs a command that has to succeed; returns the seconds that it took and its output. */
function time(program, args, options = {}) {
  const start = process.hrtime.bigint();
  const result = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (result.status !== 0) {
    throw new Error(`${program} ${args.join(' ')} failed\n${result.stderr ?? String(result.error)}`);
  }
  return { seconds, stdout: result.stdout, stderr: result.stderr };
}

/** Builds the packages and returns the seconds of every stage, `target stage` each, and of the whole. */
function build(destination) {
  const env = {
    ...process.env,
    XDG_CACHE_HOME: join(work, 'cache'),
    PIP_NO_INDEX: '1',
    PIP_FIND_LINKS: wheels,
    UV_NO_INDEX: '1',
    UV_FIND_LINKS: wheels,
  };
  const run = time(
    join(import.meta.dirname, '../admin/build-package'),
    [
      `--distribution=${targets.join(',')}`,
      `--manifest=${join(work, 'coachbuilder.yaml')}`,
      `--destination-path=${destination}`,
      '--progress=json',
      '--force',
      join(wheels, 'benchapp-1.0-py3-none-any.whl'),
    ],
    { cwd: work, env },
  );
  const events = run.stderr.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  const stages = events
    .filter((event) => event.type === 'stage-finished')
    .map((event) => ({ stage: [event.target, event.stage].filter(Boolean).join(' '), seconds: event.duration / 1000 }));
  return { stages, seconds: run.seconds };
}

/** What rpmbuild takes for the same tree when nobody knows better: copied into the build root, all defaults. */
function plainRpmbuild() {
  const top = join(work, 'rpmbuild');
  rmSync(top, { recursive: true, force: true });
  mkdirSync(top, { recursive: true });
  writeFileSync(
    join(top, 'plain.spec'),
    [
      'Name: plain',
      'Version: 1',
      'Release: 1',
      'Summary: For the benchmark',
      'License: MIT',
      '%description',
      'For the benchmark.',
      '%install',
      `mkdir -p %{buildroot} && cp -a ${tree}/. %{buildroot}`,
      '%files',
      '/opt/benchapp',
      '',
    ].join('\n'),
  );
  const { seconds } = time('rpmbuild', ['-bb', '--define', `_topdir ${top}`, join(top, 'plain.spec')]);
  rmSync(top, { recursive: true, force: true });
  return seconds;
}

try {
  mkdirSync(work, { recursive: true });
  // No bytecode: the tree is to have the size that was asked for.
  writeFileSync(join(work, 'coachbuilder.yaml'), 'name: benchapp\npython:\n  bytecode: none\n');
  if (!existsSync(wheels)) {
    say(`making wheels with ${values.files} files and ${values.megabytes} MB`);
    mkdirSync(wheels);
    time('python3', [join(import.meta.dirname, 'make_wheels.py'), wheels, values.files, values.megabytes]);
  }
  rmSync(join(work, 'cache'), { recursive: true, force: true });
  const destination = join(work, 'packages');
  say('building for the first time, with an empty cache');
  const cold = build(destination);
  say('building again');
  const warm = build(destination);

  const deb = readdirSync(destination).find((name) => /^omnibus-python-benchapp_.*\.deb$/.test(name));
  if (deb === undefined) throw new Error(`there is no main package in ${destination}`);
  rmSync(tree, { recursive: true, force: true });
  execFileSync('dpkg-deb', ['--extract', join(destination, deb), tree]);
  say('tar and zstd of the same tree');
  const tar = time('sh', ['-c', 'tar -C "$1" -cf - . | zstd -q -3 -T0 > "$2"', 'sh', tree, join(work, 'tree.tar.zst')]);
  say('rpmbuild with its defaults');
  const rpmbuild = plainRpmbuild();

  const round = (number) => Math.round(number * 100) / 100;
  const rows = [
    ...cold.stages.map(({ stage, seconds }) => ({ what: `first: ${stage}`, seconds })),
    { what: 'first: everything', seconds: cold.seconds },
    ...warm.stages.map(({ stage, seconds }) => ({ what: `again: ${stage}`, seconds })),
    { what: 'again: everything', seconds: warm.seconds },
    { what: 'tar | zstd -3', seconds: tar.seconds },
    { what: 'rpmbuild, defaults', seconds: rpmbuild },
  ].map(({ what, seconds }) => ({
    what,
    seconds: round(seconds),
    toTar: round(seconds / tar.seconds),
    toRpmbuild: round(seconds / rpmbuild),
  }));
  say(`\n${'what'.padEnd(34)}${'seconds'.padStart(10)}${'/ tar|zstd'.padStart(12)}${'/ rpmbuild'.padStart(12)}`);
  for (const row of rows) {
    const cells = [
      row.seconds.toFixed(2).padStart(10),
      row.toTar.toFixed(2).padStart(12),
      row.toRpmbuild.toFixed(2).padStart(12),
    ];
    say(row.what.padEnd(34) + cells.join(''));
  }
  process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
} finally {
  if (values.work === undefined) rmSync(work, { recursive: true, force: true });
}
