import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { readElf } from '../../../src/inspect/elf.ts';
import { elfHead, elfLibrary, type ElfParts } from '../../support/elf.ts';

const parts: ElfParts = {
  soname: 'libfleet.so.1',
  needed: ['libc.so.6', 'libm.so.6'],
  rpath: '/opt/fleet/lib',
  runpath: '$ORIGIN/../lib:$ORIGIN',
  versions: { 'libc.so.6': ['GLIBC_2.4', 'GLIBC_2.17'], 'libm.so.6': ['GLIBC_2.29'] },
};

/** What objdump says of a file. */
function objdump(path: string): string {
  return execFileSync('objdump', ['-p', path], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
}

function toldByObjdump(text: string): { needed: string[]; soname: string | undefined; versions: string[] } {
  const valuesOf = (name: string): string[] =>
    [...text.matchAll(new RegExp(`^  ${name} +(\\S+)$`, 'gm'))].map((match) => match[1] ?? '');
  const references = text.split('Version References:\n')[1] ?? '';
  let library = '';
  const versions = references.split('\n').flatMap((line) => {
    library = /^  required from (\S+):$/.exec(line)?.[1] ?? library;
    const version = /^    0x[0-9a-f]+ 0x[0-9a-f]+ \d+ (\S+)$/.exec(line)?.[1];
    return version === undefined ? [] : [`${library} ${version}`];
  });
  return { needed: valuesOf('NEEDED'), soname: valuesOf('SONAME')[0], versions };
}

const hasObjdump = spawnSync('objdump', ['--version']).status === 0;
const itWithObjdump = hasObjdump ? it : it.skip;

describe('readElf', () => {
  it.each([
    ['64 bits, little-endian', {}],
    ['32 bits, little-endian', { bits: 32, machine: 40 }],
    ['64 bits, big-endian', { bigEndian: true, machine: 22 }],
    ['32 bits, big-endian', { bits: 32, bigEndian: true, machine: 20 }],
  ] as const)('reads %s', (_title, form) => {
    expect(readElf(elfLibrary({ ...parts, ...form }))).toEqual({
      elfClass: 'bits' in form ? 32 : 64,
      bigEndian: 'bigEndian' in form,
      machine: 'machine' in form ? form.machine : 62,
      interpreter: undefined,
      soname: 'libfleet.so.1',
      needed: ['libc.so.6', 'libm.so.6'],
      rpath: ['/opt/fleet/lib'],
      runpath: ['$ORIGIN/../lib', '$ORIGIN'],
      versionNeeds: [
        { library: 'libc.so.6', version: 'GLIBC_2.4' },
        { library: 'libc.so.6', version: 'GLIBC_2.17' },
        { library: 'libm.so.6', version: 'GLIBC_2.29' },
      ],
    });
  });

  itWithObjdump(`reads our own examples as readelf does${hasObjdump ? '' : ' [skipped: no binutils]'}`, () => {
    const directory = mkdtempSync(join(tmpdir(), 'coachbuilder-elf-'));
    try {
      const path = join(directory, 'libfleet.so');
      writeFileSync(path, elfLibrary(parts));
      // It reads the dynamic section by the program headers, as the dynamic linker does; objdump wants section headers.
      const text = execFileSync('readelf', ['-dW', path], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
      const told = [...text.matchAll(/\((NEEDED|SONAME|RPATH|RUNPATH|VERNEEDNUM)\).*?(?:\[(.*)\]|(\d+))$/gm)];
      expect(told.map(([, name, value, number]) => [name, value ?? number])).toEqual([
        ['NEEDED', 'libc.so.6'],
        ['NEEDED', 'libm.so.6'],
        ['SONAME', 'libfleet.so.1'],
        ['RPATH', '/opt/fleet/lib'],
        ['RUNPATH', '$ORIGIN/../lib:$ORIGIN'],
        ['VERNEEDNUM', '2'],
      ]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  itWithObjdump(`reads real files as objdump does${hasObjdump ? '' : ' [skipped: no binutils]'}`, () => {
    const directories = ['/lib/x86_64-linux-gnu', '/lib/aarch64-linux-gnu', '/usr/lib64'].filter((each) =>
      existsSync(each),
    );
    const libraries = directories.flatMap((directory) =>
      readdirSync(directory)
        .filter((name) => /^lib(?:c|m|z|crypto|expat|stdc\+\+)\.so\.\d+$/.test(name))
        .map((name) => join(directory, name)),
    );
    const files = [process.execPath, '/bin/ls', ...libraries];
    expect(files.length).toBeGreaterThan(3);
    for (const path of files) {
      const elf = readElf(readFileSync(path));
      const told = toldByObjdump(objdump(path));
      expect(elf?.needed, path).toEqual(told.needed);
      expect(elf?.soname, path).toBe(told.soname);
      expect(
        elf?.versionNeeds.map(({ library, version }) => `${library} ${version}`),
        path,
      ).toEqual(told.versions);
    }
  });

  const whyNoLinker =
    spawnSync('gcc', ['--version']).status !== 0 ? 'no gcc' : process.arch !== 'x64' ? 'not x86-64' : undefined;

  it.skipIf(whyNoLinker !== undefined).each([
    ['v2', 2, ['DT_HASH']],
    ['v3', 3, ['DT_GNU_HASH', 'DT_HASH']],
    ['v4', 4, ['DT_GNU_HASH']],
  ] as const)(
    `reads the processor's level and the hash tables that ld wrote: x86-64-%s, %i, %j${whyNoLinker === undefined ? '' : ` [skipped: ${whyNoLinker}]`}`,
    (level, expected, tables) => {
      const directory = mkdtempSync(join(tmpdir(), 'coachbuilder-elf-'));
      try {
        const [source, path] = [join(directory, 'f.c'), join(directory, 'f.so')];
        writeFileSync(source, 'int f(void) { return 1; }\n');
        const style = tables.length === 2 ? 'both' : tables[0] === 'DT_HASH' ? 'sysv' : 'gnu';
        const options = [`-Wl,-z,x86-64-${level}`, `-Wl,--hash-style=${style}`];
        execFileSync('gcc', ['-shared', '-fPIC', ...options, '-o', path, source]);
        const elf = readElf(readFileSync(path));
        expect(elf?.x86Level).toBe(expected);
        expect(elf?.gnuHashOnly).toBe(style === 'gnu' ? true : undefined);
      } finally {
        rmSync(directory, { recursive: true });
      }
    },
  );

  it('names the dynamic linker of a program', () => {
    expect(readElf(readFileSync('/bin/ls'))?.interpreter).toMatch(/^\/lib.*\/ld-.*\.so\.\d+$/);
  });

  it('says nothing of what is no ELF file', () => {
    expect(readElf(Buffer.from('#!/bin/sh\n'.repeat(20)))).toBeUndefined();
    expect(readElf(Buffer.alloc(0))).toBeUndefined();
  });

  it('tells what it can of a damaged file, wherever it is cut off', () => {
    const whole = elfLibrary(parts);
    for (let length = 64; length < whole.length; length += 1) {
      expect(readElf(whole.subarray(0, length))?.machine).toBe(62);
    }
    expect(readElf(elfHead({ bits: 64, machine: 183 }))).toMatchObject({ machine: 183, needed: [], versionNeeds: [] });
  });

  it('does not follow counts without end', () => {
    const whole = elfLibrary(parts);
    // The chain of the first library goes on at itself.
    const first = whole.indexOf(Buffer.from([1, 0, 2, 0]), 176);
    whole.writeUInt16LE(0xffff, first + 2);
    whole.writeUInt32LE(0x10, first + 28);
    expect(readElf(whole)?.versionNeeds.length).toBeLessThan(100_000);
  });
});
