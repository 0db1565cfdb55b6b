import { describe, expect, it } from 'vitest';

import { fullVersion, type PackageVersion } from '../../../src/model/package-version.ts';
import { packageVersion } from '../../../src/plan/version-mapping.ts';
import {
  compareWithDpkg,
  compareWithDpkgLibrary,
  compareWithRpm,
  complaintsOfDpkg,
  hasDpkgLibrary,
  hasPackaging,
  parseWithRpm,
  rankWithPackaging,
} from '../../support/version-oracles.ts';

const tags = {
  rpm: [undefined, '.el7', '.el10', '.fc43', '.amzn2', '.amzn2023', '.suse.lp156', '.el7.centos', '_x'],
  deb: [undefined, '+debian12', '+ubuntu16.04'],
} as const;
type Format = keyof typeof tags;

/** Numbers from 0 up to 1, the same in every run (Park and Miller's generator). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function pick<Item>(items: readonly Item[], random: () => number): Item {
  return items[Math.floor(random() * items.length)]!;
}

// Every choice of every part that PEP 440 knows; numbers that differ in length show comparisons as text.
// prettier-ignore
const parts = {
  epoch: ['', '1!', '2!', '10!'],
  release: ['0', '1', '1.0', '1.0.0', '1.0.0.0', '1.0.0.1', '1.0.0.0.1', '1.0.1', '1.1', '1.9.0', '1.10', '2', '10.0.0.0.0', '20260102.3'],
  pre: ['', 'a0', 'a1', 'a2', 'a10', 'b0', 'b1', 'rc0', 'rc1', 'rc2', 'rc10'],
  post: ['', '.post0', '.post1', '.post2', '.post10'],
  dev: ['', '.dev0', '.dev1', '.dev2', '.dev10'],
  local: ['', '+0', '+1', '+1.0', '+1.5', '+2', '+10', '+10.0.1'],
} as const;
const partNames = ['epoch', 'release', 'pre', 'post', 'dev', 'local'] as const;

type Chosen = Readonly<Record<(typeof partNames)[number], string>>;

function join(chosen: Chosen): string {
  return partNames.map((name) => chosen[name]).join('');
}

/** Pairs that differ in one to three parts: distant ones would say little. */
function randomPairs(count: number): readonly (readonly [string, string])[] {
  const random = seededRandom(440);
  return Array.from({ length: count }, () => {
    const chosen = Object.fromEntries(partNames.map((name) => [name, pick(parts[name], random)])) as Chosen;
    let other = chosen;
    for (let change = 0; change < 1 + Math.floor(random() * 3); change += 1) {
      const name = pick(partNames, random);
      other = { ...other, [name]: pick(parts[name], random) };
    }
    return [join(chosen), join(other)] as const;
  });
}

/** Every stage of one release: all combinations of pre, post and dev, with and without local versions. */
function everyStage(locals: readonly string[]): readonly string[] {
  return parts.pre.flatMap((pre) =>
    parts.post.flatMap((post) => parts.dev.flatMap((dev) => locals.map((local) => `1.0${pre}${post}${dev}${local}`))),
  );
}

/** Neighbours in the order of packaging: if they are right and the comparison is transitive, everything is. */
function neighbours(versions: readonly string[]): readonly (readonly [string, string])[] {
  const ranks = rankWithPackaging(versions);
  const sorted = versions.map((version, index) => ({ version, rank: ranks[index]! })).sort((a, b) => a.rank - b.rank);
  return sorted.slice(1).map((entry, index) => [sorted[index]!.version, entry.version] as const);
}

const stages = everyStage(['']);
// prettier-ignore
const pairs: readonly (readonly [string, string])[] = !hasPackaging ? [] : [
  ...randomPairs(3000),
  ...neighbours(everyStage(parts.local)),
  ...neighbours(parts.release.flatMap((release) => parts.epoch.map((epoch) => `${epoch}${release}`))),
  ...stages.flatMap((a, index) => stages.slice(index + 1).flatMap((b, other) => ((index + other) % 9 === 0 ? [[a, b] as const] : []))),
];

const wanted = (() => {
  const ranks = hasPackaging ? rankWithPackaging(pairs.flat()) : [];
  return pairs.map((_, index) => Math.sign(ranks[2 * index]! - ranks[2 * index + 1]!));
})();

function mapped(format: Format, tag: string | undefined): readonly (readonly [PackageVersion, PackageVersion])[] {
  const map = (version: string): PackageVersion => packageVersion(version, { epoch: 0, format, tag });
  return pairs.map(([a, b]) => [map(a), map(b)] as const);
}

/** The pairs that an oracle orders otherwise than packaging, readable. */
function violations(ours: ReturnType<typeof mapped>, answers: readonly number[]): readonly string[] {
  expect(answers).toHaveLength(ours.length);
  return ours.flatMap(([a, b], index) =>
    Math.sign(answers[index]!) === wanted[index]
      ? []
      : [`${pairs[index]!.join(' | ')} (${String(wanted[index])}): ${fullVersion(a)} | ${fullVersion(b)}`],
  );
}

