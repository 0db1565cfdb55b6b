import { describe, expect, it } from 'vitest';

import { endOfLifeWarning } from '../../../src/distributions/lifecycle.ts';
import { selectDistributions } from '../../../src/distributions/select.ts';
import { builtInDistributions } from '../../../src/distributions/table.ts';
import { distributionSchema } from '../../../src/distributions/schema.ts';
import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import { architectures } from '../../../src/model/architecture.ts';
import { aDistribution } from '../../support/manifest.ts';

const table = builtInDistributions();
const all = [...table.values()];

describe('the table of distributions', () => {
  it('holds every distribution that the project promises', () => {
    expect([...table.keys()].sort()).toEqual(
      [
        'centos-7 centos-stream-9 centos-stream-10 rhel-8 rhel-9 rhel-10 rocky-8 rocky-9 rocky-10 alma-8 alma-9 alma-10',
        'fedora-41 fedora-42 fedora-43 amazonlinux-2 amazonlinux-2023 opensuse-leap-15.6',
        'debian-10 debian-11 debian-12 debian-13',
        'ubuntu-14.04 ubuntu-16.04 ubuntu-18.04 ubuntu-20.04 ubuntu-22.04 ubuntu-24.04 ubuntu-26.04',
      ]
        .join(' ')
        .split(' ')
        .sort(),
    );
  });

  it.each(all.map((distribution) => [distribution.id, distribution] as const))(
    '%s names a minor-versioned interpreter of the version that it states',
    (_id, { python, alternativePythons }) => {
      for (const each of [python, ...alternativePythons]) {
        expect(each.path).toBe(`/usr/bin/python${each.version.split('.').slice(0, 2).join('.')}`);
      }
    },
  );

  it.each(all.map((distribution) => [distribution.id, distribution] as const))(
    '%s satisfies the schema that manifests are held to',
    (_id, distribution) => {
      const { rpm, deb } = { rpm: undefined, deb: undefined, ...distribution };
      const written = {
        title: distribution.title,
        vendor: distribution.vendor,
        version: distribution.version,
        tag: distribution.tag,
        architectures: distribution.architectures,
        glibc: distribution.glibc,
        abi: distribution.abi,
        python: distribution.python,
        'alternative-pythons': distribution.alternativePythons,
        'unit-directory': distribution.unitDirectory,
        image: distribution.image,
        'repository-directory': distribution.repositoryDirectory,
        'key-directory': distribution.keyDirectory,
        'end-of-life': distribution.endOfLife,
        'end-of-extended-life': distribution.endOfExtendedLife,
        ...(rpm === undefined ? {} : { rpm: { dist: rpm.dist, payload: rpm.payload, compression: rpm.compression } }),
        ...(deb === undefined ? {} : { deb: { sources: deb.sources, compression: deb.compression } }),
      };
      expect(distributionSchema.safeParse(written)).toMatchObject({ success: true });
    },
  );

  it.each(all.map((distribution) => [distribution.id, distribution] as const))(
    '%s chooses a payload that it reads, and has only architectures whose names its format knows',
    (_id, distribution) => {
      if (distribution.format === 'rpm') {
        const compressor = { zst: 'zstd', xz: 'xz', gz: 'gzip' }[
          /\.(\w+)dio$/.exec(distribution.rpm.payload)?.[1] ?? ''
        ];
        expect(distribution.rpm.compression[0]).toBe(compressor);
      }
      for (const each of distribution.architectures) expect(architectures[each]).toBeDefined();
      const later = distribution.endOfExtendedLife ?? '9999-12-31';
      expect(distribution.endOfLife < later).toBe(true);
    },
  );

  it('keeps the traps: values that are easy to get wrong', () => {
    // EL 8's unversioned python is platform-python, which is not for applications.
    expect(aDistribution('rocky-8').python).toEqual({
      package: 'python36',
      version: '3.6.8',
      path: '/usr/bin/python3.6',
    });
    // Amazon Linux 2023 has EL 9's glibc and a newer libstdc++.
    expect(aDistribution('amazonlinux-2023').abi).toMatchObject({ GLIBC: '2.34', GLIBCXX: '3.4.33' });
    expect(aDistribution('rocky-9').abi).toMatchObject({ GLIBC: '2.34', GLIBCXX: '3.4.29' });
    expect(aDistribution('opensuse-leap-15.6')).toMatchObject({
      glibc: '2.38',
      repositoryDirectory: '/etc/zypp/repos.d',
    });
    expect(aDistribution('ubuntu-14.04')).toMatchObject({
      init: 'upstart',
      python: { package: 'python3.4' },
      deb: { uniformCompression: false, signedBy: false, sources: 'list' },
    });
    expect(aDistribution('debian-11')).toMatchObject({ deb: { compression: ['xz', 'gzip'] } });
    expect(aDistribution('ubuntu-18.04')).toMatchObject({ deb: { compression: ['zstd', 'xz', 'gzip'] } });
    expect(aDistribution('centos-7')).toMatchObject({
      rpm: { payload: 'w2.xzdio', features: { richDependencies: false } },
    });
    expect(aDistribution('debian-12').unitDirectory).toBe('/lib/systemd/system');
    expect(aDistribution('debian-13').unitDirectory).toBe('/usr/lib/systemd/system');
  });

  it('tags releases as each format does', () => {
    expect(
      ['centos-7', 'centos-stream-9', 'amazonlinux-2', 'debian-12', 'ubuntu-16.04'].map((id) => aDistribution(id).tag),
    ).toEqual(['.el7', '.el9', '.amzn2', '+debian12', '+ubuntu16.04']);
  });

  it('takes vendor and version from the id, and CentOS Stream for CentOS', () => {
    expect(aDistribution('ubuntu-16.04')).toMatchObject({ vendor: 'ubuntu', version: '16.04' });
    expect(aDistribution('opensuse-leap-15.6')).toMatchObject({ vendor: 'opensuse-leap', version: '15.6' });
    expect(aDistribution('centos-stream-9')).toMatchObject({ vendor: 'centos', version: '9' });
  });
});

