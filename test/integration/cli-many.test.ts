import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { basename, join, relative } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import type { BuiltPackage } from '../support/builds.ts';
import { listing, openCommandLine, type CommandLine } from '../support/command-line.ts';
import { elfHead } from '../support/elf.ts';
import { mustRun, type Outcome } from '../support/machine.ts';
import { makeWheel } from '../support/wheels.ts';

const hello = {
  name: 'hello',
  version: '1.2.0',
  summary: 'Says hello',
  scripts: { hello: 'hello:main' },
  files: { 'hello.py': 'def main():\n    print("hello")\n' },
  requires: ['leaf>=1'],
};

const manifest = [
  'name: hello',
  'package-prefix: acme',
  'targets: [rocky-9, debian-12]',
  'packages:',
  '  main:',
  '    files: {/etc/hello.conf: hello.conf}',
  '    links: {/usr/bin: [hello]}',
  '  cli:',
  '    links: {/usr/sbin: [hello]}',
  '',
].join('\n');

/** Nothing of a package may depend on when it was built. */
const fixed = { SOURCE_DATE_EPOCH: '1700000000' };

let line: CommandLine;

beforeAll(async () => {
  line = await openCommandLine();
  makeWheel(line.indexFiles, { name: 'leaf', version: '1.0' });
  return async () => line[Symbol.asyncDispose]();
});

type Event = Readonly<Record<string, unknown>>;

function eventsOf(outcome: Outcome): readonly Event[] {
  return outcome.stderr
    .split('\n')
    .filter((text) => text.startsWith('{'))
    .map((text) => JSON.parse(text) as Event);
}

function finishedStages(outcome: Outcome, stage: string): readonly unknown[] {
  return eventsOf(outcome)
    .filter((event) => event['type'] === 'stage-finished' && event['stage'] === stage)
    .map(({ target }) => target);
}

/** Path below the destination -> sha256, in the order of standard output. */
function digestsOf(outcome: Outcome, destination: string): readonly (readonly [string, string])[] {
  const rows = JSON.parse(outcome.stdout) as readonly BuiltPackage[];
  return rows.map(({ path, sha256 }) => [relative(destination, path), sha256]);
}

