import { describe, expect, test } from 'vitest';

import { servicePlanner } from '../../../src/formats/services/plan.ts';
import { definePackages } from '../../../src/packages/define.ts';
import { planScripts } from '../../../src/packages/scripts.ts';
import { debianRelation, rpmRelation } from '../../../src/packages/relations.ts';
import type { PackageDefinition } from '../../../src/packages/definition.ts';
import type { Manifest, PackageSettings } from '../../../src/manifest/manifest.ts';
import type { Tree } from '../../../src/tree/tree.ts';
import { aTarget, aTree, someEpoch } from '../../support/definitions.ts';
import { aDistribution, aManifest, aPackage } from '../../support/manifest.ts';

const file = { source: '/project/f', mode: 0o644, owner: 'root', group: 'root', configuration: false };

interface Given {
  readonly on?: string;
  readonly main?: Partial<PackageSettings>;
  readonly others?: readonly Partial<PackageSettings>[];
  readonly tree?: Partial<Tree>;
  readonly manifest?: Partial<Manifest>;
}

function define(given: Given = {}): readonly PackageDefinition[] {
  const main = aPackage({ id: 'main', name: 'acme-python-fleet', architecture: 'native', ...given.main });
  const packages = [main, ...(given.others ?? []).map((other) => aPackage(other))];
  const target = aTarget(aDistribution(given.on), aManifest({ packages, ...given.manifest }));
  const sources = {
    sizes: new Map([['/project/f', 3]]),
    fragments: new Map([
      ['/project/s.sh', 'true\n'],
      ['/project/empty.sh', ''],
      ['/project/comments.sh', '#!/bin/sh\r\n\n\t# to do\n'],
    ]),
    services: new Map<string, string>(),
  };
  const planServices = servicePlanner(target, sources);
  return definePackages({
    target,
    tree: aTree(given.tree),
    sources,
    planServices,
    integrations: new Map(),
    epoch: someEpoch,
  });
}

function depends(on: string, given: Given = {}): readonly string[] {
  const [main] = define({ on, ...given });
  return main!.relations.depends.map(main!.distribution.format === 'deb' ? debianRelation : rpmRelation);
}

const failure = (code: string, message: string): Error => expect.objectContaining({ code, message }) as Error;