describe.skipIf(!hasPackaging)('the order of PEP 440', () => {
  it('is tried on thousands of pairs of all three outcomes', () => {
    expect(pairs.length).toBeGreaterThan(8000);
    for (const outcome of [-1, 0, 1]) {
      expect(wanted.filter((each) => each === outcome).length).toBeGreaterThan(100);
    }
  });

  it.each(tags.rpm)('is the order of rpm with the tag %s', (tag) => {
    const ours = mapped('rpm', tag);
    expect(violations(ours, compareWithRpm(ours))).toEqual([]);
  });

  // prettier-ignore
  it.skipIf(!hasDpkgLibrary).each(tags.deb)("is the order of dpkg's library with the tag %s", (tag) => {
    const ours = mapped('deb', tag);
    expect(violations(ours, compareWithDpkgLibrary(ours))).toEqual([]);
  });

  // prettier-ignore
  it.each(tags.deb)('is the order of dpkg itself with the tag %s', (tag) => {
    const every = Math.ceil(pairs.length / 200);
    const chosen = mapped('deb', tag).map((pair, index) => ({ pair, index })).filter(({ index }) => index % every === 0);
    const answers = compareWithDpkg(chosen.map(({ pair }) => pair));
    expect(answers).toEqual(chosen.map(({ index }) => wanted[index]));
  });

  it('gives equal versions one string and different versions different strings', () => {
    const wrong = mapped('rpm', '.el7').filter(
      ([a, b], index) => (fullVersion(a) === fullVersion(b)) !== (wanted[index] === 0),
    );
    expect(wrong).toEqual([]);
  });
});

describe('local versions with letters', () => {
  // prettier-ignore
  const locals = [
    '+dirty', '+0.dirty', '+0', '+1.gf661a6a', '+1.gf661a6a.dirty', '+99.g3d644b1', '+100.g0000000', '+100.g0000000.dirty', '+cu118', '+ubuntu.1', '+a', '+zz', '+3d644b1', '+1e5',
    '+0dirty', '+d1rty', '+el7', '+el7.1', '+debian12',
  ];
  const bases = ['1.0', '1.0.dev2', '1.0rc1', '1.0rc1.dev2', '1.0rc1.post2', '1.0.post2', '1.0.post2.dev3'];

  const cases = (['rpm', 'deb'] as const).flatMap((format) => tags[format].map((tag) => ({ format, tag })));
  const compare = { rpm: compareWithRpm, deb: compareWithDpkg } as const;

  it.each(cases)('come after the same version without one ($format, $tag)', ({ format, tag }) => {
    const map = (version: string): PackageVersion => packageVersion(version, { epoch: 0, format, tag });
    const ours = bases.flatMap((base) => locals.map((local) => [map(base), map(`${base}${local}`)] as const));
    const answers = compare[format](ours);
    expect(ours.filter((_, index) => answers[index] !== -1)).toEqual([]);
  });

  // prettier-ignore
  it.each(cases)('grow with the count in front of a hash, and stay before the next stage ($format, $tag)', ({ format, tag }) => {
    const map = (version: string): PackageVersion => packageVersion(version, { epoch: 0, format, tag });
    const ours = [
      ['1.0', '1.0+1.gf661a6a'], ['1.0+1.gf661a6a', '1.0+2.g0000000'], ['1.0+9.gffffff', '1.0+10.g0000000'], ['1.0+9.gfffffff.dirty', '1.0+10.g0000000'], ['1.0+99.gffffff', '1.0.post1.dev0'],
      ['1.0rc1+99.gfffffff', '1.0rc1.post0.dev0'], ['1.0rc1+99.gfffffff.dirty', '1.0rc2.dev0'], ['1.0.dev1+99.gffffff.dirty', '1.0.dev2'], ['1.0.dev1+dirty', '1.0a0.dev0'],
      ['1.0.dev1+dirty', '1.0.dev2'], ['1.0+zz', '1.0.post0.dev0'], ['1.0a1+dirty', '1.0a1.post0.dev0'],
    ].map(([a = '', b = '']) => [map(a), map(b)] as const);
    expect(compare[format](ours)).toEqual(ours.map(() => -1));
  });

  it.each(cases)('have a string of their own ($format, $tag)', ({ format, tag }) => {
    const versions = bases.flatMap((base) => ['', ...locals].map((local) => `${base}${local}`));
    const strings = versions.map((version) => fullVersion(packageVersion(version, { epoch: 0, format, tag })));
    expect(new Set(strings).size).toBe(versions.length);
  });
});

describe('the strings', () => {
  const versions = [
    ...stages.filter((_, index) => index % 5 === 0),
    '1!1.0+99.g3d644b1.dirty',
    '1.0.dirty',
    '1.0rc1.post2.dev3+a.1',
  ];

  it('are versions that dpkg accepts without a warning', () => {
    const ours = versions.map((version) => packageVersion(version, { epoch: 0, format: 'deb', tag: '+ubuntu16.04' }));
    expect(complaintsOfDpkg(ours)).toBe('');
  });

  it('are versions that rpm accepts in a spec file', () => {
    const ours = versions.map((version) => packageVersion(version, { epoch: 1, format: 'rpm', tag: '.suse.lp156' }));
    expect(parseWithRpm(ours)).toEqual(ours.map(fullVersion));
  });
});
