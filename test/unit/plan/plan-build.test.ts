import { describe, expect, it } from 'vitest';

import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import { packagers } from '../../../src/formats/packagers.ts';
import type { Architecture } from '../../../src/model/architecture.ts';
import {
  chooseTargets,
  interpreterOf,
  outputNames,
  planBuild,
  type PlanRequest,
} from '../../../src/plan/plan-build.ts';
import { aDistribution, aManifest } from '../../support/manifest.ts';

const release = {
  id: 'acme',
  packageName: 'acme-release',
  version: '2',
  name: 'Acme packages',
  baseurl: 'https://packages.example.com',
} as NonNullable<ReturnType<typeof aManifest>['release']>;

function plan(
  ids: readonly string[],
  {
    architectures = ['x86_64'],
    ...request
  }: Partial<PlanRequest> & { readonly architectures?: readonly Architecture[] } = {},
): ReturnType<typeof planBuild> {
  return planBuild({
    choices: chooseTargets(ids.map(aDistribution), architectures, new Set(ids)).choices,
    hostArchitecture: 'x86_64',
    manifestFor: () => aManifest({ release }),
    versionFor: () => '1.0rc1',
    nameFile: (format, name, version, architecture) => packagers[format].fileName(name, version, architecture),
    ...request,
  });
}

function failure(action: () => unknown): CoachbuilderError {
  try {
    action();
  } catch (error) {
    if (error instanceof CoachbuilderError) return error;
    throw error;
  }
  throw new Error('it was expected to fail');
}

describe('a plan for several architectures', () => {
  it('has a target for each of them, and keeps the packages of a distribution together', () => {
    const { targets } = plan(['rocky-9', 'debian-12'], { architectures: ['x86_64', 'aarch64'] });
    expect(targets.map(({ label }) => label)).toEqual(['rocky-9', 'rocky-9/aarch64', 'debian-12', 'debian-12/aarch64']);
    expect(new Set(targets.map(({ subdirectory }) => subdirectory))).toEqual(new Set(['']));
    expect(targets.slice(0, 2).map(outputNames)).toEqual([
      [
        'acme-python-fleet-1.0.0-0.rc.1.el9.x86_64.rpm',
        'acme-fleet-cli-1.0.0-0.rc.1.el9.noarch.rpm',
        'acme-release-2-1.el9.noarch.rpm',
      ],
      [
        'acme-python-fleet-1.0.0-0.rc.1.el9.aarch64.rpm',
        'acme-fleet-cli-1.0.0-0.rc.1.el9.noarch.rpm',
        'acme-release-2-1.el9.noarch.rpm',
      ],
    ]);
  });

  it('parts distributions whose packages have the same names, not their architectures', () => {
    const { targets } = plan(['rocky-9', 'alma-9'], { architectures: ['x86_64', 'aarch64'] });
    expect(targets.map(({ subdirectory }) => subdirectory)).toEqual(['rocky-9', 'rocky-9', 'alma-9', 'alma-9']);
  });
});

