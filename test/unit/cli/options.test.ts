import { describe, expect, it } from 'vitest';

import { HelpShown, UsageError } from '../../../src/cli/options.ts';
import { parseReleaseOptions } from '../../../src/cli/order-options.ts';
import { parseBuildOptions } from '../../../src/cli/build-options.ts';
import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import { fakeWorld } from '../../support/world.ts';

const names = ['debian-13', 'debian-9', 'centos-7'];

function parse(...argv: readonly string[]): ReturnType<typeof parseBuildOptions> {
  return parseBuildOptions(argv, names, fakeWorld().world);
}

function failure(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('it was expected to fail');
}

describe('the options of build-package', () => {
  it('have defaults that build into the current directory for this machine', () => {
    expect(parse('--distribution=debian-13', '.')).toEqual({
      distributions: ['debian-13'],
      architectures: [],
      destination: '.',
      manifest: undefined,
      force: false,
      dryRun: false,
      json: false,
      verbosity: 'normal',
      progress: 'plain',
      buildDirectory: undefined,
      packageUri: '.',
      packageVersion: undefined,
      locked: false,
      offline: false,
      builder: 'auto',
      image: undefined,
      keepGoing: false,
      resume: false,
      checkReproducible: false,
      lint: 'auto',
      checkCompiled: false,
      provenance: false,
      builderId: 'urn:coachbuilder:local',
      sbom: [],
      report: false,
      elsewhere: undefined,
      missingDistribution: expect.any(UsageError) as UsageError,
    });
  });

  it('are all read', () => {
    expect(
      parse(
        ...['--distribution', 'debian-13,centos-7', '--distribution=all', '--architecture=arm64', '-d', 'out'],
        ...['--manifest', 'm.yaml', '--package-version=1.0', '--locked', '--offline', '--force', '--dry-run', '--json'],
        ...[
          '-v',
          '--progress=json',
          '--build-directory',
          'work',
          '--keep-going',
          '--resume',
          '--check-reproducible',
          '--check-compiled',
          '--provenance',
          '--builder-id=https://ci.example.com/builder',
          '--sbom=all',
          '--report',
        ],
        ...['--lint=require', '--builder=wheels', '--image=example.com/builder:1', 'httpie==3.2.4'],
      ),
    ).toEqual({
      distributions: ['debian-13,centos-7', 'all'],
      architectures: ['aarch64'],
      destination: 'out',
      manifest: 'm.yaml',
      force: true,
      dryRun: true,
      json: true,
      verbosity: 'verbose',
      progress: 'json',
      buildDirectory: 'work',
      packageUri: 'httpie==3.2.4',
      packageVersion: '1.0',
      locked: true,
      offline: true,
      builder: 'wheels',
      image: 'example.com/builder:1',
      keepGoing: true,
      resume: true,
      checkReproducible: true,
      lint: 'require',
      checkCompiled: true,
      provenance: true,
      builderId: 'https://ci.example.com/builder',
      sbom: ['cyclonedx', 'spdx'],
      report: true,
      elsewhere: undefined,
      missingDistribution: expect.any(UsageError) as UsageError,
    });
  });

  it('take several architectures, by any of their names, each once', () => {
    const { architectures } = parse('--distribution=debian-13', '--architecture=amd64, arm64,x86_64', '.');
    expect(architectures).toEqual(['x86_64', 'aarch64']);
  });

  it.each([
    ['--matrix=github', 'github'],
    ['--matrix=gitlab', 'gitlab'],
    ['--bake', 'bake'],
  ])('%s prints the work for somebody else', (option, elsewhere) => {
    expect(parse('--distribution=debian-13', option, '.').elsewhere).toBe(elsewhere);
  });

  it.each([
    [[], true, 'live'],
    [['-q'], true, 'plain'],
    [['-v'], true, 'plain'],
    [['--progress=live'], false, 'live'],
    [['--progress=plain'], true, 'plain'],
    [[], false, 'plain'],
  ] as const)('%j on a terminal: %s shows %s progress', (argv, isTerminal, progress) => {
    const { world } = fakeWorld(isTerminal ? { columns: () => 80 } : {});
    expect(parseBuildOptions([...argv, '--distribution=debian-13', '.'], names, world).progress).toBe(progress);
  });
});

describe('a command line that cannot be understood', () => {
  it.each([
    [[], 'Must specify --distribution.'],
    [['a', 'b'], 'Must specify --distribution.'],
    [['--distribution=debian-13'], 'Wrong number of arguments.'],
    [['--distribution=debian-13', 'a', 'b'], 'Wrong number of arguments.'],
    [['--distribution=debian-13', '--lock', '.'], "unknown option '--lock' (Did you mean --locked?)"],
    [['--distribution'], "option '--distribution <name>' argument missing"],
    [['--distribution=debian-13', '-q', '-v', '.'], "option '-v, --verbose' cannot be used with option '-q, --quiet'"],
    [
      ['--distribution=debian-13', '--progress=loud', '.'],
      "option '--progress <kind>' argument 'loud' is invalid. Allowed choices are auto, live, plain, json.",
    ],
  ])('%j: %s', (argv, message) => {
    const error = failure(() => parse(...argv));
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ message, usage: expect.stringMatching(/^Usage: build-package /) as string });
  });

  it.each([[], ['--distribution='], ['--distribution= , ']])(
    'is left to the manifest when it names no distribution: %j',
    (...argv) => {
      const { distributions, missingDistribution } = parse(...argv, '.');
      expect(distributions).toEqual([]);
      expect(missingDistribution).toMatchObject({
        message: 'Must specify --distribution.',
        usage: expect.stringMatching(/^Usage: build-package /) as string,
      });
    },
  );

  it('names the architectures that there are', () => {
    const error = failure(() => parse('--distribution=debian-13', '--architecture=vax', '.'));
    expect(error).toBeInstanceOf(CoachbuilderError);
    expect(error).toMatchObject({ code: 'usage', message: 'there is no architecture vax' });
    expect((error as CoachbuilderError).hint).toContain('x86_64');
  });
});

describe('--help', () => {
  it('goes to standard output and lists the distributions in the order of their numbers', () => {
    const { world, output } = fakeWorld();
    expect(failure(() => parseBuildOptions(['--help'], names, world))).toBeInstanceOf(HelpShown);
    expect(output.stdout.replaceAll(/\s+/g, ' ')).toContain('One of centos-7, debian-9, debian-13; several');
    expect(output.stderr).toBe('');
  });

  it('of build-release-package has nothing about applications', () => {
    const { world, output } = fakeWorld();
    expect(failure(() => parseReleaseOptions(['-h'], names, world))).toBeInstanceOf(HelpShown);
    expect(output.stdout).toContain('Usage: build-release-package ');
    expect(output.stdout).not.toContain('--locked');
  });
});
