import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { workspace, type Workspace } from '../support/builds.ts';
import { mustRun, run, type Outcome } from '../support/machine.ts';
import { openPodmanStore, whyNoPodman, type PodmanStore } from '../support/podman-store.ts';
import { debianTarball } from '../support/roots.ts';
import { makeWheel } from '../support/wheels.ts';

/*
 * test-package with services, in containers of debian-12 in which systemd runs: needs the rights of root, podman with
 * runc, and Debian's archive.
 */

const admin = join(import.meta.dirname, '../../admin');

interface Result {
  readonly title: string;
  readonly outcome: string;
  readonly message?: string;
  readonly output: readonly string[];
}

const boat = `
import sys, time

def main():
    if sys.argv[1:] == ["sail"]:
        print("sailing", flush=True)
        time.sleep(1000)
    if sys.argv[1:] == ["sink"]:
        sys.exit("no water")
    print("boat 1.0")
`;

function unit(words: string, more = ''): string {
  return `[Unit]\nDescription=A boat\n[Service]\n${more}ExecStart=/opt/boat/bin/boat ${words}\nUser=nobody\n`;
}

const reason = whyNoPodman();

describe.skipIf(reason !== undefined)(`services${reason === undefined ? '' : ` [skipped: ${reason}]`}`, () => {
  let work: Workspace;
  let store: PodmanStore;

  /** Builds a package that has some units, by name. */
  async function build(
    name: string,
    units: Readonly<Record<string, string>>,
    scripts: Readonly<Record<string, string>> = {},
    services: readonly string[] = [],
  ): Promise<string> {
    const directory = await work.directory(name);
    const wheel = makeWheel(directory, {
      name: 'boat',
      version: '1.0',
      scripts: { boat: 'boat:main' },
      files: { 'boat.py': boat },
    });
    const files = Object.keys(units).map((file) => `      /lib/systemd/system/${file}: ${file}`);
    for (const [file, content] of Object.entries(units)) await writeFile(join(directory, file), content);
    const fragments = Object.entries(scripts).map(([turn, text]) => [turn, `${turn}.sh`, text] as const);
    for (const [, file, text] of fragments) await writeFile(join(directory, file), `${text}\n`);
    const lines = [
      ...['name: boat', 'packages:', '  main:', '    links: {/usr/bin: [boat]}'],
      ...(files.length === 0 ? [] : ['    files:', ...files]),
      ...(services.length === 0 ? [] : ['    services:', ...services.map((line) => `      ${line}`)]),
      ...(fragments.length === 0 ? [] : ['    scripts:', ...fragments.map(([turn, file]) => `      ${turn}: ${file}`)]),
      '',
    ];
    const manifest = join(directory, 'coachbuilder.yaml');
    await writeFile(manifest, lines.join('\n'));
    // Units that scripts of the manifest start and stop are what linters object to, and what is tested here.
    const place = ['--lint=off', `--manifest=${manifest}`, `--destination-path=${directory}`];
    const { stdout } = await mustRun([join(admin, 'build-package'), '--distribution=debian-12', ...place, wheel.path], {
      cwd: directory,
    });
    return stdout.trim();
  }

  async function testPackage(image: string, ...words: readonly string[]): Promise<Outcome> {
    return run([join(admin, 'test-package'), '--progress=plain', '--json', `--image=${image}`, ...words], {
      env: { ...store.env, XDG_CACHE_HOME: await work.directory('cache') },
    });
  }

  function serviceResults(outcome: Outcome): readonly Result[] {
    if (outcome.stdout === '') throw new Error(outcome.stderr);
    const { reports } = JSON.parse(outcome.stdout) as {
      readonly reports: readonly { readonly results: readonly Result[] }[];
    };
    return (reports[0]?.results ?? []).filter(({ title }) => title.includes('.service'));
  }

  beforeAll(async () => {
    work = await workspace();
    store = await openPodmanStore();
    await store.importRoot(await debianTarball('debian-12', ['python3']), 'localhost/debian:12');
    const podman = async (...args: readonly [string, ...string[]]): Promise<unknown> =>
      mustRun(['podman', ...args], { env: store.env });
    const install =
      'apt-get --quiet update && apt-get --quiet --yes --no-install-recommends install systemd systemd-sysv dbus';
    await podman('run', '--name=booting', 'localhost/debian:12', 'sh', '-c', install);
    await podman('commit', '--quiet', 'booting', 'localhost/debian-init:12');
    await podman('rm', 'booting');
  });

  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    await work[Symbol.asyncDispose]();
  });

  test('are started, restarted and stopped by the systemd of the image', async () => {
    const path = await build(
      'good',
      {
        'boat.service': unit('sail'),
        'boat-greeting.service': unit('', 'Type=oneshot\n'),
      },
      { 'before-remove': 'systemctl stop boat.service' },
    );
    const junit = join(work.path, 'junit.xml');
    const outcome = await testPackage('localhost/debian-init:12', '--junit', junit, path);
    expect(outcome.exitCode, outcome.stderr + outcome.stdout).toBe(0);
    expect(serviceResults(outcome).map(({ title, outcome: each }) => `${title}: ${each}`)).toEqual([
      'starts, restarts and stops boat-greeting.service: passed',
      'starts, restarts and stops boat.service: passed',
      'stops boat-greeting.service when it is removed: passed',
      'stops boat.service when it is removed: passed',
    ]);
    expect(await readFile(junit, 'utf8')).toMatch(
      /<testcase [^>]*name="starts, restarts and stops boat\.service"[^>]*\/>/,
    );
    expect(await store.containers()).toEqual([]);
  });

  test('that a manifest declares are stopped by their package itself', async () => {
    const services = [
      'boat: {command: boat sail, user: nobody, state-directory: boat}',
      'boat-again: {unit: again.service, stop-on-upgrade: true}',
      'boat-waiting: {command: boat sail, start: false}',
    ];
    const directory = await work.directory('declared');
    await writeFile(join(directory, 'again.service'), `${unit('sail')}[Install]\nWantedBy=multi-user.target\n`);
    const path = await build('declared', {}, {}, services);
    const outcome = await testPackage('localhost/debian-init:12', path);
    expect(outcome.exitCode, outcome.stderr + outcome.stdout).toBe(0);
    const stops = serviceResults(outcome).filter(({ title }) => title.startsWith('stops '));
    expect(stops.map(({ title, outcome: each }) => `${title}: ${each}`)).toEqual([
      'stops boat-again.service when it is removed: passed',
      'stops boat-waiting.service when it is removed: passed',
      'stops boat.service when it is removed: passed',
    ]);
    expect(await store.containers()).toEqual([]);
  });

  test('that do not stay up are failures, told with what they wrote', async () => {
    const path = await build('bad', {
      'sinking.service': unit('sink'),
      'trying.service': unit('sink', 'Restart=always\nRestartSec=100ms\n'),
      'stubborn.service': '[Service]\nExecStart=/bin/sh -c \'trap "exit 3" TERM; while :; do sleep 0.1; done\'\n',
    });
    const outcome = await testPackage('localhost/debian-init:12', path);
    expect(outcome.exitCode, outcome.stderr).toBe(1);
    const [sinking, stubborn, trying] = serviceResults(outcome);
    expect(sinking).toMatchObject({
      outcome: 'failed',
      message: 'sinking.service is failed (failed) after it was started',
    });
    expect(sinking?.output.join('\n')).toMatch(/ no water$/m);
    expect(stubborn).toMatchObject({
      outcome: 'failed',
      message: 'stubborn.service is failed after it was stopped, with the result exit-code',
    });
    expect(trying?.outcome).toBe('failed');
    expect(trying?.message).toMatch(
      /^trying\.service (?:is \w+ \([\w-]+\) after it was started|was restarted \d+ times)/,
    );
    expect(await store.containers()).toEqual([]);
  });

  test('are seen when they go on without their package, and skipped with the reason in an image without systemd, and in one whose systemd does not start', async () => {
    const path = await build('plain', { 'boat.service': unit('sail') });
    const forgotten = await testPackage('localhost/debian-init:12', path);
    expect(forgotten.exitCode, forgotten.stderr).toBe(1);
    expect(serviceResults(forgotten).at(-1)).toMatchObject({
      outcome: 'failed',
      message: 'boat.service is still active (running): nothing stopped it before its files went',
    });
    const without = await testPackage('localhost/debian:12', path);
    expect(without.exitCode, without.stderr).toBe(0);
    const skipped = { outcome: 'skipped', message: 'the init of localhost/debian:12 is not systemd' };
    expect(serviceResults(without)).toMatchObject([skipped, skipped]);
    const breaking = join(await work.directory('broken'), 'Dockerfile');
    await writeFile(
      breaking,
      'FROM localhost/debian-init:12\nRUN printf "#!/bin/false\\n" > /usr/lib/systemd/systemd\n',
    );
    await mustRun(
      ['podman', 'build', '--quiet', '--tag=localhost/broken:12', '--file', breaking, join(breaking, '..')],
      {
        env: store.env,
      },
    );
    const broken = await testPackage('localhost/broken:12', path);
    expect(broken.exitCode, broken.stderr).toBe(0);
    const [first] = serviceResults(broken);
    expect(first?.outcome).toBe('skipped');
    expect(first?.message).toMatch(/^systemd does not start in a container of /);
    expect(await store.containers()).toEqual([]);
  });
});
