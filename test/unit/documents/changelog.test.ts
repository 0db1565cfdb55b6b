import { describe, expect, it } from 'vitest';

import { packageChangelog } from '../../../src/documents/changelog.ts';
import { readHistory, type History } from '../../../src/documents/history.ts';
import type { ReleaseNotes } from '../../../src/documents/release-notes.ts';
import { packageVersion } from '../../../src/plan/version-mapping.ts';
import { someEpoch } from '../../support/definitions.ts';

const nameVersion = (version: string) => packageVersion(version, { epoch: 0, format: 'rpm', tag: '.el9' });
const day = 86_400;

function changelog(
  notes: readonly ReleaseNotes[],
  options: { readonly version?: string; readonly epoch?: number; readonly from?: History['from'] } = {},
) {
  const { version = '1.2.0', epoch = someEpoch, from = 'file' } = options;
  const facts = { version, packageVersion: nameVersion(version), epoch, nameVersion };
  return packageChangelog({ from, notes, file: undefined }, facts);
}

const release = (version: string | undefined, changes: readonly string[] = [], date?: number): ReleaseNotes => ({
  version,
  date,
  changes,
});

describe('the changelog of a package', () => {
  it('has one entry where nothing is known', () => {
    expect(changelog([])).toEqual([
      { version: { epoch: 0, version: '1.2.0', release: '1.el9' }, date: someEpoch, changes: ['Release 1.2.0.'] },
    ]);
  });

  it('begins with its own version, dated by SOURCE_DATE_EPOCH, and leaves newer ones out', () => {
    const notes = [
      release(undefined, ['To come.']),
      release('2.0', ['Too new.']),
      release('1.2', ['Now.'], 1),
      release('1.1', ['Then.'], someEpoch - 5 * day),
    ];
    expect(changelog(notes).map(({ version, date, changes }) => [version.version, date, changes])).toEqual([
      ['1.2.0', someEpoch, ['Now.']],
      ['1.1.0', someEpoch - 5 * day, ['Then.']],
    ]);
  });

  it('sorts by version, takes what is there twice once, and lets dates go down', () => {
    const late = someEpoch + 9 * day;
    const notes = [release('0.9'), release('1.0.0', [], late), release('1.0'), release('1.1'), release('1.1rc1')];
    const entries = changelog(notes);
    expect(entries.map(({ version: { version, release: part } }) => `${version}-${part}`)).toEqual([
      '1.2.0-1.el9',
      '1.1.0-1.el9',
      '1.1.0-0.rc.1.el9',
      '1.0.0-1.el9',
      '0.9.0-1.el9',
    ]);
    expect(entries.map(({ date }) => someEpoch - date)).toEqual([0, 1, 2, 3, 4]);
  });

  it('takes what is not released for a development version, and commits since the last tag for any', () => {
    const notes = [release(undefined, ['New.']), release('1.1', ['Old.'])];
    expect(changelog(notes, { version: '1.2.dev3' })[0]?.changes).toEqual(['New.']);
    expect(changelog(notes)[0]?.changes).toEqual(['Release 1.2.0.']);
    expect(changelog(notes, { from: 'git' })[0]?.changes).toEqual(['New.']);
  });

  it('has no date that rpm refuses: none before 1997', () => {
    expect(changelog([release('1.1')], { epoch: 0 }).map(({ date }) => new Date(date * 1000).toISOString())).toEqual([
      '1997-01-01T00:00:00.000Z',
    ]);
  });

  it('is short', () => {
    const many = Array.from({ length: 50 }, (_, index) => release(`1.1.${String(index)}`));
    expect(changelog(many)).toHaveLength(10);
    const long = release(
      '1.2',
      Array.from({ length: 99 }, () => 'x'.repeat(1000)),
    );
    const [entry] = changelog([long]);
    expect(entry?.changes).toHaveLength(40);
    expect(entry?.changes[0]).toHaveLength(400);
    expect(entry?.changes.at(-1)).toBe('and 60 more changes');
  });
});

describe('a changelog in which nothing is', () => {
  it('is none', async () => {
    const source = { kind: 'wheel', path: '/a.whl' } as const;
    const settings = {
      changelog: { from: 'auto' },
      version: { from: 'source', tagPrefix: undefined, value: undefined },
    } as const;
    const ask = (text: string): Promise<History> =>
      readHistory({ source, changelog: { name: 'NEWS', bytes: Buffer.from(text) } }, settings, {} as never);
    expect((await ask('\uFEFF \n\n')).file).toBeUndefined();
    expect((await ask('News\n')).file?.name).toBe('NEWS');
  });
});