describe('many targets at once', () => {
  it('lay one tree out for all that share it, and make the bytes that each makes alone', async () => {
    const project = line.project(hello, { 'coachbuilder.yaml': manifest, 'hello.conf': 'a = 1\n' });
    const ids = ['rocky-9', 'debian-12', 'alma-9', 'centos-stream-9'];
    const together = line.newDirectory('together');
    const args = ['--json', '--progress=json', '-d'];
    const all = await line.run([`--distribution=${ids.join(',')}`, ...args, together, project], { env: fixed });
    expect({ exitCode: all.exitCode, stderr: all.stderr }).toMatchObject({ exitCode: 0 });
    expect([...finishedStages(all, 'assemble')].sort()).toEqual(['debian-12', 'rocky-9']);
    expect([...finishedStages(all, 'inspect')].sort()).toEqual(['debian-12', 'rocky-9']);
    expect([...finishedStages(all, 'package')].sort()).toEqual([...ids].sort());
    const digests = digestsOf(all, together);
    expect(digests.map(([path]) => path)).toEqual([
      'rocky-9/acme-python-hello-1.2.0-1.el9.x86_64.rpm',
      'rocky-9/acme-hello-cli-1.2.0-1.el9.noarch.rpm',
      'debian-12/acme-python-hello_1.2.0-1+debian12_amd64.deb',
      'debian-12/acme-hello-cli_1.2.0-1+debian12_all.deb',
      'alma-9/acme-python-hello-1.2.0-1.el9.x86_64.rpm',
      'alma-9/acme-hello-cli-1.2.0-1.el9.noarch.rpm',
      'centos-stream-9/acme-python-hello-1.2.0-1.el9.x86_64.rpm',
      'centos-stream-9/acme-hello-cli-1.2.0-1.el9.noarch.rpm',
    ]);
    for (const id of ids) {
      const alone = line.newDirectory(`alone-${id}`);
      const one = await line.run([`--distribution=${id}`, ...args, alone, project], { env: fixed });
      expect(digestsOf(one, alone)).toEqual(
        digests
          .filter(([path]) => path.startsWith(`${id}/`))
          .map(([path, sha256]) => [path.slice(id.length + 1), sha256]),
      );
    }
  });

  it('resolve once for each interpreter and platform', async () => {
    const project = line.project(hello);
    const { exitCode, stderr } = await line.run([
      ...['--distribution=rocky-9,alma-9,centos-stream-9,debian-12', '-v', '-d', line.newDirectory('resolved')],
      project,
    ]);
    expect(exitCode).toBe(0);
    expect(stderr.match(/^\$ \S*uv pip compile |^\$ python3 \S*resolver\.py /gm)).toHaveLength(2);
  });

  it('are those of the manifest when none are named, and end in a table', async () => {
    const project = line.project(hello, { 'coachbuilder.yaml': manifest, 'hello.conf': 'a = 1\n' });
    const destination = line.newDirectory('targets');
    const { exitCode, stdout, stderr } = await line.run(['-d', destination, project]);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((path) => basename(path)),
    ).toEqual([
      'acme-python-hello-1.2.0-1.el9.x86_64.rpm',
      'acme-hello-cli-1.2.0-1.el9.noarch.rpm',
      'acme-python-hello_1.2.0-1+debian12_amd64.deb',
      'acme-hello-cli_1.2.0-1+debian12_all.deb',
    ]);
    const table = stderr.trimEnd().split('\n').slice(-4);
    expect(table[0]).toMatch(/^target +packages +size +time +shared$/);
    expect(table[1]).toMatch(/^rocky-9 +2 +[\d.]+ kB +[\d.]+ s$/);
    expect(table[2]).toMatch(/^debian-12 +2 +[\d.]+ kB +[\d.]+ s$/);
    expect(table[3]).toMatch(/^2 of 2 targets, 4 packages, [\d.]+ kB, [\d.]+ s$/);
  });

  it('have to be named somewhere', async () => {
    const { exitCode, stderr } = await line.run([line.project(hello)]);
    expect(exitCode).toBe(1);
    expect(stderr.trimEnd().split('\n').at(-1)).toBe('Must specify --distribution.');
  });
});

