import { describe, expect, it } from 'vitest';

import { needsDistutils } from '../../../src/tree/distutils.ts';

const needs = (text: string, path = 'lib/python3.9/site-packages/app/core.py'): boolean =>
  needsDistutils(path, Buffer.from(text));

describe('needsDistutils', () => {
  it.each([
    'import distutils\n',
    'import os\nfrom distutils.version import LooseVersion\n',
    'import os\r\nfrom distutils import log\r\n',
    'def f():\n    import distutils.util\n',
    'try:\n    x()\nfinally:\n    y()\nif a:\n    import distutils.util\n',
  ])('sees the import in %j', (text) => {
    expect(needs(text)).toBe(true);
  });

  it.each([
    '# import distutils\n',
    '>>> from distutils import log\n',
    'import distutils_extra\n',
    'from setuptools._distutils import log\n',
    'try:\n    from distutils.version import LooseVersion\nexcept ImportError:\n    LooseVersion = None\n',
    'x = "distutils"\n',
  ])('sees none in %j', (text) => {
    expect(needs(text)).toBe(false);
  });

  it.each([
    'setuptools/command/build.py',
    '_distutils_hack/__init__.py',
    'app/tests/test_x.py',
    'app/setup.py',
    'a.txt',
  ])('does not look into %s', (path) => {
    expect(needs('import distutils\n', `lib/python3.9/site-packages/${path}`)).toBe(false);
  });
});
