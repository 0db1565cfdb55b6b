import { describe, expect, it } from 'vitest';

import { parseWheelName, wheelRank } from '../../../src/python/wheel-name.ts';
import { parseSdistName } from '../../../src/python/sdist-name.ts';
import { manylinuxLadder, supportedTags } from '../../../src/python/tags.ts';
import { askPackaging, hasCurrentPackaging, hasPackaging } from '../../support/version-oracles.ts';

const glibcs = ['2.17', '2.23', '2.31', '2.36', '2.41'] as const;
const pythons = ['2.7', '3.4', '3.5', '3.6', '3.7', '3.8', '3.11', '3.13', '3.14'] as const;

// What an interpreter of that minor on Linux has by default; packaging asks the running one, so the test says it.
const abis = { '2.7': 'cp27mu', '3.4': 'cp34m', '3.5': 'cp35m', '3.6': 'cp36m', '3.7': 'cp37m' } as const;
const abiOf = (python: string): string =>
  (abis as Readonly<Record<string, string>>)[python] ?? `cp${python.replace('.', '')}`;

describe('supportedTags', () => {
  it.skipIf(!hasPackaging).each(glibcs)('has the order of packaging for glibc %s', (glibc) => {
    const platforms = manylinuxLadder(glibc, 'x86_64');
    const expected = askPackaging(
      `
from itertools import chain
def tags(version, abi):
    cp = "cp%d%d" % version
    platforms = question["platforms"]
    t = packaging.tags
    return [str(x) for x in chain(t.cpython_tags(version, [abi], platforms), t.compatible_tags(version, cp, platforms))]
answer = [tags(tuple(v), a) for v, a in question["interpreters"]]`,
      { platforms, interpreters: pythons.map((python) => [python.split('.').map(Number), abiOf(python)]) },
    );
    for (const [index, pythonMinor] of pythons.entries()) {
      expect(supportedTags({ pythonMinor, glibc, architecture: 'x86_64' })).toEqual((expected as string[][])[index]);
    }
  });

  it('has no tag twice', () => {
    const tags = supportedTags({ pythonMinor: '3.13', glibc: '2.41', architecture: 'aarch64' });
    expect(new Set(tags).size).toBe(tags.length);
  });
});

describe('manylinuxLadder', () => {
  it('has the aliases at their places and linux last', () => {
    // prettier-ignore
    expect(manylinuxLadder('2.17', 'x86_64')).toEqual([
      'manylinux_2_17_x86_64', 'manylinux2014_x86_64', 'manylinux_2_16_x86_64', 'manylinux_2_15_x86_64', 'manylinux_2_14_x86_64', 'manylinux_2_13_x86_64', 'manylinux_2_12_x86_64',
      'manylinux2010_x86_64', 'manylinux_2_11_x86_64', 'manylinux_2_10_x86_64', 'manylinux_2_9_x86_64', 'manylinux_2_8_x86_64', 'manylinux_2_7_x86_64', 'manylinux_2_6_x86_64',
      'manylinux_2_5_x86_64', 'manylinux1_x86_64', 'linux_x86_64',
    ]);
  });

  it('starts at glibc 2.17 on machines that came later', () => {
    expect(manylinuxLadder('2.18', 'aarch64')).toEqual([
      'manylinux_2_18_aarch64',
      'manylinux_2_17_aarch64',
      'manylinux2014_aarch64',
      'linux_aarch64',
    ]);
  });

  it.skipIf(!hasCurrentPackaging)('is the list that packaging makes on a machine with that glibc', () => {
    const program = `
m = sys.modules[packaging.tags.__name__.replace("tags", "_manylinux")]
m._get_glibc_version = lambda: (2, 36)
m._have_compatible_abi = lambda *args: True
answer = list(m.platform_tags(["x86_64"]))`;
    const expected = askPackaging(program, null) as string[];
    expect(manylinuxLadder('2.36', 'x86_64')).toEqual([...expected, 'linux_x86_64']);
  });
});

