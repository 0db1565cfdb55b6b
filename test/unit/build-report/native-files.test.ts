import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { readNativeFiles, summarizeLibraries } from '../../../src/build-report/native-files.ts';
import type { TreeEntry } from '../../../src/tree/tree.ts';
import { aTree } from '../../support/definitions.ts';
import { elfLibrary, type ElfParts } from '../../support/elf.ts';

const site = '/opt/fleet/lib/python3.11/site-packages';

async function read(
  libraries: Readonly<Record<string, ElfParts>>,
  links: Readonly<Record<string, string>> = {},
): ReturnType<typeof readNativeFiles> {
  const root = mkdtempSync(join(tmpdir(), 'coachbuilder-native-'));
  onTestFinished(() => {
    rmSync(root, { recursive: true });
  });
  const entries = Object.entries(libraries).map(([name, parts]): TreeEntry => {
    const path = `${site}/${name}`;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    const bytes = elfLibrary(parts);
    writeFileSync(join(root, path), bytes);
    const elf = { elfClass: 64, machine: 62 } as const;
    return { kind: 'file', path, mode: 0o755, size: bytes.length, sha256: '', distribution: 'leaf', elf };
  });
  const symlinks = Object.entries(links).map(([name, target]): TreeEntry => {
    return { kind: 'symlink', path: `${site}/${name}`, mode: 0o777, target };
  });
  return readNativeFiles(aTree({ root, entries: [...entries, ...symlinks] }), () => 'pypi-leaf');
}

describe('native files', () => {
  it('tell what they need, and what of it the package has itself', async () => {
    const files = await read({
      'leaf/_fast.so': {
        needed: ['libquick-1.so.1', 'libc.so.6', 'libz.so.1'],
        versions: { 'libc.so.6': ['GLIBC_2.17', 'GLIBC_2.4', 'GLIBC_2.2.5'] },
        runpath: '$ORIGIN/../leaf.libs',
      },
      'leaf.libs/libquick-abc.so': { soname: 'libquick-1.so.1', needed: ['libc.so.6'], rpath: '/old' },
    });
    expect(files).toEqual([
      {
        path: `${site}/leaf.libs/libquick-abc.so`,
        owner: 'pypi-leaf',
        soname: 'libquick-1.so.1',
        searched: ['/old'],
        needs: [{ library: 'libc.so.6', versions: [], privatePath: undefined }],
      },
      {
        path: `${site}/leaf/_fast.so`,
        owner: 'pypi-leaf',
        soname: undefined,
        searched: ['$ORIGIN/../leaf.libs'],
        needs: [
          { library: 'libquick-1.so.1', versions: [], privatePath: `${site}/leaf.libs/libquick-abc.so` },
          { library: 'libc.so.6', versions: ['GLIBC_2.2.5', 'GLIBC_2.4', 'GLIBC_2.17'], privatePath: undefined },
          { library: 'libz.so.1', versions: [], privatePath: undefined },
        ],
      },
    ]);
  });

  it('have what a link is called by', async () => {
    const files = await read({ 'a.so': { needed: ['libb.so.1'] }, 'libb.so.1.2': {} }, { 'libb.so.1': 'libb.so.1.2' });
    expect(files[0]?.needs[0]?.privatePath).toBe(`${site}/libb.so.1`);
  });

  it('are summed up: of each library who needs it, and the highest version of every family', async () => {
    const files = await read({
      'a.so': {
        needed: ['libstdc++.so.6', 'own.so'],
        versions: { 'libstdc++.so.6': ['GLIBCXX_3.4.9', 'CXXABI_1.3'] },
      },
      'b.so': { needed: ['libstdc++.so.6'], versions: { 'libstdc++.so.6': ['GLIBCXX_3.4.21', 'PRIVATE_API'] } },
      'own.so': {},
    });
    expect(summarizeLibraries(files)).toEqual([
      {
        library: 'libstdc++.so.6',
        privatePath: undefined,
        users: 2,
        highest: ['CXXABI_1.3', 'GLIBCXX_3.4.21', 'PRIVATE_API'],
      },
      { library: 'own.so', privatePath: `${site}/own.so`, users: 1, highest: [] },
    ]);
  });

  it('are none without ELF files', async () => {
    expect(await read({})).toEqual([]);
    expect(summarizeLibraries([])).toEqual([]);
  });
});
