import { describe, expect, it } from 'vitest';

import { HelpShown, UsageError } from '../../../src/cli/options.ts';
import { parsePreviewOptions } from '../../../src/cli/preview-options.ts';
import { fakeWorld } from '../../support/world.ts';

const { world } = fakeWorld({ cwd: '/here' });

describe('the command line of preview-scripts', () => {
  it('takes paths from where it is called', () => {
    expect(parsePreviewOptions(['--state=upgrade', '--previous', 'old/a.deb', '--json', 'a.deb'], world)).toEqual({
      file: '/here/a.deb',
      state: 'upgrade',
      previous: '/here/old/a.deb',
      json: true,
    });
    expect(parsePreviewOptions(['/b.rpm'], world)).toEqual({
      file: '/b.rpm',
      state: undefined,
      previous: undefined,
      json: false,
    });
  });

  it.each([
    [[], 'Must specify a package file.'],
    [['a.deb', 'b.deb'], 'Must specify one package file only.'],
    [['--distribution=debian-12', 'a.deb'], "unknown option '--distribution=debian-12'"],
  ])('refuses %j', (argv, message) => {
    expect(() => parsePreviewOptions(argv, world)).toThrow(UsageError);
    expect(() => parsePreviewOptions(argv, world)).toThrow(message);
  });

  it('lists the states of both formats', () => {
    const told = fakeWorld();
    expect(() => parsePreviewOptions(['--help'], told.world)).toThrow(HelpShown);
    const text = told.output.stdout.replace(/\s+/g, ' ');
    expect(text).toContain('.rpm: install, upgrade, erase, verify');
    expect(text).toContain('abort-install');
  });
});