describe('a target that fails among others', () => {
  const narrow = { name: 'narrow', version: '1' } as const;
  const picky = { ...hello, name: 'picky', requires: ['narrow'], files: { 'hello.py': 'def main():\n    pass\n' } };
  const debs = ['omnibus-picky-cli_1.2.0-1+debian12_all.deb', 'omnibus-python-picky_1.2.0-1+debian12_amd64.deb'];
  const rpms = ['omnibus-picky-cli-1.2.0-1.el9.noarch.rpm', 'omnibus-python-picky-1.2.0-1.el9.x86_64.rpm'];
  const el7 = ['omnibus-picky-cli-1.2.0-1.el7.noarch.rpm', 'omnibus-python-picky-1.2.0-1.el7.x86_64.rpm'];
  let project: string;
  let destination: string;

  beforeAll(() => {
    project = line.project(picky);
    destination = line.newDirectory('partly');
    for (const python of ['cp36-cp36m', 'cp311-cp311'])
      makeWheel(line.indexFiles, { ...narrow, tag: `${python}-manylinux_2_17_x86_64` });
  });

  const run = async (...options: readonly string[]): Promise<Outcome> =>
    line.run(['--distribution=debian-12,rocky-9,centos-7', ...options, '-d', destination, project], { env: fixed });

  it('does not keep the others from being built with --keep-going, and is told at the end', async () => {
    const { exitCode, stdout, stderr } = await run('--keep-going');
    expect(exitCode).toBe(1);
    expect(listing(destination)).toEqual([...el7, ...debs].sort());
    expect(stdout.trimEnd().split('\n')).toHaveLength(4);
    expect(stderr).toMatch(/^rocky-9: failed after [\d.]+ s$/m);
    expect(stderr).toMatch(/^rocky-9 +- +- +[\d.]+ s +failed$/m);
    const end = stderr.slice(stderr.indexOf('3 targets, '));
    expect(end).toMatch(/^rocky-9: error\[unresolvable\]: .*Rocky Linux 9/m);
    expect(end).toMatch(/^error\[targets-failed\]: 1 of 3 targets failed: rocky-9$/m);
    expect(end).toMatch(/--resume\n$/);
  });

  it('is all that is built with --resume when the reason is gone', async () => {
    const before = [...el7, ...debs].map((name) => statSync(join(destination, name)).mtimeMs);
    makeWheel(line.indexFiles, { ...narrow, tag: 'cp39-cp39-manylinux_2_17_x86_64' });
    const outcome = await run('--resume', '--json', '--progress=json');
    expect({ exitCode: outcome.exitCode, stderr: outcome.stderr }).toMatchObject({ exitCode: 0 });
    expect(finishedStages(outcome, 'package')).toEqual(['rocky-9']);
    expect(digestsOf(outcome, destination).map(([path]) => path)).toEqual(
      [debs, rpms, el7].flatMap((names) => [...names].reverse()),
    );
    expect([...el7, ...debs].map((name) => statSync(join(destination, name)).mtimeMs)).toEqual(before);
  });

  it('leaves all as it is when --resume finds nothing to do', async () => {
    const { exitCode, stderr } = await run('--resume');
    expect(exitCode).toBe(0);
    expect(stderr.match(/^\S+: kept, its packages are there from an earlier run$/gm)).toHaveLength(3);
    expect(stderr).not.toContain('assemble');
  });

  it('has a package that was altered since refused, and one that is gone made again', async () => {
    const [first = '', second = ''] = debs;
    const content = readFileSync(join(destination, second));
    writeFileSync(join(destination, second), 'something else');
    const refused = await run('--resume');
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('error[output-exists]: ');
    expect(refused.stderr).toContain('debian12');
    const forced = await run('--resume', '--force', '--progress=json');
    expect(finishedStages(forced, 'package')).toEqual(['debian-12']);
    expect(readFileSync(join(destination, second)).equals(content)).toBe(true);
    expect(existsSync(join(destination, first))).toBe(true);
  });

  it('is built again, and its packages are replaced, when what it is made of has changed', async () => {
    writeFileSync(join(project, 'pyproject.toml'), '\n[tool.coachbuilder]\nsummary = "Other words"\n', { flag: 'a' });
    const outcome = await run('--resume', '--progress=json');
    expect({ exitCode: outcome.exitCode, stderr: outcome.stderr }).toMatchObject({ exitCode: 0 });
    expect([...finishedStages(outcome, 'package')].sort()).toEqual(['centos-7', 'debian-12', 'rocky-9']);
    const { stdout } = await mustRun(['dpkg-deb', '--field', join(destination, debs[1] ?? ''), 'Description']);
    expect(stdout).toMatch(/^Other words\n/);
  });
});

describe('an application that is named by a requirement', () => {
  it('is not there for one target and built for the others with --keep-going', async () => {
    for (const python of ['cp36-cp36m', 'cp311-cp311'])
      makeWheel(line.indexFiles, { name: 'lonely', version: '3', tag: `${python}-manylinux_2_17_x86_64` });
    const destination = line.newDirectory('lonely');
    const words = ['--distribution=rocky-9,debian-12,centos-7', '-d', destination, 'lonely==3'];
    const { exitCode, stderr } = await line.run(['--keep-going', ...words], { env: fixed });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^rocky-9 +- +- .* failed$/m);
    expect(stderr).toMatch(/^rocky-9: error\[unresolvable\]: .*Rocky Linux 9/m);
    expect(stderr).toMatch(/^error\[targets-failed\]: 1 of 3 targets failed: rocky-9$/m);
    expect(listing(destination)).toEqual([
      'omnibus-python-lonely-3.0.0-1.el7.x86_64.rpm',
      'omnibus-python-lonely_3.0.0-1+debian12_amd64.deb',
    ]);
    const stopped = await line.run(['--force', ...words], { env: fixed });
    expect(stopped.exitCode).toBe(1);
    expect(stopped.stderr).toMatch(/^error\[unresolvable\]: .*Rocky Linux 9/m);
  });
});