describe('selectDistributions', () => {
  const ids = (words: readonly string[]): string[] => selectDistributions(words, table).map(({ id }) => id);

  it('takes words, comma-separated lists and spaces, each distribution once', () => {
    expect(ids(['debian-12, rocky-9', 'debian-12', 'centos-7,'])).toEqual(['debian-12', 'rocky-9', 'centos-7']);
  });

  it('takes "all" for every distribution of the table', () => {
    expect(ids(['rocky-9', 'all'])).toHaveLength(table.size);
  });

  it('refuses an unknown distribution with the one that was meant, and the list', () => {
    expect(() => ids(['debain-12'])).toThrow(
      expect.objectContaining({
        code: 'unknown-distribution',
        message: '"debain-12" is not a known distribution. Did you mean "debian-12"?',
        details: [...table.keys()],
      }),
    );
  });

  it('names every unknown distribution at once', () => {
    let thrown: unknown;
    try {
      ids(['beos-5', 'debian-12', 'plan-9']);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(CoachbuilderError);
    expect((thrown as CoachbuilderError).message).toMatch(
      /^"beos-5" is not a known distribution\..* "plan-9" is not a known distribution\./,
    );
  });
});

describe('endOfLifeWarning', () => {
  const on = (id: string, date: string): string | undefined =>
    endOfLifeWarning(aDistribution(id), new Date(`${date}T12:00:00Z`));

  it('says nothing up to the last day of support', () => {
    expect(on('centos-7', '2024-06-30')).toBeUndefined();
  });

  it('says when support ended', () => {
    expect(on('centos-7', '2024-07-01')).toBe('general support of CentOS 7 ended on 2024-06-30');
  });

  it('mentions extended support while it runs, and its end', () => {
    expect(on('ubuntu-16.04', '2026-01-01')).toBe(
      'general support of Ubuntu 16.04 LTS ended on 2021-04-30; extended support runs until 2028-04-25',
    );
    expect(on('debian-10', '2026-01-01')).toBe(
      'general support of Debian 10 ended on 2022-09-10, and extended support on 2024-06-30',
    );
  });
});