describe('a plan', () => {
  it('has a target for every distribution, in the order that was asked for, with the names of its files', () => {
    const { targets } = plan(['rocky-9', 'debian-12', 'ubuntu-16.04']);
    expect(targets.map(({ label }) => label)).toEqual(['rocky-9', 'debian-12', 'ubuntu-16.04']);
    expect(targets.map(outputNames)).toEqual([
      [
        'acme-python-fleet-1.0.0-0.rc.1.el9.x86_64.rpm',
        'acme-fleet-cli-1.0.0-0.rc.1.el9.noarch.rpm',
        'acme-release-2-1.el9.noarch.rpm',
      ],
      [
        'acme-python-fleet_1.0.0-0.rc.1+debian12_amd64.deb',
        'acme-fleet-cli_1.0.0-0.rc.1+debian12_all.deb',
        'acme-release_2-1+debian12_all.deb',
      ],
      [
        'acme-python-fleet_1.0.0-0.rc.1+ubuntu16.04_amd64.deb',
        'acme-fleet-cli_1.0.0-0.rc.1+ubuntu16.04_all.deb',
        'acme-release_2-1+ubuntu16.04_all.deb',
      ],
    ]);
  });

  it('names the architecture in a label only where it is not that of this machine', () => {
    const [target] = plan(['debian-12'], { architectures: ['aarch64'] }).targets;
    expect(target?.label).toBe('debian-12/aarch64');
    expect(target?.packages.map(({ architecture }) => architecture)).toEqual(['arm64', 'all']);
  });

  it('lets every distribution have its own version and its own manifest', () => {
    const { targets } = plan(['debian-11', 'debian-12'], {
      versionFor: ({ id }) => (id === 'debian-11' ? '1.0' : '2.0'),
      manifestFor: ({ id }) => aManifest({ prefix: `/opt/${id}` }),
    });
    expect(targets.map(({ version, manifest }) => [version.version, manifest.prefix])).toEqual([
      ['1.0.0', '/opt/debian-11'],
      ['2.0.0', '/opt/debian-12'],
    ]);
  });

  it('keeps the tag off the packages when the manifest says so, and on the release package, which differs', () => {
    const [target] = plan(['debian-12'], {
      manifestFor: () => aManifest({ distributionTag: false, release }),
      versionFor: () => '1.0',
    }).targets;
    expect(target === undefined ? [] : outputNames(target)).toEqual([
      'acme-python-fleet_1.0.0-1_amd64.deb',
      'acme-fleet-cli_1.0.0-1_all.deb',
      'acme-release_2-1+debian12_all.deb',
    ]);
  });

  it('gives targets that would write one file a subdirectory each', () => {
    const names = ['acme-python-fleet_1.0.0-0.rc.1_amd64.deb', 'acme-fleet-cli_1.0.0-0.rc.1_all.deb'];
    const { targets } = plan(['debian-11', 'debian-12'], { manifestFor: () => aManifest({ distributionTag: false }) });
    expect(targets.map(outputNames)).toEqual([
      names.map((name) => `debian-11/${name}`),
      names.map((name) => `debian-12/${name}`),
    ]);
  });

  it('refuses an architecture on which a distribution does not run, and names those on which it does', () => {
    const error = failure(() => plan(['rocky-9'], { architectures: ['i686'] }));
    expect(error.code).toBe('unsupported-by-target');
    expect(error.message).toBe('Rocky Linux 9 does not run on i686');
    expect(error.hint).toContain('x86_64');
  });
});

describe('the targets of several architectures', () => {
  const distributions = ['rocky-9', 'debian-12'].map(aDistribution);

  it('leave out what is not there when a distribution was only one of all', () => {
    const { choices, lacking } = chooseTargets(distributions, ['x86_64', 'i686'], new Set(['debian-12']));
    const named = [choices, lacking].map((each) =>
      each.map(({ distribution, architecture }) => `${distribution.id} ${architecture}`),
    );
    expect(named).toEqual([['rocky-9 x86_64', 'debian-12 x86_64', 'debian-12 i686'], ['rocky-9 i686']]);
  });

  it('are refused when one was named, or nothing is left', () => {
    const message = 'Rocky Linux 9 does not run on i686';
    expect(failure(() => chooseTargets(distributions, ['i686'], new Set(['rocky-9']))).message).toBe(message);
    expect(failure(() => chooseTargets([aDistribution('rocky-9')], ['i686'], new Set())).message).toBe(message);
  });
});

describe('the interpreter of a target', () => {
  it("is the distribution's own", () => {
    const { python } = aManifest();
    expect(interpreterOf({ python, prefix: '/opt/fleet' }, aDistribution('centos-7'), 'x86_64')).toMatchObject({
      minor: '3.6',
      path: '/usr/bin/python3.6',
    });
  });

  it('is the packaged one that the manifest names', () => {
    const interpreter = { kind: 'packaged', package: 'python3.12', path: '/usr/bin/python3.12' } as const;
    const python = { ...aManifest().python, interpreter };
    expect(interpreterOf({ python, prefix: '/opt/fleet' }, aDistribution('rocky-9'), 'x86_64')).toEqual({
      package: 'python3.12',
      path: '/usr/bin/python3.12',
      version: '3.12',
      minor: '3.12',
    });
  });
});
