import { spawnSync } from 'node:child_process';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { buildPackages, fleetCheckout, workspace, type BuiltPackage, type Workspace } from '../support/builds.ts';

const works = (program: string, ...args: readonly string[]): boolean => spawnSync(program, args).status === 0;
const lacking = [
  ...(works('lintian', '--version') ? [] : ['lintian']),
  ...(works('rpmlint', '--print-config') ? [] : ['rpmlint 2']),
];
const reason = lacking.length === 0 ? '' : ` (skipped: there is no ${lacking.join(' and no ')})`;

const distributions = ['debian-11', 'debian-12', 'debian-13', 'ubuntu-16.04', 'ubuntu-24.04'].concat([
  'centos-7',
  'rocky-9',
  'fedora-42',
]);

let space: Workspace;
let built: readonly BuiltPackage[];

/** Lines of a linter that are errors or warnings: `E: package: tag`, `package.arch: W: tag`. */
function complaints(text: string): readonly string[] {
  return text.split('\n').filter((line) => /^[EW]: |^\S+: [EW]: /.test(line));
}

describe.skipIf(lacking.length > 0)(`the example's packages${reason}`, () => {
  beforeAll(async () => {
    space = await workspace();
    const uri = await fleetCheckout(await space.directory('project'));
    built = await buildPackages({ uri, distributions, destination: await space.directory('out'), lint: 'require' });
  }, 600_000);

  afterAll(async () => {
    await space[Symbol.asyncDispose]();
  });

  it('are all there', () => {
    expect(built).toHaveLength(4 * distributions.length);
  });

  it('are clean for the lintian of their users', () => {
    const files = built.filter(({ format }) => format === 'deb').map(({ path }) => path);
    const { status, stdout } = spawnSync('lintian', ['--no-cfg', '--fail-on=error,warning', ...files], {
      encoding: 'utf8',
    });
    expect(complaints(stdout)).toEqual([]);
    expect(status).toBe(0);
  }, 300_000);

  it('are clean for the rpmlint of their users', () => {
    for (const { path, format, rpmlintrc } of built) {
      if (format !== 'rpm') continue;
      const { status, stdout } = spawnSync('rpmlint', ['--rpmlintrc', String(rpmlintrc), path], { encoding: 'utf8' });
      expect(complaints(stdout), path).toEqual([]);
      expect(status, path).toBe(0);
    }
  }, 300_000);
});
