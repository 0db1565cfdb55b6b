import { describe, expect, it } from 'vitest';

import {
  indexTools,
  keyTools,
  lookingTools,
  publishingTools,
  requiredTools,
} from '../../../src/plan/required-tools.ts';

const names = (...request: Parameters<typeof requiredTools>): readonly string[] =>
  requiredTools(...request).map(({ name }) => name);

describe('the tools of a build', () => {
  it('are those of its formats, each once', () => {
    expect(names({ formats: ['deb', 'deb'], application: false })).toEqual(['dpkg-deb']);
    expect(names({ formats: ['rpm', 'deb', 'rpm'], application: false })).toEqual(['rpmbuild', 'file', 'dpkg-deb']);
  });

  it('include Python and pip when there is an application to build', () => {
    expect(names({ formats: ['deb'], application: true })).toEqual(['python3', 'pip', 'dpkg-deb']);
  });

  it('are packaged as Debian and Fedora do it', () => {
    const rpmbuild = requiredTools({ formats: ['rpm'], application: false }).find(({ name }) => name === 'rpmbuild');
    expect(rpmbuild?.packages).toEqual({ apt: 'rpm', dnf: 'rpm-build' });
  });
});

describe('the tools of a repository', () => {
  const of = (tools: readonly { readonly name: string }[]): readonly string[] => tools.map(({ name }) => name);

  it('are those that a command starts, and no others', () => {
    expect(of(keyTools)).toEqual(['gpg']);
    expect(of(lookingTools)).toEqual(['gpgv']);
    expect(of(indexTools(['rpm']))).toEqual(['gpg', 'gpgv']);
    expect(of(indexTools(['rpm', 'deb', 'deb']))).toEqual(['gpg', 'gpgv', 'xz']);
    expect(of(publishingTools(['deb']))).toEqual(['gpg', 'gpgv', 'xz', 'dpkg-deb']);
    expect(of(publishingTools(['rpm', 'deb']))).toEqual([
      ...['gpg', 'gpgv', 'xz', 'dpkg-deb'],
      ...['rpmsign', 'rpmkeys', 'createrepo_c'],
    ]);
  });
});
