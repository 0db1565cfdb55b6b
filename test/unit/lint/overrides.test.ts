import { describe, expect, it } from 'vitest';

import type { LintFinding } from '../../../src/lint/finding.ts';
import { ourOverrides } from '../../../src/lint/ours.ts';
import { covers, manifestOverride, matchesGlob, OverrideTally, type LintOverride } from '../../../src/lint/override.ts';
import {
  overridesOf,
  renderLintianOverrides,
  renderRpmlintrc,
  withLintianOverrides,
} from '../../../src/lint/shipped.ts';
import { aPackageDefinition, aDirectory, aFile, aLink } from '../../support/definitions.ts';

const finding: LintFinding = {
  linter: 'lintian',
  package: 'acme-fleet-node',
  tag: 'non-standard-dir-perm',
  severity: 'warning',
  path: '/var/lib/fleet',
  note: '0750 != 0755',
  silenced: false,
};

function override(changes: Partial<LintOverride> = {}): LintOverride {
  const base = { linter: undefined, tag: 'non-standard-dir-perm', path: undefined, note: undefined };
  return { ...base, reason: 'meant', origin: undefined, ...changes };
}

describe('an override', () => {
  it.each([
    [{}, true],
    [{ path: '/var/lib/fleet' }, true],
    [{ path: '/var/*' }, true],
    [{ path: '/var/lib/flee?' }, true],
    [{ path: '/var/lib' }, false],
    [{ path: '/var/lib/fleet', note: '0750 *' }, true],
    [{ note: '0700 *' }, false],
    [{ linter: 'lintian' }, true],
    [{ linter: 'rpmlint' }, false],
    [{ tag: 'non-standard' }, false],
  ] as const)('with %j covers the finding: %s', (changes, expected) => {
    expect(covers(override(changes), finding)).toBe(expected);
  });

  it('with a path does not cover what is about no file', () => {
    expect(covers(override({ path: '*' }), { ...finding, path: undefined })).toBe(false);
  });

  it('takes nothing in a glob but * and ? for a joker', () => {
    expect(matchesGlob('/a.b+(c)[d]{e}|^$', '/a.b+(c)[d]{e}|^$')).toBe(true);
    expect(matchesGlob('/a.b', '/aXb')).toBe(false);
  });

  it('is counted by what the manifest says', () => {
    const tally = new OverrideTally();
    const settings = { tag: 'a', path: undefined, linter: undefined, reason: 'r' };
    tally.use(manifestOverride(settings));
    expect(tally.isUsed({ ...settings })).toBe(true);
    expect(tally.isUsed({ ...settings, path: '/x' })).toBe(false);
  });
});

describe('the file for lintian', () => {
  it('has each override with its reason above it, and none that another covers', () => {
    const text = renderLintianOverrides('acme', [
      override({ tag: 'no-manual-page', path: '/usr/bin/fleet-ca', reason: 'none\nyet' }),
      override({ tag: 'no-manual-page', path: '/usr/bin/fleet' }),
      override({ tag: 'no-manual-page', path: '/usr/sbin/fleetd' }),
      override({ tag: 'dir-or-file-in-opt', path: '/opt/fleet' }),
      override({ tag: 'dir-or-file-in-opt', path: '/opt/fleet/*' }),
      override({ tag: 'embedded-library' }),
      override({ tag: 'embedded-library', path: '/opt/x' }),
    ]);
    expect(text).toBe(
      [
        ['# meant', 'acme: dir-or-file-in-opt *opt/fleet*'],
        ['# meant', 'acme: embedded-library'],
        ['# meant', 'acme: no-manual-page *usr/bin/fleet*'],
        ['# meant', 'acme: no-manual-page *usr/sbin/fleetd*'],
      ]
        .flat()
        .map((line) => `${line}\n`)
        .join(''),
    );
  });

  it('is a file of the package, unless the manifest installs one', () => {
    const definition = aPackageDefinition({ name: 'acme', on: 'debian-12' });
    const path = '/usr/share/lintian/overrides/acme';
    const [entry] = withLintianOverrides(definition, [override()]).contents.filter((each) => each.path === path);
    expect(entry).toMatchObject({ kind: 'file', mode: 0o644, configuration: false });
    const own = { ...definition, contents: [aFile(path)] };
    expect(withLintianOverrides(own, [override()])).toBe(own);
  });
});

