import { spawnSync } from 'node:child_process';

import { describe, expect, it } from 'vitest';

import { installCommands, keyCommands, type CommandBlock } from '../../../../src/publication/page/commands.ts';
import { repositoriesDocument } from '../../../../src/publication/page/repositories.ts';
import { viewOf, type PublishedPlace } from '../../../../src/publication/page/view-of.ts';
import {
  aPlace,
  aRelease,
  fleet,
  publishedAt,
  someKey,
  usualRequest,
  type SomePackage,
} from '../../../support/landing.ts';

const release = aRelease();

function commandsFor(
  places: readonly PublishedPlace[],
  overrides: Partial<typeof release> = {},
): readonly CommandBlock[] {
  const view = viewOf({ ...usualRequest(), release: { ...release, ...overrides }, places });
  const [distribution] = view.distributions;
  return installCommands(distribution!, view);
}

const linesOf = (blocks: readonly CommandBlock[], id: CommandBlock['id']): readonly string[] | undefined =>
  blocks.find((block) => block.id === id)?.lines;

const releasePackage: SomePackage = { name: 'acme-release', version: '1-1' };

describe('the commands of a distribution', () => {
  it.each(viewOf(usualRequest()).distributions.map((each) => [each.distribution.id, each] as const))(
    'are shell that parses: %s',
    (_id, distribution) => {
      const blocks = installCommands(distribution, viewOf(usualRequest()));
      expect(new Set(blocks.map(({ id }) => id)).size).toBe(blocks.length);
      for (const { lines, id } of blocks) {
        expect(lines.length, id).toBeGreaterThan(0);
        const { status, stderr } = spawnSync('sh', ['-n'], { input: `${lines.join('\n')}\n` });
        expect(status, String(stderr)).toBe(0);
      }
    },
  );

  it('stop where a file is not the one that was published', () => {
    for (const id of ['debian-12', 'rocky-9']) {
      const lines = linesOf(commandsFor([aPlace(id, [releasePackage])]), 'repository') ?? [];
      const check = lines.findIndex((line) => line.includes('sha256sum -c'));
      expect(lines[check - 1]).toMatch(/^curl -fsSL .* &&$/);
      for (const line of lines.slice(check, -1)) expect(line).toMatch(/ &&$/);
      expect(lines.at(-1)).toMatch(/install -y/);
    }
  });

  it('name versions of all that belongs together, and leave what came along removable', () => {
    const packages = [
      releasePackage,
      { name: 'top', version: '1-1', needs: ['middle'] },
      { name: 'middle', version: '1-1', needs: ['bottom'] },
      { name: 'bottom', version: '1-1' },
      { name: 'top', version: '2-1', needs: ['middle'] },
    ];
    expect(linesOf(commandsFor([aPlace('debian-12', packages)]), 'version')).toEqual([
      'apt-get update',
      'apt-get install -y --allow-downgrades top=1-1 middle=1-1 bottom=1-1',
      'apt-mark auto middle bottom',
    ]);
    expect(linesOf(commandsFor([aPlace('rocky-9', packages)]), 'version')).toEqual(['dnf install -y top-1-1']);
  });

  it('have no options that the apt of Ubuntu 14.04 does not know, and promise nothing that it does not do', () => {
    const blocks = commandsFor([aPlace('ubuntu-14.04', [releasePackage, ...fleet('1-1', 'amd64')])]);
    // It says "There are problems and -y was used without --force-yes" and stops.
    expect(blocks.find(({ id }) => id === 'version')?.text).toContain('leave out -y');
    const text = blocks.flatMap(({ lines }) => lines).join('\n');
    expect(text).not.toContain('--allow-downgrades');
    // apt 1.1 was the first to take files, 1.5 the first with https of its own (apt's changelog).
    expect(linesOf(blocks, 'repository')?.at(-1)).toBe('dpkg --install acme-release.ubuntu14.04.all.deb');
    expect(linesOf(blocks, 'repository')?.[1]).toBe('apt-get install -y apt-transport-https ca-certificates curl');
  });

  it.each([
    ['debian-12', 'flat'],
    ['debian-12', 'classic'],
    ['debian-11', 'flat'],
    ['debian-11', 'classic'],
  ] as const)('switch on the one channel that is meant, where several are off: %s, %s', (id, layout) => {
    const channels = [
      { id: 'acme', name: 'Acme', enabled: true, suffix: '' },
      { id: 'acme-old', name: 'Acme [old] 1/2', enabled: false, suffix: '-testing-old' },
      { id: 'acme-testing', name: 'Acme testing', enabled: false, suffix: '-testing' },
    ];
    const own = aRelease({ channels, repository: { ...release.repository, layout } });
    const places = [
      aPlace(id, [releasePackage, { name: 'app', version: '1-1' }], { release: own }),
      aPlace(id, [{ name: 'app', version: '2~rc1-1' }], { release: own, channel: 'testing' }),
    ];
    const view = viewOf({ ...usualRequest(), release: own, places });
    const [distribution] = view.distributions;
    const [sed = ''] = linesOf(installCommands(distribution!, view), 'testing') ?? [];
    // As the shell and sed of this machine take it.
    const { text, path } = distribution!.definition;
    const { stdout, status } = spawnSync('sh', ['-c', sed.replace('sed -i ', 'sed ').replace(path, '-')], {
      input: text,
    });
    expect(status).toBe(0);
    const isOn =
      id === 'debian-12'
        ? String(stdout)
            .split('\n\n')
            .map((stanza) => !/^Enabled: no$/m.test(stanza))
        : [...String(stdout).matchAll(/^(# )?deb /gm)].map(([, comment]) => comment === undefined);
    expect(isOn).toEqual([true, false, true]);
  });

  it('uncomment the line of the testing channel, and no other', () => {
    const places = [
      aPlace('debian-11', [releasePackage, { name: 'app', version: '1-1' }]),
      aPlace('debian-11', [{ name: 'app', version: '2~rc1-1' }], { channel: 'testing' }),
    ];
    const view = viewOf({ ...usualRequest(), places });
    const { definition } = view.distributions[0]!;
    const [sed = ''] = linesOf(installCommands(view.distributions[0]!, view), 'testing') ?? [];
    const { stdout } = spawnSync('sh', ['-c', sed.replace('sed -i ', 'sed ').replace(definition.path, '-')], {
      input: definition.text,
    });
    const lines = String(stdout).split('\n');
    expect(lines.filter((line) => line.startsWith('deb '))).toHaveLength(2);
    expect(lines.filter((line) => line.startsWith('# '))).toHaveLength(2);
  });

  it('use the testing channel where nothing else is published', () => {
    const blocks = commandsFor([
      aPlace('rocky-9', [releasePackage, ...fleet('2~rc1-1', 'x86_64')], { channel: 'testing' }),
    ]);
    expect(blocks.map(({ id }) => id)).toEqual(['repository', 'testing', 'removal', 'forget']);
    expect(linesOf(blocks, 'testing')).toEqual(['dnf install -y --best --enablerepo=acme-testing acme-fleet-cli']);
  });

  it('are none without a release package', () => {
    expect(commandsFor([aPlace('debian-12', fleet('1-1', 'amd64'))])).toEqual([]);
  });

  it('import no key and check none where nothing is signed', () => {
    const view = viewOf({
      release: aRelease({ key: undefined }),
      key: undefined,
      date: publishedAt,
      places: [aPlace('rocky-9', [releasePackage])],
    });
    const blocks = installCommands(view.distributions[0]!, view);
    expect(linesOf(blocks, 'repository')).toEqual([
      'dnf install -y https://packages.example.com/rocky/acme-release.el9.noarch.rpm',
    ]);
    expect(linesOf(blocks, 'forget')).toEqual(['dnf remove -y acme-release']);
  });

  it('promise no key of a release package that has none, whatever the index is signed with', () => {
    const places = [aPlace('debian-12', [releasePackage])];
    const view = viewOf({ ...usualRequest(), release: aRelease({ key: undefined }), places });
    const [block] = installCommands(view.distributions[0]!, view);
    expect(block?.text).toBe('The package acme-release brings the address of the repository.');
    expect(view.distributions[0]?.definition.text).toContain('Trusted: yes');
    expect(repositoriesDocument(view).distributions[0]?.definition.keyPath).toBeNull();
  });

  it('forget all keys of a change of keys', () => {
    const fingerprints = ['A'.repeat(40), 'B'.repeat(40)];
    const view = viewOf({ ...usualRequest(), key: { ...someKey, fingerprints } });
    const of = (id: string): readonly string[] | undefined =>
      linesOf(
        installCommands(
          view.distributions.find((each) => each.distribution.id === id)!,
          view,
        ),
        'forget',
      );
    expect(of('rocky-9')?.slice(1)).toEqual([
      'rpm -e --allmatches gpg-pubkey-aaaaaaaa',
      'rpm -e --allmatches gpg-pubkey-bbbbbbbb',
    ]);
    expect(of('fedora-43')?.slice(1)).toEqual([
      `rpmkeys --delete ${'a'.repeat(40)}`,
      `rpmkeys --delete ${'b'.repeat(40)}`,
    ]);
  });

  it('quote addresses', () => {
    const baseurl = "https://packages.example.com/it's $(here)";
    const blocks = commandsFor([aPlace('debian-12', [releasePackage])], { baseurl });
    const [, , curl = ''] = linesOf(blocks, 'repository') ?? [];
    const { stdout } = spawnSync('sh', ['-c', curl.replace('curl', 'printf "%s\\n"').replace(/ &&$/, '')]);
    expect(String(stdout).trim().split('\n').at(-1)).toBe(`${baseurl}/debian/acme-release.debian12.all.deb`);
    expect(keyCommands({ ...someKey, file: 'acme.asc', url: `${baseurl}/acme.asc` })[0]).toContain(String.raw`'\''`);
  });
});
