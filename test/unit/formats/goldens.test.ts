import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, test } from 'vitest';

import { packagers } from '../../../src/formats/packagers.ts';
import { defineReleasePackage } from '../../../src/formats/release/package.ts';
import { defineRepository } from '../../../src/formats/release/repository.ts';
import { normalizeRepository } from '../../../src/manifest/normalize-repository.ts';
import { relation } from '../../../src/packages/relations.ts';
import type { PackageDefinition } from '../../../src/packages/definition.ts';
import {
  aBytecodePolicy,
  aDirectory,
  aFile,
  aLink,
  aPackageDefinition,
  aTarget,
  type DefinitionOverrides,
} from '../../support/definitions.ts';
import { expectGolden } from '../../support/golden.ts';
import { aDistribution, aManifest } from '../../support/manifest.ts';

const hooks: PackageDefinition['scripts'] = {
  beforeInstall: ['getent passwd fleet >/dev/null || useradd --system fleet\n'],
  afterInstall: ['echo "installed 100%"\n'],
  beforeUpgrade: ['echo before upgrade'],
  afterUpgrade: ['echo after upgrade'],
  beforeRemove: ['echo before remove'],
  afterRemove: ['echo after remove'],
  afterPurge: ['rm -rf /var/lib/fleet'],
};

/** Everything that a definition can say. */
const rich = {
  id: 'main',
  name: 'acme-python-fleet',
  version: { epoch: 3, version: '0.3', release: '0.dev.1' },
  summary: 'Keeps a fleet of machines in order',
  description: 'Keeps a fleet of machines in order.\n\nIt talks to every one of them.\n  Verbatim line.\n',
  url: 'https://www.example.com/foo/bar',
  license: 'MIT OR Apache-2.0',
  relations: {
    depends: [
      relation('test-dep'),
      relation('version-dep', { operator: '>=', version: '42' }),
      { ...relation('mail'), alternatives: [{ name: 'post', condition: { operator: '>', version: '1:2' } }] },
    ],
    recommends: [relation('fish')],
    suggests: [relation('zsh')],
    conflicts: [relation('rival', { operator: '<', version: '2' })],
    replaces: [relation('old-fleet', { operator: '<=', version: '0.2' })],
    provides: [relation('fleet', { operator: '=', version: '0.3' })],
  },
  contents: [
    aFile('/etc/fleet/fleet.conf', { configuration: true, mode: 0o640, group: 'fleet' }),
    aDirectory('/opt/fleet'),
    aFile('/opt/fleet/data.bin', { size: 1025 }),
    aLink('/usr/bin/fleet', '/opt/fleet/bin/fleet'),
    aFile('/usr/share/doc/acme-python-fleet/NEWS', { documentation: 'documentation' }),
    aFile('/usr/share/licenses/acme-python-fleet/fleet/LICENSE', { documentation: 'license' }),
    aDirectory('/var/lib/fleet', { mode: 0o2750, owner: 'fleet', group: 'fleet' }),
  ],
  scripts: hooks,
  changelog: [
    {
      version: { epoch: 3, version: '0.3', release: '0.dev.1' },
      date: 1_609_459_200,
      changes: [
        'Added: agents report more often than they did before, and the control service keeps what they say for a day.',
        'Fixed: nothing',
      ],
    },
    { version: { epoch: 0, version: '0.2', release: '1' }, date: 1_577_836_799, changes: ['Release 0.2.'] },
  ],
} as const satisfies DefinitionOverrides;

/** Texts and names in which something means something else to a format. */
const odd = {
  summary: '100% of "it\'s" & <more> [of] {%it}',
  description: '%pre is no section\n100%\n\n\n.hidden & `code` $HOME\n\\ backslash \\\nnaïve 日本\n%{nil}',
  vendor: 'Ações & Söhne 100%',
  maintainer: 'José "Zé" <jose@example.com>',
  license: 'Licence\nwith two lines',
  changelog: [
    {
      version: { epoch: 0, version: '1.0', release: '1' },
      date: 951_827_696,
      changes: ['* 100% of %{nil}\n%changelog\n -- Nobody', '日本 naïve <%= it %>', 'x'.repeat(100)],
    },
  ],
  contents: [
    '%name%',
    '{{ test }}',
    'It\'s "time" to go.txt',
    'back\\slash',
    'file with space',
    'file*asterisk',
    'file[with]bracket',
    'naïve',
    'why?',
  ].map((name) => aFile(`/usr/share/odd/${name}`)),
  scripts: { ...hooks, afterInstall: ['%pre --progress\necho 50% "$HOME" \'%{nil}\' <%= it %>\n# 10%\n'] },
} as const satisfies DefinitionOverrides;