describe('the main package', () => {
  test.each([
    ['ubuntu-16.04', ['python3.5']],
    ['debian-12', ['python3.11']],
    ['centos-7', ['python(abi) = 3.6', '/usr/bin/python3.6']],
    ['rocky-8', ['python(abi) = 3.6', '/usr/bin/python3.6']],
  ])('depends on exactly the interpreter of %s: %j', (on, expected) => {
    expect(depends(on)).toEqual(expected);
  });

  test.each([
    ['debian-12', ['python3.11', 'python3-distutils']],
    ['ubuntu-18.04', ['python3.6', 'python3-distutils']],
    ['ubuntu-16.04', ['python3.5']],
    ['debian-13', ['python3.13']],
    ['rocky-9', ['python(abi) = 3.9', '/usr/bin/python3.9']],
  ])('that imports distutils depends on the package that has it on %s: %j', (on, expected) => {
    expect(depends(on, { tree: { importsDistutils: true } })).toEqual(expected);
  });

  test('asks for the path alone of an interpreter that the manifest names', () => {
    const interpreter = { kind: 'packaged', package: 'rh-python38', path: '/opt/rh/bin/python3.8' } as const;
    const python = { ...aManifest().python, interpreter };
    const packages = [aPackage({ id: 'main' })];
    const target = aTarget(aDistribution('centos-7'), aManifest({ python, packages }));
    const named = {
      ...target,
      interpreter: { package: 'rh-python38', path: interpreter.path, version: '3.8', minor: '3.8' },
    };
    const sources = { sizes: new Map(), fragments: new Map(), services: new Map() };
    const planServices = servicePlanner(named, sources);
    const [main] = definePackages({
      target: named,
      tree: aTree(),
      sources,
      planServices,
      integrations: new Map(),
      epoch: 0,
    });
    expect(main!.relations.depends.map(rpmRelation)).toEqual(['/opt/rh/bin/python3.8']);
  });

  test.each([
    ['debian-12', 'x86_64', ['libc6 (>= 2.29)']],
    [
      'centos-7',
      'x86_64',
      [
        ...['libc.so.6()(64bit)', 'libc.so.6(GLIBC_2.17)(64bit)'],
        ...['libm.so.6()(64bit)', 'libm.so.6(GLIBC_2.29)(64bit)'],
      ],
    ],
    ['centos-7', 'i686', ['libc.so.6', 'libc.so.6(GLIBC_2.17)', 'libm.so.6', 'libm.so.6(GLIBC_2.29)']],
  ] as const)(
    'that brings its interpreter depends on the C library alone, on %s (%s): %j',
    (on, architecture, expected) => {
      const bundle = { archive: '/srv/python.tar.gz', sha256: '', prune: [] };
      const interpreter = { version: '3.9.25', minor: '3.9', path: '/opt/fleet/python/bin/python3.9', bundle };
      const manifest = aManifest({ packages: [aPackage({ id: 'main' })] });
      const target = { ...aTarget(aDistribution(on), manifest), architecture, interpreter };
      const files = ['/opt/fleet/python/bin/python3.9'];
      const systemNeeds = {
        libraries: [
          { library: 'libc.so.6', files, versions: [{ version: 'GLIBC_2.17', files }] },
          { library: 'libm.so.6', files, versions: [{ version: 'GLIBC_2.29', files }] },
        ],
        gnuHash: false,
      };
      const tree = aTree({ systemNeeds, importsDistutils: true });
      const sources = { sizes: new Map(), fragments: new Map(), services: new Map() };
      const planServices = servicePlanner(target, sources);
      const [main] = definePackages({ target, tree, sources, planServices, integrations: new Map(), epoch: 0 });
      expect(main!.relations.depends.map(on === 'debian-12' ? debianRelation : rpmRelation)).toEqual(expected);
      // The standard library is compiled with the rest.
      expect(main!.bytecode).toMatchObject({ directory: '/opt/fleet' });
    },
  );

  test('owns the prefix, every directory below it and none above', () => {
    const [main] = define({ main: { files: [{ ...file, path: '/opt/fleet/etc/app/fleet.conf' }] } });
    const directories = main!.contents.filter(({ kind }) => kind === 'directory').map(({ path }) => path);
    expect(directories).toEqual([
      '/opt/fleet',
      '/opt/fleet/bin',
      '/opt/fleet/etc',
      '/opt/fleet/etc/app',
      '/opt/fleet/lib',
    ]);
  });

  test('carries the contents in the byte order of their paths', () => {
    const links = ['/usr/bin/b', '/usr/bin/a', '/usr/bin/Z'].map((path) => ({ path, target: 'fleet' }));
    const paths = define({ main: { links } })[0]!.contents.map(({ path }) => path);
    expect(paths.slice(-3)).toEqual(['/usr/bin/Z', '/usr/bin/a', '/usr/bin/b']);
    expect(paths).toEqual([...paths].sort());
  });

  test.each(['/', '/usr', '/usr/local', '/opt', '/usr/lib'])('cannot have the prefix %s', (prefix) => {
    expect(() => define({ tree: { prefix } })).toThrow(expect.objectContaining({ code: 'manifest-invalid' }) as Error);
  });
});

describe('a meta-package', () => {
  test('depends on exactly this build of the main package, epoch included', () => {
    const [, cli] = define({ others: [{}], manifest: { epoch: 2 } });
    expect(cli!.relations.depends.map(debianRelation)).toEqual(['acme-python-fleet (= 2:1.0-1)']);
    expect(cli).toMatchObject({ architecture: 'all', name: 'acme-fleet-cli', bytecode: undefined });
  });

  test('links into the prefix with absolute targets', () => {
    const [, cli] = define({ others: [{ links: [{ path: '/usr/sbin/fleet-ca', target: 'fleet-ca' }] }] });
    expect(cli!.contents).toEqual([
      {
        kind: 'symlink',
        path: '/usr/sbin/fleet-ca',
        target: '/opt/fleet/bin/fleet-ca',
        mode: 0o777,
        owner: 'root',
        group: 'root',
      },
    ]);
  });

  test('may link to a path that is not ours', () => {
    const [, cli] = define({ others: [{ links: [{ path: '/usr/bin/x', target: '/usr/bin/true' }] }] });
    expect(cli!.contents).toMatchObject([{ target: '/usr/bin/true' }]);
  });

  test('may link to, and run, what the manifest puts below the prefix', () => {
    const path = '/opt/fleet/libexec/run';
    const [main, cli] = define({
      main: { files: [{ ...file, path }] },
      others: [{ links: [{ path: '/usr/bin/x', target: path }] }],
    });
    expect(main!.contents).toContainEqual(expect.objectContaining({ path }));
    expect(cli!.contents).toMatchObject([{ target: path }]);
  });

  test.each(['flet', '/opt/fleet/bin/flet'])(
    'cannot link to %s, a script that the application does not have',
    (target) => {
      expect(() => define({ others: [{ links: [{ path: '/usr/bin/x', target }] }] })).toThrow(
        expect.objectContaining({
          code: 'link-target-missing',
          message: 'the package acme-fleet-cli links to /opt/fleet/bin/flet, which the application does not have',
          hint: 'did you mean "fleet"?',
          details: ['scripts in /opt/fleet/bin: fleet, fleet-ca, python'],
        }) as Error,
      );
    },
  );

  test('has the name that its format allows', () => {
    expect(define({ others: [{ name: 'Acme_Fleet' }] })[1]!.name).toBe('acme-fleet');
    expect(define({ others: [{ name: 'Acme_Fleet' }], on: 'rocky-9' })[1]!.name).toBe('Acme_Fleet');
    expect(() => define({ others: [{ name: 'acme%fleet' }] })).toThrow(
      failure('manifest-invalid', '"acme%fleet" is no name for a deb package'),
    );
  });
});

