import { describe, expect, it } from 'vitest';

import { pruner } from '../../../src/interpreter/prune.ts';
import { interpreterParts } from '../../../src/manifest/manifest.ts';

const needed = [
  'bin/python',
  'bin/python3.12',
  'lib/libpython3.12.so.1.0',
  'lib/python3.12/os.py',
  'lib/python3.12/unittest/case.py',
  'lib/python3.12/doctest.py',
  'lib/python3.12/venv/__init__.py',
  'lib/python3.12/lib-dynload/_ssl.cpython-312-x86_64-linux-gnu.so',
  'lib/python3.12/_sysconfigdata__linux_x86_64-linux-gnu.py',
  'lib/python3.12/LICENSE.txt',
  'lib/python3.12/threading.py',
  'include/python3.12/pyconfig.h',
  'share/terminfo/x/xterm',
  'LICENSE.rst',
];
const parts = {
  tests: [
    'lib/python3.12/test/test_os.py',
    'lib/python3.12/sqlite3/test/test_dump.py',
    'lib/python3.12/lib2to3/tests/data/x.py',
    'lib/python3.12/lib-dynload/_testcapi.cpython-312-x86_64-linux-gnu.so',
    'lib/python3.12/lib-dynload/_xxtestfuzz.cpython-312-x86_64-linux-gnu.so',
  ],
  idle: ['lib/python3.12/idlelib/run.py', 'bin/idle3.12'],
  tkinter: [
    'lib/python3.12/tkinter/__init__.py',
    'lib/python3.12/turtle.py',
    'lib/python3.12/lib-dynload/_tkinter.cpython-312-x86_64-linux-gnu.so',
    'lib/tcl8.6/init.tcl',
    'lib/tk8.6/tk.tcl',
    'lib/libtcl8.6.so',
  ],
  ensurepip: ['lib/python3.12/ensurepip/__init__.py', 'lib/python3.12/site-packages/pip/__main__.py', 'bin/pip3.12'],
  development: [
    'include/python3.12/Python.h',
    'lib/python3.12/config-3.12-x86_64-linux-gnu/Makefile',
    'lib/python3.12/config-3.12-x86_64-linux-gnu/libpython3.12.a',
    'lib/pkgconfig/python3.pc',
    'bin/python3.12-config',
    'share/man/man1/python3.12.1',
  ],
} as const;

describe('pruner', () => {
  it('leaves out what running an application does not take, and nothing that it takes', () => {
    const isPruned = pruner('3.12', interpreterParts);
    expect(needed.filter(isPruned)).toEqual([]);
    const useless = Object.values(parts).flat();
    expect(useless.filter((path) => !isPruned(path))).toEqual([]);
  });

  it.each(interpreterParts)('takes %s by itself', (part) => {
    const isPruned = pruner('3.12', [part]);
    for (const [name, paths] of Object.entries(parts)) {
      const expected = paths.filter((path) => name === part || (part === 'tests' && path.includes('idle_test')));
      expect(paths.filter(isPruned), name).toEqual(expected);
    }
  });

  it('never takes bytecode over: it names the machine that compiled it', () => {
    const isPruned = pruner('3.12', []);
    expect(isPruned('lib/python3.12/__pycache__/os.cpython-312.pyc')).toBe(true);
    expect([...needed, ...Object.values(parts).flat()].filter(isPruned)).toEqual([]);
  });

  it('knows the library by its whole version', () => {
    expect(pruner('3.1', interpreterParts)('lib/python3.12/test/test_os.py')).toBe(false);
  });
});
