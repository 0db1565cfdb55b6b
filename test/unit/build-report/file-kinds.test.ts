import { describe, expect, it } from 'vitest';

import { kindOf } from '../../../src/build-report/file-kinds.ts';

const site = '/opt/fleet/lib/python3.11/site-packages';

describe('the kind of a file', () => {
  it.each([
    ['modules', `${site}/numpy/core.py`],
    ['modules', `${site}/numpy/testing/utils.py`],
    ['bytecode', `${site}/numpy/__pycache__/core.cpython-311.pyc`],
    ['tests', `${site}/numpy/tests/test_core.py`],
    ['tests', `${site}/pandas/tests/io/data/x.csv`],
    ['tests', `${site}/numpy/tests/__pycache__/test_core.cpython-311.pyc`],
    ['native', `${site}/numpy/_core.cpython-311-x86_64-linux-gnu.so`],
    ['native', `${site}/numpy.libs/libquadmath-96973f99.so.0.0.0`],
    ['stubs', `${site}/numpy/core.pyi`],
    ['stubs', `${site}/numpy/py.typed`],
    ['development', `${site}/numpy/include/numpy/arrayobject.h`],
    ['development', `${site}/numpy/lib/libnpymath.a`],
    ['development', `${site}/lxml/etree.pyx`],
    ['metadata', `${site}/numpy-2.0.dist-info/RECORD`],
    ['documentation', `${site}/numpy-2.0.dist-info/licenses/LICENSE.txt`],
    ['documentation', `${site}/numpy/LICENSE`],
    ['documentation', '/usr/share/doc/acme-fleet/copyright'],
    ['documentation', '/opt/fleet/share/man/man1/fleet.1'],
    ['commands', '/opt/fleet/bin/fleet'],
    ['modules', `${site}/fleet/bin/run.py/x.py`],
    ['data', `${site}/certifi/cacert.pem`],
    ['data', '/etc/fleet/fleet.conf'],
    ['data', `${site}/contest/latest.json`],
  ])('%s: %s', (kind, path) => {
    expect(kindOf(path, false)).toBe(kind);
  });

  it('is native for a program, whatever it is called', () => {
    expect(kindOf('/opt/fleet/bin/ruff', true)).toBe('native');
    expect(kindOf(`${site}/tool/data/program`, true)).toBe('native');
  });
});
