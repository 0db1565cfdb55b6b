import { describe, expect, it } from 'vitest';

import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import { satisfies } from '../../../src/python/specifiers.ts';
import { compareVersions, formatVersion, parseVersion } from '../../../src/python/version.ts';
import { askPackaging, hasCurrentPackaging, hasPackaging } from '../../support/version-oracles.ts';

// PEP 440, "Normalization", and spellings that are on the index.
// prettier-ignore
const spellings = [
  '1.0', 'v1.0', ' 1.0 ', '1', '1.2.3.4', '01.02', '1!1.0', '1.0alpha1', '1.0-Alpha.1', '1.0_b', '1.0c2', '1.0preview3', '1.0.pre.4',
  '1.0RC5', '1.0.rc-6', '1.0-1', '1.0.post', '1.0-rev3', '1.0r4', '1.0_post-5', '1.0.dev', '1.0DEV2', '1.0-dev-3', '1.0a1.post2.dev3',
  '1.0+Ubuntu-1_2.X', '1.0+001', '1.0+1e5', '1.0+0x10', '1.0+infinity', '1.0+g1234567', '1.0+12ab.3', '0.3.0.dev1+307.gb6d6e9f.dirty',
  '0.3.0dev1+307.gb6d6e9f.dirty', '0.3.2pre11+1.gf661a6a', '20260102.030405', '2!0.0.0a0.post0.dev0+0',
] as const;

// prettier-ignore
const ordered = [
  '0', '0.0.1.dev0', '1.dev0', '1.0.dev456', '1.0a0.dev1', '1.0a1.dev1', '1.0a1', '1.0a1+1', '1.0a1.post1.dev1', '1.0a1.post1', '1.0a2.dev456',
  '1.0a12.dev456', '1.0a12', '1.0b1.dev456', '1.0b2', '1.0b2.post345.dev456', '1.0b2.post345', '1.0rc1.dev456', '1.0rc1', '1.0', '1.0.0', '1.0+abc.5',
  '1.0+abc.7', '1.0+5', '1.0+5.a', '1.0+5.0', '1.0+10', '1.0.post456.dev34', '1.0.post456', '1.0.post456+x', '1.0.15', '1.1.dev1', '1.1', '1.10', '2', '1!0.1.dev1', '1!0.1',
] as const;

describe('parseVersion', () => {
  it.skipIf(!hasPackaging)('normalizes every spelling as packaging does', () => {
    const expected = askPackaging('answer = [str(packaging.version.Version(v)) for v in question]', spellings);
    expect(spellings.map((spelling) => formatVersion(parseVersion(spelling)))).toEqual(expected);
  });

  it('takes a version apart', () => {
    expect(parseVersion('1!2.3rc4.post5.dev6+Ab-7.1e5')).toEqual({
      epoch: 1,
      release: [2, 3],
      pre: { label: 'rc', number: 4 },
      post: 5,
      dev: 6,
      local: ['ab', 7, '1e5'],
    });
  });

  it('accepts the legacy dirty suffix as a local version', () => {
    expect(formatVersion(parseVersion('0.3.2.dirty'))).toBe('0.3.2+dirty');
    expect(formatVersion(parseVersion('0.3.0.dev1.dirty'))).toBe('0.3.0.dev1+dirty');
  });

  it.each([
    '',
    'unparseable',
    '0.1.2rcX',
    '0.3.2xdirty',
    '0.3.2:.post1',
    '0.3.2-1-gabc',
    '1.0+',
    '1.0+a..b',
    '1..0',
    '.dirty',
    '1.0+é',
    '1.0\n2',
  ])('refuses %j naming it', (text) => {
    let error: unknown;
    try {
      parseVersion(text);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(CoachbuilderError);
    expect(error).toMatchObject({ code: 'version-invalid', message: `"${text}" is not a version` });
  });

  it('refuses numbers that JavaScript could not compare exactly', () => {
    expect(() => parseVersion('1.9007199254740993')).toThrow('is not a version');
  });
});

describe('compareVersions', () => {
  it.skipIf(!hasPackaging)('orders every pair as packaging does', () => {
    const expected = askPackaging(
      'vs = [packaging.version.Version(v) for v in question]\nanswer = [[(a > b) - (a < b) for b in vs] for a in vs]',
      ordered,
    );
    expect(ordered.map((a) => ordered.map((b) => Math.sign(compareVersions(a, b))))).toEqual(expected);
  });
});

describe('satisfies', () => {
  // prettier-ignore
  const sets = [
    '', '==1.0', '==1.0.0', '==1', '==1.0+abc.5', '!=1.0', '==1.*', '!=1.*', '==1.0.*', '!=1.0.*', '==1.0.0.*', '~=1.0', '~=1.0.0', '~=1.0rc1', '~=1.0.post456', '~=0.0.1',
    '<1.0', '<1.0rc1', '<1.0.post456', '<1!0', '<=1.0', '<=1.0a1', '>1.0', '>1.0a1', '>1.0.post1', '>1.0.post456', '>=1.0', '>=1.0a12', '>=1.0.dev1', '>1.0.dev1', '>1.0.dev456', '>1.0a1.dev1', '>1.0b2.post345.dev456', '<1.0b2.post345',
    '>0.9,<2,!=1.1', '>=1!0', '==1!0.*', '===1.0', '===1.0.0', '===1.0+ABC.5', '>=1.0 , <1.10 ', '!=1.0a1', '>1.0b2', '<1.0.dev456',
  ] as const;

  it.skipIf(!hasCurrentPackaging).each([true, false, undefined])(
    'agrees with packaging on every set and version, prereleases %s',
    (prereleases) => {
      const expected = askPackaging(
        `
def contains(s, v, pre):
    s = packaging.specifiers.SpecifierSet(s)
    return s.contains(v, prereleases=bool(s.prereleases) if pre is None else pre)
answer = [[contains(s, v, question["prereleases"]) for v in question["versions"]] for s in question["sets"]]`,
        { sets, versions: ordered, prereleases: prereleases ?? null },
      );
      const differences = sets.flatMap((set, row) =>
        ordered.flatMap((version, column) => {
          const wanted = (expected as boolean[][])[row]?.[column];
          const answer = satisfies(version, set, { prereleases });
          return answer === wanted
            ? []
            : [`${version} in "${set}": ours ${String(answer)}, packaging ${String(wanted)}`];
        }),
      );
      expect(differences).toEqual([]);
    },
  );

  it('reads forbidden but common wildcards of old releases', () => {
    expect(satisfies('3.6.0', '>=2.7.*, <4.*')).toBe(true);
    expect(satisfies('2.6', '>=2.7.*')).toBe(false);
  });

  it.each(['1.0', '=>1.0', '>=dev', '~=1', '~=1.*', '>1.*', '==1.0a1.*', '==1.0+a.*', '>=1.0+a', '==', '== 1 0'])(
    'refuses the set %j',
    (set) => {
      expect(() => satisfies('1.0', set)).toThrow(expect.objectContaining({ code: 'requirement-invalid' }));
    },
  );
});