/** All that scripts do for programs of the system. */
const integrated = {
  scripts: hooks,
  integration: {
    reloads: ['rsyslog', 'firewalld'],
    tmpfiles: {
      file: 'acme-fleet-cli.conf',
      directories: [
        { path: '/run/fleet', owner: 'fleet', group: 'adm', mode: 0o2750 },
        { path: '/run/fleet/inner', owner: 'root', group: 'root', mode: 0o755 },
      ],
    },
  },
} as const satisfies DefinitionOverrides;

const variants = {
  minimal: {},
  rich,
  odd,
  integrated,
  'bytecode-at-install': { bytecode: aBytecodePolicy() },
  'bytecode-shipped': { bytecode: aBytecodePolicy({ compileAtInstall: false, shipped: true }) },
  'bytecode-python2.7': {
    bytecode: aBytecodePolicy({ directory: '/opt/fleet/lib/python2.7/site-packages', minor: '2.7' }),
  },
} as const satisfies Record<string, DefinitionOverrides>;

describe.each(Object.entries(variants))('the %s definition', (name, overrides) => {
  test.each(['debian-12', 'rocky-9'])('renders as approved for %s', (on) => {
    const architecture = name === 'rich' ? { architecture: on === 'rocky-9' ? 'x86_64' : 'amd64' } : {};
    const definition = aPackageDefinition({ on, ...overrides, ...architecture });
    for (const file of packagers[definition.distribution.format].render(definition)) {
      expectGolden(`formats/${name}/${definition.distribution.format}/${file.name}`, file.text);
    }
  });
});

describe('the release package', () => {
  const release = {
    id: 'acme',
    name: 'Acme',
    packageName: 'acme-release',
    version: '1',
    baseurl: 'https://packages.example.com',
    key: undefined,
    channels: [
      { id: 'acme', name: 'Acme', enabled: true, suffix: '' },
      { id: 'acme-testing', name: 'Acme testing', enabled: false, suffix: '-testing' },
    ],
    repository: normalizeRepository(undefined, { name: 'Acme', directory: '/project' }),
  };
  test.each([
    'centos-7',
    'centos-stream-9',
    'rhel-8',
    'amazonlinux-2023',
    'opensuse-leap-15.6',
    'ubuntu-14.04',
    'ubuntu-16.04',
    'ubuntu-20.04',
    'debian-12',
  ])('defines the repository of %s as approved', (id) => {
    for (const key of [undefined, 'signed']) {
      const target = aTarget(aDistribution(id), aManifest({ release: { ...release, key } }));
      const definition = defineReleasePackage(target, key === undefined ? undefined : armoured);
      for (const entry of definition?.contents ?? []) {
        if (entry.kind !== 'file' || entry.source.kind !== 'text') continue;
        expectGolden(`formats/release/${id}${key === undefined ? '-unsigned' : ''}${entry.path}`, entry.source.text);
      }
    }
  });

  // The written section is what turns the mirrorlist on.
  test.each(['centos-7', 'rhel-8', 'opensuse-leap-15.6', 'ubuntu-14.04', 'ubuntu-20.04', 'debian-12'])(
    'defines the repository of %s as approved where our own publisher keeps it, in the classic layout',
    (id) => {
      const repository = normalizeRepository({ layout: 'classic' }, { name: 'Acme', directory: '/project' });
      const { path, text } = defineRepository({ ...release, key: '/project/key', repository }, aDistribution(id));
      expectGolden(`formats/release/${id}-published${path}`, text);
    },
  );
});

/** Two keys, in a block each. */
const armoured = ['old', 'new']
  .map((name) => readFileSync(join(import.meta.dirname, `release/keys/${name}.asc`), 'utf8'))
  .join('');