describe('parseWheelName', () => {
  // prettier-ignore
  const names = [
    'httpie-3.2.4-py3-none-any.whl', 'six-1.16.0-py2.py3-none-any.whl', 'PyYAML-6.0.1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl', 'Foo_Bar-1.0-1-py3-none-any.whl',
    'foo-1.0-2b_x-py3-none-any.whl', 'foo-1.0+local.1-cp36-abi3-linux_x86_64.whl', 'zope.interface-5.4.0-cp27-cp27mu-manylinux2010_x86_64.whl', 'foo-1!2.0rc1-py3-none-any.whl',
  ] as const;

  it.skipIf(!hasPackaging)('reads what packaging reads', () => {
    const expected = askPackaging(
      `
def parts(name):
    n, v, b, t = packaging.utils.parse_wheel_filename(name)
    return {"name": n, "version": str(v), "build": "%s%s" % b if b else None, "tags": sorted(map(str, t))}
answer = [parts(n) for n in question]`,
      names,
    );
    const ours = names.map((fileName) => {
      const { name, version, build, tags } = parseWheelName(fileName);
      return { name, version, build: build ?? null, tags: [...tags].sort() };
    });
    expect(ours).toEqual(expected);
  });

  it('undoes the escaping of hyphens in a version', () => {
    expect(parseWheelName('foo-1.0_1-py3-none-any.whl').version).toBe('1.0.post1');
  });

  it.each([
    ['foo.tar.gz', 'does not end in .whl'],
    ['foo-1.0-any.whl', 'five or six parts'],
    ['foo-1.0-1-2-py3-none-any.whl', 'five or six parts'],
    ['foo-x-py3-none-any.whl', '"x" is no version'],
    ['_-1.0-py3-none-any.whl', '"_" is no project name'],
    ['foo-1.0-x1-py3-none-any.whl', 'does not start with a digit'],
    ['foo-1.0-py3..py2-none-any.whl', 'no compatibility tag'],
    ['foo-1.0-py3--any.whl', 'no compatibility tag'],
  ])('refuses %s', (fileName, problem) => {
    expect(() => parseWheelName(fileName)).toThrow(expect.objectContaining({ code: 'wheel-invalid' }));
    expect(() => parseWheelName(fileName)).toThrow(problem);
  });
});

describe('wheelRank', () => {
  const centos7 = supportedTags({ pythonMinor: '3.6', glibc: '2.17', architecture: 'x86_64' });

  it('prefers the own ABI, then newer platforms, the stable ABI and pure Python', () => {
    // prettier-ignore
    const wheels = [
      'x-1-cp36-cp36m-manylinux2014_x86_64.whl', 'x-1-cp36-cp36m-manylinux2010_x86_64.whl', 'x-1-cp36-cp36m-linux_x86_64.whl', 'x-1-cp36-abi3-manylinux1_x86_64.whl',
      'x-1-cp35-abi3-manylinux1_x86_64.whl', 'x-1-py3-none-manylinux1_x86_64.whl', 'x-1-py36-none-any.whl', 'x-1-py2.py3-none-any.whl',
    ];
    const ranks = wheels.map((wheel) => wheelRank(wheel, centos7) ?? Infinity);
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
    expect(new Set(ranks).size).toBe(wheels.length);
    expect(ranks).not.toContain(Infinity);
  });

  it.each([
    'x-1-cp36-cp36m-manylinux_2_18_x86_64.whl',
    'x-1-cp37-abi3-manylinux1_x86_64.whl',
    'x-1-cp36-cp36m-musllinux_1_1_x86_64.whl',
    'x-1-cp36-cp36m-manylinux1_i686.whl',
    'x-1-cp36-cp36m-win_amd64.whl',
    'x-1-py2-none-any.whl',
    'x-1-cp36-cp36mu-manylinux1_x86_64.whl',
  ])('knows that %s does not run there', (wheel) => {
    expect(wheelRank(wheel, centos7)).toBeUndefined();
  });
});

describe('parseSdistName', () => {
  it.each([
    ['Foo_Bar-1.0.tar.gz', 'foo-bar', '1.0'],
    ['python-dateutil-2.8.2.tar.gz', 'python-dateutil', '2.8.2'],
    ['foo-1.0-beta1.zip', 'foo', '1.0b1'],
    ['Flocker-0.3.0.dev1+307.gb6d6e9f.dirty.tar.gz', 'flocker', '0.3.0.dev1+307.gb6d6e9f.dirty'],
  ])('reads %s', (fileName, name, version) => {
    expect(parseSdistName(fileName)).toEqual({ name, version });
  });

  it('knows what is no source distribution', () => {
    expect(['foo-1.0.whl', 'foo.tar.gz', 'foo-bar.tar.gz'].map(parseSdistName)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
