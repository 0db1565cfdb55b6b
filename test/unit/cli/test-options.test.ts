import { describe, expect, it } from 'vitest';

import { UsageError } from '../../../src/cli/options.ts';
import { parseBuildOptions } from '../../../src/cli/build-options.ts';
import { chooseTestRoots } from '../../../src/cli/test-built.ts';
import { parseTestOptions } from '../../../src/cli/test-options.ts';
import { distributionOf } from '../../support/builds.ts';
import { fakeWorld } from '../../support/world.ts';

const { world } = fakeWorld({ cwd: '/here' });

describe('the command line of test-package', () => {
  it('takes paths from where it is called', () => {
    const options = parseTestOptions(
      ['--root', 'roots/a.tar', '--previous', 'old', '--junit=out/j.xml', '--json', 'a.deb', '/b.deb'],
      world,
    );
    expect(options).toMatchObject({
      distribution: undefined,
      root: { kind: 'archive', path: '/here/roots/a.tar' },
      previous: '/here/old',
      junit: '/here/out/j.xml',
      json: true,
      packages: ['/here/a.deb', '/b.deb'],
    });
  });

  it('leaves the root to the distribution unless one is named', () => {
    expect(parseTestOptions(['a.deb'], world).root).toBeUndefined();
    expect(parseTestOptions(['--suite=trixie', 'a.deb'], world).root).toEqual({ kind: 'suite', suite: 'trixie' });
    expect(parseTestOptions(['--image=debian:12', '--engine=docker', '--network=none', 'a.deb'], world).root).toEqual({
      kind: 'image',
      image: 'debian:12',
      engine: 'docker',
      network: 'none',
    });
  });

  it.each([
    [['--root=a.tar', '--image=b', 'a.deb'], /cannot be used with/],
    [['--image=b', '--suite=trixie', 'a.deb'], /cannot be used with/],
    [['--engine=podman', 'a.deb'], /go with --image/],
    [['--engine=rkt', '--image=b', 'a.deb'], /Allowed choices are podman, docker/],
    [[], /Wrong number of arguments/],
    [['--no-such-option', 'a.deb'], /unknown option/],
  ])('is refused as %j', (argv, message) => {
    expect(() => parseTestOptions(argv, world)).toThrow(UsageError);
    expect(() => parseTestOptions(argv, world)).toThrow(message);
  });
});

describe('build-package --test', () => {
  const parse = (...argv: readonly string[]): ReturnType<typeof parseBuildOptions>['test'] =>
    parseBuildOptions(['--distribution=debian-12', ...argv, '/project'], ['debian-12'], world).test;

  it('is asked for by itself, and by whatever says how', () => {
    expect(parse()).toBeUndefined();
    expect(parse('--test')).toEqual({ roots: [], images: [], previous: undefined, junit: undefined });
    expect(parse('--test-junit=j.xml')).toMatchObject({ junit: 'j.xml' });
    expect(parse('--test-root=a', '--test-root=debian-12=b')).toMatchObject({ roots: ['a', 'debian-12=b'] });
  });

  const root = { cwd: '/here', isRoot: true };
  const some = [distributionOf('debian-12'), distributionOf('rocky-9')];

  it('tests each distribution where it was said, else where anything was, else in a root of its release', () => {
    const test = { roots: ['any.tar', 'rocky-9=r.tar'], images: [], previous: undefined, junit: undefined };
    expect([...chooseTestRoots(test, some, root).values()]).toEqual([
      { kind: 'archive', path: '/here/any.tar' },
      { kind: 'archive', path: '/here/r.tar' },
    ]);
    const image = { ...test, roots: [], images: ['rocky-9=example.com/rocky:9'] };
    expect([...chooseTestRoots(image, some, root).values()]).toEqual([
      { kind: 'suite', suite: 'bookworm' },
      { kind: 'image', image: 'example.com/rocky:9', engine: undefined, network: undefined },
    ]);
  });

  it('refuses a distribution of which no root can be made, before anything is built', () => {
    const test = { roots: [], images: [], previous: undefined, junit: undefined };
    expect(() => chooseTestRoots(test, some, root)).toThrow(/a root of Rocky Linux 9 cannot be made/);
    expect(() => chooseTestRoots(test, some.slice(0, 1), { ...root, isRoot: false })).toThrow(/by root only/);
  });
});