describe('other architectures', () => {
  it('are left out, with a word about it, where one of all distributions does not run on them', async () => {
    const project = line.project({ ...hello, requires: [] });
    const { exitCode, stdout, stderr } = await line.run(
      ['--distribution=all', '--architecture=i686', '--dry-run', project],
      { env: fixed },
    );
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(stderr).toMatch(/^warning: Rocky Linux 9 is left out: it does not run on i686$/m);
    expect(stdout).toMatch(/^debian-12\/i686: /m);
    expect(stdout).not.toContain('rocky-9');
  });

  const machines = { x86_64: 62, aarch64: 183 } as const;

  it('are further targets, whose common packages are there once', async () => {
    for (const [architecture, machine] of Object.entries(machines))
      for (const python of ['cp311-cp311', 'cp39-cp39'])
        makeWheel(line.indexFiles, {
          name: 'fast',
          version: '1',
          tag: `${python}-manylinux_2_17_${architecture}`,
          files: { 'fast.so': elfHead({ bits: 64, machine }) },
        });
    const project = line.project({ ...hello, name: 'swift', requires: ['fast'] });
    const destination = line.newDirectory('architectures');
    const { exitCode, stdout, stderr } = await line.run([
      '--distribution=debian-12,rocky-9',
      ...['--architecture=x86_64,arm64', '-d', destination, project],
    ]);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((path) => relative(destination, path)),
    ).toEqual([
      'omnibus-python-swift_1.2.0-1+debian12_amd64.deb',
      'omnibus-swift-cli_1.2.0-1+debian12_all.deb',
      'omnibus-python-swift_1.2.0-1+debian12_arm64.deb',
      'omnibus-python-swift-1.2.0-1.el9.x86_64.rpm',
      'omnibus-swift-cli-1.2.0-1.el9.noarch.rpm',
      'omnibus-python-swift-1.2.0-1.el9.aarch64.rpm',
    ]);
    expect(stderr).toMatch(/^(?:debian-12|rocky-9)\/aarch64: package: 2 packages, /m);
    const deb = join(destination, 'omnibus-python-swift_1.2.0-1+debian12_arm64.deb');
    expect((await mustRun(['dpkg-deb', '--field', deb, 'Architecture'])).stdout).toBe('arm64\n');
    const query = async (name: string, format: string): Promise<string> =>
      (await mustRun(['rpm', '-qp', '--qf', format, join(destination, name)])).stdout;
    const main = 'omnibus-python-swift-1.2.0-1.el9.aarch64.rpm';
    expect(await query(main, '%{ARCH} %{OS}')).toBe('aarch64 linux');
    // rpm's own word for the instruction set: macros/isa of the target.
    const provided = (await mustRun(['rpm', '-qp', '--provides', join(destination, main)])).stdout;
    expect(provided).toContain('omnibus-python-swift(aarch-64) = 1.2.0-1.el9\n');
    const required = (
      await mustRun(['rpm', '-qp', '--requires', join(destination, 'omnibus-swift-cli-1.2.0-1.el9.noarch.rpm')])
    ).stdout;
    // No instruction set: the package is the same for all of them.
    expect(required).toContain('omnibus-python-swift = 1.2.0-1.el9\n');
  });

  it('can be added to what an earlier run has finished', async () => {
    const project = line.project({ ...hello, name: 'later', requires: [] });
    const destination = line.newDirectory('later');
    const run = async (architectures: string, ...options: readonly string[]): Promise<Outcome> =>
      line.run(
        [
          ...['--distribution=debian-12', `--architecture=${architectures}`, '--progress=json', ...options],
          ...['-d', destination, project],
        ],
        { env: fixed },
      );
    expect((await run('x86_64')).exitCode).toBe(0);
    const refused = await run('aarch64,x86_64');
    expect(refused.stderr).toContain('error[output-exists]: ');
    const resumed = await run('aarch64,x86_64', '--resume');
    expect({ exitCode: resumed.exitCode, stderr: resumed.stderr }).toMatchObject({ exitCode: 0 });
    expect(finishedStages(resumed, 'package')).toEqual(['debian-12/aarch64']);
    expect(listing(destination)).toEqual([
      'omnibus-later-cli_1.2.0-1+debian12_all.deb',
      'omnibus-python-later_1.2.0-1+debian12_amd64.deb',
      'omnibus-python-later_1.2.0-1+debian12_arm64.deb',
    ]);
  });

  it('refuse a file of another one, whatever the tag of its wheel says', async () => {
    makeWheel(line.indexFiles, {
      name: 'liar',
      version: '1',
      tag: 'cp311-cp311-manylinux_2_17_aarch64',
      files: { 'liar.so': elfHead({ bits: 64, machine: machines.x86_64 }) },
    });
    const destination = line.newDirectory('liar');
    const { exitCode, stderr } = await line.run([
      ...['--distribution=debian-12', '--architecture=aarch64', '-d', destination],
      line.project({ ...hello, name: 'gullible', requires: ['liar'] }),
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^error\[unsupported-wheel\]: .*liar\.so.* is built for x86_64, and the target is aarch64$/m,
    );
    expect(listing(destination)).toEqual([]);
  });
});

