import { expect, test } from 'vitest';

import { fingerprintOf } from '../../../src/lock/fingerprint.ts';
import type { LockedEnvironment, LockInputs } from '../../../src/lock/lock.ts';
import { formatLock, parseLock, withEnvironment } from '../../../src/lock/lock-file.ts';
import { changedInputs, isAltered } from '../../../src/lock/verify-lock.ts';

const inputs: LockInputs = {
  python: '3.6',
  glibc: '2.17',
  architecture: 'x86_64',
  requirements: ['requests>=2', 'six'],
  constraints: [],
  indexes: [],
};

function environment(key: string, version = '1.10'): LockedEnvironment {
  const distributions = [
    {
      name: 'six',
      version,
      kind: 'wheel' as const,
      file: { fileName: `six-${version}-py2.py3-none-any.whl`, sha256: 'b'.repeat(64) },
    },
  ];
  return { key, inputs, fingerprint: fingerprintOf(key, inputs, distributions), distributions };
}

test('a lock is the same text for the same content, in whatever order it was made', () => {
  const one = formatLock({ schemaVersion: 1, environments: [environment('b'), environment('a')] });
  const two = formatLock({ schemaVersion: 1, environments: [environment('a'), environment('b')] });
  expect(one).toBe(two);
  expect(one).toMatch(/^# .+\nschemaVersion: 1\nenvironments:\n {2}- key: a\n/);
  expect(parseLock(one, 'lock').environments.map(({ key }) => key)).toEqual(['a', 'b']);
});

test('versions that look like numbers survive', () => {
  const text = formatLock({ schemaVersion: 1, environments: [environment('a', '1.10')] });
  const read = parseLock(text, 'lock').environments[0]!;
  expect(read.distributions[0]?.version).toBe('1.10');
  expect(read.inputs.python).toBe('3.6');
  expect(isAltered(read)).toBe(false);
});

test('an edit by hand shows', () => {
  const text = formatLock({ schemaVersion: 1, environments: [environment('a')] });
  expect(isAltered(parseLock(text.replace('b'.repeat(64), 'c'.repeat(64)), 'lock').environments[0]!)).toBe(true);
  expect(isAltered(parseLock(text.replace('requests>=2', 'requests>=3'), 'lock').environments[0]!)).toBe(true);
});

test.each([
  ['not YAML', 'a: [', /./],
  ['an unknown schema', 'schemaVersion: 2\nenvironments: []\n', /schemaVersion/],
  ['a file name that leads elsewhere', 'six-1.10-py2.py3-none-any.whl', /fileName/],
  ['an unknown key', 'kind: wheel', /./],
])('refuses %s', (_, text, detail) => {
  const good = formatLock({ schemaVersion: 1, environments: [environment('a')] });
  const bad = text.startsWith('six')
    ? good.replace(text, '../../evil.whl')
    : text.startsWith('kind')
      ? good.replace(text, 'kind: wheel\n        address: x')
      : text;
  expect(() => parseLock(bad, '/x/coachbuilder.lock')).toThrow(
    expect.objectContaining({
      code: 'lock-invalid',
      message: expect.stringContaining('/x/coachbuilder.lock') as unknown,
      details: [expect.stringMatching(detail)] as unknown,
    }) as Error,
  );
});

test('an environment is replaced and the others are kept', () => {
  const lock = withEnvironment(
    { schemaVersion: 1, environments: [environment('a'), environment('b')] },
    environment('a', '2.0'),
  );
  expect(lock.environments.map(({ key, distributions }) => [key, distributions[0]?.version])).toEqual([
    ['a', '2.0'],
    ['b', '1.10'],
  ]);
});

test('what changed is said in words', () => {
  expect(
    changedInputs(inputs, {
      ...inputs,
      python: '3.9',
      requirements: ['requests>=3', 'attrs'],
      constraints: ['six<2'],
      indexes: ['https://example.com/simple'],
    }),
  ).toEqual([
    'python changed: 3.6 -> 3.9',
    'requirement changed: requests>=2 -> requests>=3',
    'requirement added: attrs',
    'requirement removed: six',
    'constraint added: six<2',
    'indexes changed: those of pip and uv -> https://example.com/simple',
  ]);
  expect(changedInputs(inputs, { ...inputs })).toEqual([]);
});
