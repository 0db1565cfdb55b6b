import { describe, expect, it } from 'vitest';

import { publishedAddress } from '../../../src/application/git-origin.ts';
import type { LockedDistribution } from '../../../src/lock/lock.ts';
import {
  closureMaterials,
  imageMaterials,
  interpreterMaterial,
  publicAddress,
  sourceMaterial,
} from '../../../src/provenance/materials.ts';

const digest = (letter: string): string => letter.repeat(64);

describe('an address of a repository', () => {
  it.each([
    // git-clone(1), "GIT URLS".
    ['https://host.example/acme/app.git', 'https://host.example/acme/app.git'],
    ['https://ann:t0ken@host.example/app.git?private_token=t0ken#x', 'https://host.example/app.git'],
    ['git@host.example:acme/app.git', 'ssh://git@host.example/acme/app.git'],
    ['host.example:acme/app.git', 'ssh://host.example/acme/app.git'],
    ['ssh://git:pw@host.example:2222/app.git', 'ssh://git@host.example:2222/app.git'],
    ['/srv/git/app.git', undefined],
    ['../app.git', undefined],
    ['file:///srv/git/app.git', undefined],
    ['', undefined],
  ])('%j is published as %j', (address, published) => {
    expect(publishedAddress(address)).toBe(published);
  });

  it('of a file is published without its credentials and its query', () => {
    expect(publicAddress('https://u:p@host.example/python.tar.gz?X-Amz-Signature=1#sha256=2')).toBe(
      'https://host.example/python.tar.gz',
    );
    expect(publicAddress('/home/ann/python.tar.gz')).toBeUndefined();
    expect(publicAddress('file:///home/ann/python.tar.gz')).toBeUndefined();
  });
});

describe('materials', () => {
  it('hold a commit as a digest only when it is what was built', () => {
    const source = { kind: 'directory', uri: 'git+https://host.example/app.git', subdirectory: '', file: undefined };
    const id = 'c'.repeat(40);
    const of = (dirty: boolean, untracked: boolean): unknown =>
      sourceMaterial({ ...source, commit: { id, dirty, untracked } })[0]?.digest;
    expect(of(false, false)).toEqual({ gitCommit: id });
    expect(of(true, false)).toBeUndefined();
    expect(of(false, true)).toBeUndefined();
    expect(sourceMaterial({ ...source, uri: undefined, commit: undefined })).toEqual([
      { name: 'source', annotations: { role: 'source' } },
    ]);
  });

  it('name what compiled a distribution beside it, without places of this machine', () => {
    const pip: LockedDistribution = {
      name: 'pip',
      version: '25.0.1',
      kind: 'wheel',
      file: { fileName: 'pip-25.0.1-py3-none-any.whl', sha256: digest('a') },
    };
    const sysv: LockedDistribution = {
      name: 'sysv-ipc',
      version: '1.1.0',
      kind: 'sdist',
      build: 'container',
      url: 'file:///home/ann/s.tar.gz',
      file: { fileName: 'sysv_ipc-1.1.0.tar.gz', sha256: digest('b') },
      buildRequires: [pip],
    };
    expect(closureMaterials([sysv])).toEqual([
      {
        name: 'sysv_ipc-1.1.0.tar.gz',
        uri: 'pkg:pypi/sysv-ipc@1.1.0',
        digest: { sha256: digest('b') },
        annotations: { role: 'distribution', kind: 'sdist' },
      },
      {
        name: 'pip-25.0.1-py3-none-any.whl',
        uri: 'pkg:pypi/pip@25.0.1',
        digest: { sha256: digest('a') },
        annotations: { role: 'build requirement', kind: 'wheel', builds: 'sysv-ipc' },
      },
    ]);
  });

  it('name a bundled interpreter by its archive', () => {
    const bundle = { archive: 'https://u:p@host.example/cpython-3.12.3.tar.gz?sig=1', sha256: digest('d'), prune: [] };
    const interpreter = { version: '3.12.3', minor: '3.12', path: '/opt/app/python/bin/python3.12', bundle };
    expect(interpreterMaterial({ interpreter })).toEqual([
      {
        name: 'cpython-3.12.3.tar.gz',
        uri: `pkg:generic/cpython@3.12.3?checksum=sha256:${digest('d')}`,
        digest: { sha256: digest('d') },
        downloadLocation: 'https://host.example/cpython-3.12.3.tar.gz',
        annotations: { role: 'interpreter' },
      },
    ]);
  });

  it('name an image once, however many wheels were compiled in it', () => {
    const image = { tag: 'coachbuilder/debian-12:1', base: digest('e') };
    expect(imageMaterials([image, image])).toEqual([
      {
        name: 'coachbuilder/debian-12:1',
        digest: { sha256: digest('e') },
        mediaType: 'application/vnd.oci.image.config.v1+json',
        annotations: { role: 'compiler image' },
      },
    ]);
  });
});
