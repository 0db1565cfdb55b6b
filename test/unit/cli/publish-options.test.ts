import { describe, expect, it } from 'vitest';

import { parsePublishOptions } from '../../../src/cli/publish-options.ts';
import { fakeWorld } from '../../support/world.ts';

const { world } = fakeWorld();

describe('the architectures of publish-packages', () => {
  const parse = (...words: readonly string[]): unknown => parsePublishOptions([...words, 'dist'], world).architectures;

  it('are read as those of build-package, and the option may be repeated', () => {
    expect(parse()).toEqual([]);
    expect(parse('--architecture=amd64, arm64,', '--architecture=x86_64')).toEqual(['x86_64', 'aarch64']);
    expect(() => parse('--architecture=sparc')).toThrow(
      expect.objectContaining({ code: 'usage', message: 'there is no architecture sparc' }),
    );
  });
});

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
