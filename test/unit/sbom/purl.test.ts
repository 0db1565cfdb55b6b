import { describe, expect, it } from 'vitest';

import { genericPurl, packagePurl, pypiPurl } from '../../../src/sbom/purl.ts';

// The forms are those of the examples in the purl specification's types "pypi", "deb", "rpm" and "generic".
describe('package URLs', () => {
  it.each([
    ['Django_Extra.thing', '1.11.1.dev1', 'pkg:pypi/django-extra-thing@1.11.1.dev1'],
    ['leaf', '1!2.0+local.1', 'pkg:pypi/leaf@1%212.0%2Blocal.1'],
  ])('of %s %s', (name, version, purl) => {
    expect(pypiPurl(name, version)).toBe(purl);
  });

  const version = { epoch: 0, version: '1.0~rc1', release: '1+debian12' };
  const debian = { format: 'deb', vendor: 'debian', id: 'debian-12' } as const;
  const rocky = { format: 'rpm', vendor: 'rocky', id: 'rocky-9' } as const;

  it('of debs, with the epoch in the version', () => {
    const identity = { name: 'acme-python-hello', architecture: 'amd64', distribution: debian };
    expect(packagePurl({ ...identity, version })).toBe(
      'pkg:deb/debian/acme-python-hello@1.0~rc1-1%2Bdebian12?arch=amd64&distro=debian-12',
    );
    expect(packagePurl({ ...identity, version: { ...version, epoch: 2 } })).toContain('hello@2:1.0~rc1-1%2Bdebian12?');
  });

  it('of rpms, with the epoch as a qualifier', () => {
    const identity = { name: 'hello', architecture: 'x86_64', distribution: rocky };
    const rpmVersion = { epoch: 1, version: '1.0', release: '1.el9' };
    expect(packagePurl({ ...identity, version: rpmVersion })).toBe(
      'pkg:rpm/rocky/hello@1.0-1.el9?arch=x86_64&distro=rocky-9&epoch=1',
    );
  });

  it('of what no registry has', () => {
    expect(genericPurl('cpython', '3.12.3', 'ab12')).toBe('pkg:generic/cpython@3.12.3?checksum=sha256:ab12');
  });
});
