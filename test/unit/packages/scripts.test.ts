import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeEach, describe, expect, test } from 'vitest';

import { packagers } from '../../../src/formats/packagers.ts';
import type { PackageDefinition } from '../../../src/packages/definition.ts';
import {
  aBytecodePolicy,
  aDirectory,
  aPackageDefinition,
  noScripts,
  type DefinitionOverrides,
} from '../../support/definitions.ts';

const scratch = mkdtempSync(join(tmpdir(), 'coachbuilder-scripts-'));
const prefix = join(scratch, "it's a prefix");
const log = join(scratch, 'log');

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

beforeEach(() => {
  rmSync(prefix, { recursive: true, force: true });
  rmSync(log, { force: true });
});

/** Every hook writes its name to the log, and ends with `exit`, which must not end our own steps. */
const logging = Object.fromEntries(
  Object.keys(noScripts).map((hook) => [hook, [`echo ${hook} >>'${log}'\ncd /\nexit 0\n`]]),
) as unknown as PackageDefinition['scripts'];

const bytecode = aBytecodePolicy({ prefix, interpreter: `${prefix}/bin/python`, directory: `${prefix}/lib` });

const everyIntegration = {
  reloads: ['rsyslog', 'firewalld'],
  tmpfiles: {
    file: 'fleet.conf',
    directories: [{ path: "/run/it's", owner: 'fleet', group: 'fleet', mode: 0o750 }],
  },
} as const;

/** The scripts of a package, by name; markers go to the scratch directory instead of /run. */
function scriptsOf(overrides: DefinitionOverrides): ReadonlyMap<string, string> {
  const definition = aPackageDefinition({ bytecode, scripts: logging, ...overrides });
  const files = packagers[definition.distribution.format].render(definition);
  if (definition.distribution.format === 'deb') {
    return new Map(
      files
        .filter(({ text }) => text.startsWith('#!/bin/sh\n'))
        .map(({ name, text }) => [name, text.replaceAll('/run/', `${scratch}/`)]),
    );
  }
  const spec = files[0]!.text;
  return new Map(
    [...spec.matchAll(/^%(pre|post|preun|postun|posttrans)\n([\s\S]*?)(?=\n\n%)/gm)].map((match) => [
      match[1]!,
      `${match[2]!.replaceAll('%%', '%')}\n`,
    ]),
  );
}

function runScript(
  text: string,
  ...args: readonly string[]
): { readonly status: number | null; readonly stderr: string } {
  const { status, stderr } = spawnSync('sh', ['-s', ...args], { input: text, encoding: 'utf8' });
  return { status, stderr };
}

function logged(): readonly string[] {
  return existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
}

function put(path: string, text = ''): void {
  mkdirSync(dirname(join(prefix, path)), { recursive: true });
  writeFileSync(join(prefix, path), text);
}

const debianCalls: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['preinst', ['install'], ['beforeInstall']],
  ['preinst', ['install', '1.0-1', '1.1-1'], ['beforeInstall']],
  ['preinst', ['upgrade', '1.0-1', '1.1-1'], ['beforeUpgrade']],
  ['preinst', ['abort-upgrade', '1.1-1'], []],
  ['postinst', ['abort-upgrade', '1.1-1'], []],
  ['postinst', ['abort-remove'], []],
  ['postinst', ['abort-remove', 'in-favour', 'other', '1'], []],
  ['postinst', ['abort-deconfigure', 'in-favour', 'other', '1', 'removing', 'x', '1'], []],
  ['postinst', ['triggered', 'some-trigger'], []],
  ['prerm', ['remove'], ['beforeRemove']],
  ['prerm', ['remove', 'in-favour', 'other', '1'], ['beforeRemove']],
  ['prerm', ['upgrade', '1.1-1'], []],
  ['prerm', ['deconfigure', 'in-favour', 'other', '1'], []],
  ['prerm', ['failed-upgrade', '1.0-1', '1.1-1'], []],
  ['postrm', ['remove'], ['afterRemove']],
  ['postrm', ['purge'], ['afterPurge']],
  ['postrm', ['upgrade', '1.1-1'], []],
  ['postrm', ['failed-upgrade', '1.0-1', '1.1-1'], []],
  ['postrm', ['abort-install'], []],
  ['postrm', ['abort-install', '1.0-1', '1.1-1'], []],
  ['postrm', ['abort-upgrade', '1.0-1', '1.1-1'], []],
  ['postrm', ['disappear', 'other', '1'], []],
];