describe('the file for rpmlint', () => {
  const filterOf = (text: string): RegExp => new RegExp(/addFilter\(r'(.*)'\)\n$/.exec(text)?.[1] ?? '(?!)');

  it('lets pass what is meant, and nothing else', () => {
    const overrides = [
      override({ tag: 'dir-or-file-in-opt', path: '/opt/fleet/*' }),
      override({ tag: 'no-manual-page-for-binary', note: 'fleet' }),
      override({ tag: 'file-not-in-%lang', path: "/opt/it's (1)" }),
      override({ tag: 'wrong-script-interpreter', path: '/opt/fleet/bin/*', note: '*/opt/fleet/bin/python*' }),
      override({ tag: 'no-signature' }),
    ];
    const filter = filterOf(renderRpmlintrc({ name: 'acme-c++', architecture: 'noarch' }, overrides));
    for (const passed of [
      'acme-c++.noarch: E: dir-or-file-in-opt /opt/fleet/bin',
      'acme-c++.noarch: W: no-manual-page-for-binary fleet',
      "acme-c++.noarch: W: file-not-in-%lang /opt/it's (1)",
      'acme-c++.noarch: E: wrong-script-interpreter /opt/fleet/bin/fleet /opt/fleet/bin/python',
      'acme-c++.noarch: E: no-signature',
    ])
      expect(passed).toMatch(filter);
    for (const stopped of [
      'acme-c++.noarch: E: dir-or-file-in-opt /opt/other',
      'acme-c++.noarch: W: no-manual-page-for-binary fleet-ca',
      'acme-c++.noarch: E: wrong-script-interpreter /opt/fleet/bin/fleet /usr/local/bin/python',
      'acme-c++.noarch: E: no-signature-at-all',
      'acme-cxx.noarch: E: no-signature',
      'acme-c++-more.noarch: E: no-signature',
    ])
      expect(stopped).not.toMatch(filter);
  });
});

describe('the overrides of a package', () => {
  const tree = [aDirectory('/opt/fleet'), aDirectory('/opt/fleet/bin'), aFile('/opt/fleet/lib/a.so')];
  const tags = (overrides: readonly LintOverride[]): readonly string[] =>
    [...new Set(overrides.map(({ tag }) => tag))].sort();

  it('are for its own linter, and for what is in it', () => {
    const deb = aPackageDefinition({ contents: tree, on: 'debian-11' });
    const found = tags(ourOverrides({ definition: deb, prefix: '/opt/fleet' }));
    // Of each kind of content that is there one; what is only for rpmlint, or for content that is not there, is left out.
    expect(found).toEqual(
      expect.arrayContaining([
        'dir-or-file-in-opt',
        'embedded-library',
        'script-not-executable',
        'unusual-interpreter',
      ]),
    );
    for (const other of ['no-signature', 'binary-or-shlib-defines-rpath', 'embedded-javascript-library'])
      expect(found).not.toContain(other);
    expect(tags(ourOverrides({ definition: deb, prefix: '/srv/fleet' }))).toEqual([]);
  });

  it('of links name each link, and look for its manual page', () => {
    const contents = [aLink('/usr/bin/fleet', '/opt/fleet/bin/fleet'), aLink('/usr/bin/other', '/usr/bin/true')];
    const definition = aPackageDefinition({ contents, on: 'debian-11' });
    const none = ourOverrides({ definition, prefix: '/opt/fleet' });
    expect(none.map(({ tag, path }) => [tag, path])).toEqual([['no-manual-page', '/usr/bin/fleet']]);
    const documented = { ...definition, contents: [...contents, aFile('/usr/share/man/man1/fleet.1.gz')] };
    expect(ourOverrides({ definition: documented, prefix: '/opt/fleet' })).toEqual([]);
  });

  it('have those of the manifest that can be about it', () => {
    const definition = aPackageDefinition({
      contents: [aDirectory('/var/lib/fleet')],
      on: 'debian-11',
    });
    const settings = { linter: undefined, reason: 'r' };
    const found = overridesOf({ definition, prefix: '/opt/fleet' }, [
      { ...settings, tag: 'here', path: '/var/*' },
      { ...settings, tag: 'elsewhere', path: '/srv/*' },
      { ...settings, tag: 'anywhere', path: undefined },
      { ...settings, tag: 'rpm-only', path: undefined, linter: 'rpmlint' },
    ]);
    expect(tags(found)).toEqual(['anywhere', 'here']);
  });
});