describe('an index that does not answer', () => {
  it('is named after a few seconds, while the resolver still tries', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${String((silent.address() as AddressInfo).port)}/simple/`;
    const { child, end } = line.start(
      ['--distribution=debian-12', '-d', line.newDirectory('silent'), line.project(hello)],
      { env: { PIP_INDEX_URL: url } },
    );
    const told = await new Promise<string>((resolve) => {
      let text = '';
      child.stderr?.on('data', (chunk: string) => {
        text += chunk;
        if (text.includes('waiting for')) resolve(text);
      });
      child.on('close', () => {
        resolve(text);
      });
    });
    child.kill('SIGTERM');
    const { exitCode } = await end;
    silent.close();
    expect(told).toMatch(/^debian-12: lock: waiting for the index http:\/\/127\.0\.0\.1:\d+\/simple\/ since 3\.\d s$/m);
    expect(told).toContain(url);
    expect(exitCode).toBe(130);
  });
});

describe('the same work elsewhere', () => {
  it('is printed without building or writing anything', async () => {
    const project = line.project(hello, { 'coachbuilder.yaml': manifest, 'hello.conf': 'a = 1\n' });
    const before = listing(project);
    // What the shell makes of $PWD would name a path of this machine to another one.
    const github = await line.run(['--matrix=github', '--architecture=x86_64,aarch64', project], { cwd: project });
    expect(github).toMatchObject({ exitCode: 0, stderr: '' });
    const { include } = JSON.parse(github.stdout) as { readonly include: readonly Event[] };
    expect(include).toHaveLength(4);
    expect(include[3]).toMatchObject({
      distribution: 'debian-12',
      architecture: 'aarch64',
      arguments: '--distribution=debian-12 --architecture=aarch64 .',
    });
    const bake = await line.run(['--bake', '--locked', '-d', 'out', '.'], { cwd: project });
    const file = JSON.parse(bake.stdout) as { readonly target: Readonly<Record<string, Event>> };
    expect(Object.keys(file.target)).toEqual(['rocky-9', 'debian-12']);
    expect(file.target['rocky-9']).toMatchObject({ context: project, output: [`type=local,dest=${project}/out`] });
    expect(listing(project)).toEqual(before);
  });
});
