import { describe, expect, it } from 'vitest';

import { parsePublishOptions } from '../../../src/cli/publish-options.ts';
import { fakeWorld } from '../../support/world.ts';

const { world } = fakeWorld();

describe('the store of publish-packages', () => {
  it.each([
    ['repository', '/somewhere/repository'],
    ['.', '/somewhere'],
    ['../repository/', '/repository'],
    ['s3://packages/linux/', 's3://packages/linux/'],
  ])('is %s', (word, to) => {
    expect(parsePublishOptions([`--to=${word}`, 'dist'], world).to).toBe(to);
  });

  it('is never the working directory because a variable was empty', () => {
    expect(() => parsePublishOptions(['--to=', 'dist'], world)).toThrow(/--to= is no place for a repository/);
  });

  it('is no directory that is called like an address, and the address is not repeated', () => {
    const parse = (): unknown => parsePublishOptions(['--to=https://user:sec/ret@acme.example/x', 'dist'], world);
    expect(parse).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(parse).not.toThrow(/ret/);
  });
});
