import { expect, it } from 'vitest';

import { compileGlob, globProblem } from '../../../src/model/glob.ts';
import { parseSize } from '../../../src/model/size.ts';

/* The cases are those of gitignore(5) and of glob(7), as far as we take them over. */
it.each<[string, string, boolean]>([
  ['a/b', 'a/b', true],
  ['a/b', 'a/b/c/d', true],
  ['a/b', 'a/bc', false],
  ['a/b', 'x/a/b', false],
  ['a/b/', 'a/b/c', true],
  ['a/*.py', 'a/x.py', true],
  ['a/*.py', 'a/b/x.py', false],
  ['a/**/*.py', 'a/x.py', true],
  ['a/**/*.py', 'a/b/c/x.py', true],
  ['**/x.py', 'x.py', true],
  ['**/x.py', 'a/b/x.py', true],
  ['**/x.py', 'a/ax.py', false],
  ['a/**', 'a/b', true],
  ['a/**', 'a', false],
  ['a?c', 'abc', true],
  ['a?c', 'a/c', false],
  ['a[bc]d', 'acd', true],
  ['a[!bc]d', 'acd', false],
  ['a[!bc]d', 'aed', true],
  ['a.b', 'axb', false],
  ['a+(b)', 'a+(b)', true],
  ['/opt/x/*', '/opt/x/y', true],
  ['ä*', 'äö', true],
])('%s and %s: %s', (glob, path, expected) => {
  expect(compileGlob(glob)(path)).toBe(expected);
});

it.each(['../x', 'a/../b', 'a\\b', 'a**/b', '**.py', 'a[z-a]'])('%s is no glob', (glob) => {
  expect(globProblem(glob)).toBeDefined();
});

it('takes a whole set for a name that holds a bracket only', () => {
  expect(globProblem('a[b')).toBeUndefined();
  expect(compileGlob('a[b')('a[b')).toBe(true);
});

it.each<[string, number | undefined]>([
  ['120 MB', 120_000_000],
  ['1.5GB', 1_500_000_000],
  ['2 MiB', 2_097_152],
  ['500 kB', 500_000],
  ['7 B', 7],
  ['120', undefined],
  ['MB', undefined],
  ['-1 MB', undefined],
  ['1 constructor', undefined],
])('%s is %s bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});