describe('paths that several packages claim', () => {
  const link = (path: string) => ({ links: [{ path, target: 'fleet' }] });

  test('are refused naming both packages and the path', () => {
    expect(() => define({ others: [link('/usr/bin/a'), { name: 'acme-fleet-node', ...link('/usr/bin/a') }] })).toThrow(
      failure('file-conflict', 'acme-fleet-cli and acme-fleet-node both claim /usr/bin/a'),
    );
  });

  test('are refused when one package claims a path twice', () => {
    expect(() => define({ others: [{ ...link('/usr/bin/a'), files: [{ ...file, path: '/usr/bin//a' }] }] })).toThrow(
      failure('file-conflict', 'the package acme-fleet-cli claims /usr/bin/a twice'),
    );
  });

  test('below the prefix belong to the main package', () => {
    expect(() => define({ others: [link('/opt/fleet/bin/extra')] })).toThrow(
      failure('file-conflict', 'acme-python-fleet and acme-fleet-cli both claim /opt/fleet/bin/extra'),
    );
  });

  test('are refused when one needs a directory where the other has a file', () => {
    expect(() =>
      define({ others: [link('/usr/lib/a'), { name: 'acme-fleet-node', ...link('/usr/lib/a/b') }] }),
    ).toThrow(failure('file-conflict', 'acme-fleet-cli and acme-fleet-node both claim /usr/lib/a'));
  });

  test('may be directories that are alike', () => {
    const directories = [{ path: '/var/lib/fleet', mode: 0o755, owner: 'root', group: 'root' }];
    const unlike = directories.map((directory) => ({ ...directory, mode: 0o700 }));
    expect(define({ others: [{ directories }, { name: 'acme-fleet-node', directories }] })).toHaveLength(3);
    expect(() => define({ others: [{ directories }, { name: 'acme-fleet-node', directories: unlike }] })).toThrow(
      expect.objectContaining({ code: 'file-conflict' }) as Error,
    );
  });
});

test('configuration files are marked, and have to be files of their package', () => {
  const files = [{ ...file, path: '/etc/fleet.conf' }];
  const [, cli] = define({ others: [{ files, configurationFiles: ['/etc/fleet.conf'] }] });
  expect(cli!.contents).toMatchObject([{ path: '/etc/fleet.conf', configuration: true, size: 3 }]);
  expect(() => define({ others: [{ files, configurationFiles: ['/etc/flet.conf'] }] })).toThrow(
    failure(
      'manifest-invalid',
      'the package acme-fleet-cli has no file /etc/flet.conf, which the manifest calls a configuration file',
    ),
  );
});

test.each(['relative', '/', '/a\nb', '/tab\there'])('%j is no path that can be installed', (path) => {
  expect(() => define({ others: [{ links: [{ path, target: 'fleet' }] }] })).toThrow(
    expect.objectContaining({ code: 'manifest-invalid' }) as Error,
  );
});

test('scripts of the manifest reach the moments that they were written for', () => {
  const [, cli] = define({ others: [{ scripts: { 'after-purge': '/project/s.sh' } }] });
  expect(cli!.scripts).toMatchObject({ afterPurge: ['true\n'], afterInstall: [] });
});

test.each(['debian-12', 'rocky-9'])('scripts of the manifest without a command are no part of scripts on %s', (on) => {
  const scripts = { 'after-install': '/project/empty.sh', 'before-remove': '/project/comments.sh' };
  const [, cli] = define({ on, others: [{ scripts }] });
  expect(planScripts(cli!)).toEqual([]);
});