describe('maintainer scripts', () => {
  test.each(debianCalls)('%s %j succeeds and runs %j', (name, args, hooks) => {
    const text = scriptsOf({ on: 'debian-12' }).get(name)!;
    expect(runScript(text, ...args)).toEqual({ status: 0, stderr: '' });
    expect(logged()).toEqual(hooks);
  });

  test('know a first installation from an upgrade, and a return after removal as an installation', () => {
    const scripts = scriptsOf({ on: 'debian-12' });
    const call = (name: string, ...args: readonly string[]): void => {
      expect(runScript(scripts.get(name)!, ...args)).toEqual({ status: 0, stderr: '' });
    };
    call('preinst', 'install');
    call('postinst', 'configure', '');
    call('preinst', 'upgrade', '1.0-1', '1.1-1');
    call('postinst', 'configure', '1.0-1');
    call('prerm', 'remove');
    call('postrm', 'remove');
    call('preinst', 'install', '1.1-1', '1.1-1');
    call('postinst', 'configure', '1.1-1');
    expect(logged()).toEqual([
      ...['beforeInstall', 'afterInstall', 'beforeUpgrade', 'afterUpgrade'],
      ...['beforeRemove', 'afterRemove', 'beforeInstall', 'afterInstall'],
    ]);
    expect(readdirSync(scratch).filter((name) => name.endsWith('.installing'))).toEqual([]);
  });

  test('fail when a fragment fails', () => {
    const scripts = { ...noScripts, beforeInstall: ['false\ntrue'] };
    expect(runScript(scriptsOf({ scripts }).get('preinst')!, 'install').status).toBe(1);
  });
});

const rpmCalls: readonly (readonly [string, string, readonly string[]])[] = [
  ['pre', '1', ['beforeInstall']],
  ['pre', '2', ['beforeUpgrade']],
  ['post', '1', ['afterInstall']],
  ['post', '2', ['afterUpgrade']],
  ['preun', '0', ['beforeRemove']],
  ['preun', '1', []],
  ['postun', '0', ['afterRemove']],
  ['postun', '1', []],
  ['posttrans', '1', []],
];

describe('scriptlets', () => {
  test.each(rpmCalls)('the scriptlet %s with %s succeeds and runs %j', (name, instances, hooks) => {
    expect(runScript(scriptsOf({ on: 'rocky-9' }).get(name)!, instances)).toEqual({ status: 0, stderr: '' });
    expect(logged()).toEqual(hooks);
  });
});

type Call = readonly [script: string, state: string];

/** Where bytecode is discarded while the package's files are there, and the script that runs when they are gone. */
const removal: Readonly<Record<string, { readonly discarding: readonly Call[]; readonly after: Call }>> = {
  'debian-12': {
    discarding: [
      ['prerm', 'upgrade'],
      ['prerm', 'remove'],
    ],
    after: ['postrm', 'remove'],
  },
  'rocky-9': { discarding: [['pre', '2']], after: ['postun', '0'] },
};

