import { expect, it } from 'vitest';

import { didYouMean, suggest } from '../../../src/errors/suggest.ts';

const keys = ['name', 'source', 'prefix', 'vendor', 'url', 'epoch', 'packages'];

it.each([
  ['nmae', 'name'],
  ['nam', 'name'],
  ['uri', 'url'],
  ['pakages', 'packages'],
  ['verndor', 'vendor'],
  ['ruse', undefined],
  ['dependencies', undefined],
])('for %s the suggestion is %s', (word, expected) => {
  expect(suggest(word, keys)).toBe(expected);
});

it('is put as a question, or not at all', () => {
  expect(didYouMean('nmae', keys)).toBe(' Did you mean "name"?');
  expect(didYouMean('dependencies', keys)).toBe('');
  expect(didYouMean('name', [])).toBe('');
});
