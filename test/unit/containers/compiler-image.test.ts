import { describe, expect, it } from 'vitest';

import { compilerImageTag, compilerPackages } from '../../../src/containers/compiler-image.ts';
import { distributionOf } from '../../support/builds.ts';

describe('the image with compilers', () => {
  it.each([
    ['debian-11', ['gcc', 'g++', 'libc6-dev', 'make', 'python3.9', 'python3.9-dev', 'python3-distutils']],
    ['debian-13', ['gcc', 'g++', 'libc6-dev', 'make', 'python3.13', 'python3.13-dev']],
    ['ubuntu-16.04', ['gcc', 'g++', 'libc6-dev', 'make', 'python3.5', 'python3.5-dev']],
    ['centos-7', ['gcc', 'gcc-c++', 'make', 'python3', 'python3-devel']],
    ['rocky-8', ['gcc', 'gcc-c++', 'make', 'python36', 'python36-devel']],
    ['opensuse-leap-15.6', ['gcc', 'gcc-c++', 'make', 'python3-base', 'python3-devel']],
  ])('of %s has what its packages are called there', (id, packages) => {
    const { packageManager, python } = distributionOf(id);
    expect(compilerPackages(packageManager, python)).toEqual(packages);
  });

  it('has the headers of an interpreter that is not the usual one', () => {
    const python = { package: 'python2.7', version: '2.7.18', path: '/usr/bin/python2.7' };
    expect(compilerPackages('apt', python)).toContain('python2.7-dev');
  });

  it('has another name for another base image and for another interpreter, and the same for the same', () => {
    const distribution = distributionOf('rocky-9');
    const [other] = distribution.alternativePythons;
    const request = { distribution, python: distribution.python, base: 'abc' };
    const tag = compilerImageTag(request);
    expect(tag).toMatch(/^coachbuilder\/rocky-9:[0-9a-f]{24}$/);
    expect(compilerImageTag({ ...request })).toBe(tag);
    expect(compilerImageTag({ ...request, base: 'def' })).not.toBe(tag);
    expect(compilerImageTag({ ...request, python: other ?? distribution.python })).not.toBe(tag);
  });
});
