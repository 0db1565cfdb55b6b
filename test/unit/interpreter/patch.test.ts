import { describe, expect, it } from 'vitest';

import { describesBuild, patchScript, patchText, readBuildRecord } from '../../../src/interpreter/patch.ts';

/** Excerpts of the forms that python-build-standalone's files have. */
const sysconfigData = `# system configuration generated and used by the sysconfig module
build_time_vars = {'AR': '/tools/clang-linux64/bin/llvm-ar',
 'BLDSHARED': '/tools/clang-linux64/bin/clang -pthread -shared -Wl,--exclude-libs,ALL',
 'CC': '/tools/clang-linux64/bin/clang -pthread',
 'CFLAGS': '-Wsign-compare -DNDEBUG -fPIC -I/tools/deps/include '
           '-isystem /tools/deps/include/ncursesw -fdebug-prefix-map=/build/Python=. -O3',
 'CONFIG_ARGS': "'--build=x86_64-unknown-linux-gnu' '--prefix=/install' "
                "'--with-openssl=/tools/deps' 'CC=clang' '--enable-shared'",
 'CXX': 'clang++ -pthread',
 'LDFLAGS': '-Wl,-rpath,/tools/deps/lib -L/tools/deps/lib -lm',
 'LIBDIR': '/install/lib',
 'MULTIARCH': 'x86_64-linux-gnu',
 'SHELL': '/bin/sh -e',
 'abs_builddir': '/build/Python-3.12.3',
 'prefix': '/install',
 'srcdir': '.'}
`;

const pkgConfig = `prefix=/install
exec_prefix=\${prefix}
Description: Build a C extension for Python
Cflags: -I\${includedir}/python3.12
Libs: -L/tools/deps/lib
`;

function patch(text: string, home = '/opt/fleet/python'): string {
  return patchText(text, { ...readBuildRecord(sysconfigData), home });
}

describe('readBuildRecord', () => {
  it('knows where an interpreter was built, and for which prefix', () => {
    expect(readBuildRecord(sysconfigData)).toEqual({
      prefix: '/install',
      directories: ['/build', '/install', '/tools', '/build/Python-3.12.3'],
    });
  });

  it('takes a prefix that every system has for none', () => {
    expect(readBuildRecord(" 'prefix': '/usr',\n 'exec_prefix': '/usr',\n").prefix).toBeUndefined();
    expect(readBuildRecord('').prefix).toBeUndefined();
  });
});

describe('patchText', () => {
  it('leaves no path of the machine that built it in sysconfig data', () => {
    const text = patch(sysconfigData);
    expect(text).not.toMatch(/\/(?:install|build|tools)\b/);
    expect(text).toContain("'AR': 'ar',");
    expect(text).toContain("'BLDSHARED': 'cc -pthread -shared -Wl,--exclude-libs,ALL',");
    expect(text).toContain("'CC': 'cc -pthread',");
    expect(text).toContain("'CXX': 'c++ -pthread',");
    expect(text).toContain("'LIBDIR': '/opt/fleet/python/lib',");
    expect(text).toContain("'prefix': '/opt/fleet/python',");
    expect(text).toContain("'--prefix=/opt/fleet/python'");
    expect(text).toContain("'SHELL': '/bin/sh -e',");
    expect(text).toContain("'MULTIARCH': 'x86_64-linux-gnu',");
  });

  it('takes the options that name such a path with it, and no others', () => {
    const text = patch(sysconfigData);
    expect(text).toMatch(/'CFLAGS': '-Wsign-compare -DNDEBUG -fPIC +'\n +' +-O3',/);
    expect(text).toMatch(/'LDFLAGS': ' +-lm',/);
  });

  it('keeps the quotes of a Python file in pairs', () => {
    const line = /'CONFIG_ARGS'.*\n.*/.exec(patch(sysconfigData))?.[0] ?? '';
    expect(line.match(/"/g)?.length).toBe(4);
    expect((line.match(/'/g)?.length ?? 1) % 2).toBe(0);
  });

  it('gives pkg-config files the prefix of the interpreter', () => {
    expect(patch(pkgConfig)).toBe(pkgConfig.replace('/install', '/opt/fleet/python').replace('-L/tools/deps/lib', ''));
  });

  it('does not take a part of another path for one of them', () => {
    const text = 'a=/opt/install/x b=/srv/build c=/installed/x d=/buildings e=../build/x f=-DPATH=share/tools/x\n';
    expect(patch(text)).toBe(text);
  });

  it('may be for a prefix that is called as the directories of builds are', () => {
    expect(patch("'LIBDIR': '/install/lib'", '/build/fleet/python')).toBe("'LIBDIR': '/build/fleet/python/lib'");
  });

  it('changes nothing when it is done again', () => {
    expect(patch(patch(sysconfigData))).toBe(patch(sysconfigData));
  });
});

describe('describesBuild', () => {
  it('names the files that tell how an interpreter was built', () => {
    const paths = [
      'lib/python3.12/_sysconfigdata__linux_x86_64-linux-gnu.py',
      'lib/python3.14/_sysconfig_vars__linux_x86_64-linux-gnu.json',
      'lib/python3.14/build-details.json',
      'lib/python3.12/config-3.12-x86_64-linux-gnu/Makefile',
      'lib/pkgconfig/python-3.12.pc',
      'bin/python3.12-config',
    ];
    expect(paths.filter(describesBuild)).toEqual(paths);
    expect(['lib/python3.12/sysconfig.py', 'bin/python3.12', 'lib/libpython3.12.so'].filter(describesBuild)).toEqual(
      [],
    );
  });
});

describe('patchScript', () => {
  const python = '/opt/fleet/python/bin/python3.12';
  const patched = (text: string, interpreter = python): string | undefined =>
    patchScript(Buffer.from(text), interpreter)?.toString();

  it.each([
    ['#!/install/bin/python3.12\nimport pip\n', `#!${python}\nimport pip\n`],
    ['#!/usr/bin/env python3\nimport pip\n', `#!${python}\nimport pip\n`],
    ['#!/usr/local/bin/python', `#!${python}\n`],
  ])('names the interpreter in %j', (text, expected) => {
    expect(patched(text)).toBe(expected);
  });

  it.each(['#!/bin/sh\nexec python\n', '\x7fELF', ''])('leaves %j as it is', (text) => {
    expect(patched(text)).toBe(text);
  });

  it('gives up a script whose first line Linux would not read whole (execve(2))', () => {
    expect(patched('#!/install/bin/python3\n', `/opt/${'long/'.repeat(30)}python3.12`)).toBeUndefined();
  });
});