describe.each(Object.entries(removal))('on %s', (on, { discarding, after }) => {
  const upgrade = discarding[0]!;
  const call = (scripts: ReadonlyMap<string, string>, [name, state]: Call): void => {
    expect(runScript(scripts.get(name)!, state)).toEqual({ status: 0, stderr: '' });
  };

  test.each(discarding)('bytecode that the package does not own is discarded by %s %s', (...step) => {
    put('lib/module.py');
    put('lib/__pycache__/module.cpython-311.pyc');
    put('share/deep/__pycache__/other.cpython-312.opt-1.pyc');
    call(scriptsOf({ on, scripts: noScripts }), step);
    expect(readdirSync(prefix, { recursive: true }).sort()).toEqual(['lib', 'lib/module.py', 'share', 'share/deep']);
  });

  test('shipped bytecode stays, and strays beside it are discarded', () => {
    put('lib/__pycache__/module.cpython-311.pyc');
    put('lib/__pycache__/module.cpython-311.opt-2.pyc');
    put('share/__pycache__/script.cpython-313.pyc');
    call(
      scriptsOf({ on, scripts: noScripts, bytecode: { ...bytecode, compileAtInstall: false, shipped: true } }),
      upgrade,
    );
    expect(readdirSync(prefix, { recursive: true }).sort()).toEqual([
      'lib',
      'lib/__pycache__',
      'lib/__pycache__/module.cpython-311.pyc',
      'share',
    ]);
  });

  test('bytecode of Python 2.7 is discarded where its module is, and a module without source stays', () => {
    put('lib/module.py');
    put('lib/module.pyc');
    put('lib/module.pyo');
    put('lib/sourceless.pyc');
    call(scriptsOf({ on, scripts: noScripts, bytecode: { ...bytecode, minor: '2.7' } }), upgrade);
    expect(readdirSync(join(prefix, 'lib')).sort()).toEqual(['module.py', 'sourceless.pyc']);
  });

  test('nothing of ours is left below the prefix after removal, and nobody else’s file is lost', () => {
    put('lib/python3.11/site-packages/a/__pycache__/late.cpython-311.pyc');
    put('lib/python3.11/site-packages/b/c/__pycache__/late.cpython-311.pyc');
    const scripts = scriptsOf({ on, scripts: noScripts });
    call(scripts, after);
    expect(existsSync(prefix)).toBe(false);
    put('etc/mine.conf', 'mine');
    put('lib/__pycache__/late.cpython-311.pyc');
    call(scripts, after);
    expect(readdirSync(prefix, { recursive: true }).sort()).toEqual(['etc', 'etc/mine.conf']);
  });

  test('nothing is touched after removal when another package has taken the prefix over', () => {
    put('lib/__pycache__/module.cpython-311.pyc');
    put('bin/python');
    call(scriptsOf({ on, scripts: noScripts }), after);
    expect(existsSync(join(prefix, 'lib/__pycache__/module.cpython-311.pyc'))).toBe(true);
  });

  test('bytecode is compiled once the package is in place, and failing to do so fails nothing', () => {
    const [name, state] = on === 'rocky-9' ? (['posttrans', '1'] as const) : (['postinst', 'configure'] as const);
    const scripts = scriptsOf({ on, scripts: noScripts });
    put('bin/python');
    expect(runScript(scripts.get(name)!, state).status).toBe(0);
    rmSync(join(prefix, 'bin/python'));
    symlinkSync('/usr/bin/python3', join(prefix, 'bin/python'));
    put('lib/good.py', 'x = 1\n');
    put('lib/bad.py', 'print "2"\n');
    expect(runScript(scripts.get(name)!, state)).toEqual({ status: 0, stderr: '' });
    expect(readdirSync(join(prefix, 'lib/__pycache__')).map((file) => file.split('.')[0])).toEqual(['good']);
  });
});

describe('a purge', () => {
  const purge = (): void => {
    const { status, stderr } = runScript(scriptsOf({ on: 'debian-12', scripts: noScripts }).get('postrm')!, 'purge');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  };

  test('takes what the application wrote below its prefix', () => {
    put('etc/written-by-the-application.json', '{}');
    purge();
    expect(existsSync(prefix)).toBe(false);
  });

  test('leaves a prefix alone that another package has taken over', () => {
    put('etc/written-by-the-application.json', '{}');
    mkdirSync(join(prefix, 'bin'), { recursive: true });
    symlinkSync('/nowhere/python3.11', join(prefix, 'bin/python'));
    purge();
    expect(existsSync(join(prefix, 'etc/written-by-the-application.json'))).toBe(true);
  });
});

describe('the scripts of a package', () => {
  test('do not exist when there is nothing to do', () => {
    for (const on of ['debian-12', 'rocky-9']) {
      expect([...scriptsOf({ on, scripts: noScripts, bytecode: undefined }).keys()]).toEqual([]);
    }
  });

  const kinds: readonly DefinitionOverrides[] = [
    {},
    { bytecode: { ...bytecode, shipped: true, compileAtInstall: false } },
    { bytecode: { ...bytecode, minor: '2.7' } },
    { bytecode: { ...bytecode, minor: '2.7', shipped: true, compileAtInstall: false } },
    { contents: [aDirectory("/var/lib/it's", { owner: 'fleet', group: 'fleet' })] },
    { integration: everyIntegration },
    { integration: { ...everyIntegration, tmpfiles: { ...everyIntegration.tmpfiles, file: undefined } } },
  ];
  test.each(['debian-12', 'rocky-9'])('are POSIX shell without a finding of shellcheck on %s', (on) => {
    const directory = mkdtempSync(join(scratch, 'check-'));
    for (const [index, kind] of kinds.entries()) {
      for (const [name, text] of scriptsOf({ on, ...kind, scripts: { ...logging, afterRemove: ['echo %done\n'] } })) {
        const path = join(directory, `${String(index)}-${name}`);
        writeFileSync(path, text);
        chmodSync(path, 0o755);
        expect(spawnSync('dash', ['-n', path], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
      }
    }
    const paths = readdirSync(directory).map((name) => join(directory, name));
    expect(paths.length).toBeGreaterThan(10);
    const checked = spawnSync('shellcheck', ['--shell=sh', ...paths], { encoding: 'utf8' });
    if (checked.error !== undefined) {
      process.stderr.write('shellcheck is not installed: only the syntax of the scripts was checked\n');
      return;
    }
    expect(checked.stdout).toBe('');
  });
});
