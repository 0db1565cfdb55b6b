import { describe, expect, it } from 'vitest';

import { readElf } from '../../../src/inspect/elf.ts';
import { findNamesakes } from '../../../src/inspect/health/libraries.ts';
import { unsearchedLibraries } from '../../../src/inspect/unsearched.ts';
import type { TreeEntry } from '../../../src/tree/tree.ts';
import { elfLibrary, type ElfParts } from '../../support/elf.ts';

const site = '/opt/fleet/lib/python3.11/site-packages';

/** A file of a distribution, by its path below site-packages; a text is where a link leads to. */
type Given = Readonly<Record<string, (ElfParts & { readonly of?: string }) | string>>;

/** What is told of these files when the distributions require these others. */
function tell(given: Given, requires: Readonly<Record<string, readonly string[]>> = {}): readonly string[] {
  const entries = Object.entries(given).map(([name, parts]): TreeEntry => {
    const path = `${site}/${name}`;
    if (typeof parts === 'string') return { kind: 'symlink', path, mode: 0o777, target: parts };
    return { kind: 'file', path, mode: 0o644, size: 1, sha256: '', distribution: parts.of };
  });
  const objects = Object.entries(given).flatMap(([name, parts]) => {
    const elf = typeof parts === 'string' ? undefined : readElf(elfLibrary(parts));
    return elf === undefined ? [] : [{ path: `${site}/${name}`, elf }];
  });
  const installed = Object.entries(requires).map(([distribution, requiresDist]) => ({
    distribution,
    directory: '',
    metadata: { name: distribution, version: '1', requiresDist, providesExtra: [] } as never,
    scripts: [],
    record: undefined,
  }));
  const findings = findNamesakes({ unsearched: unsearchedLibraries(objects, entries) }, installed);
  expect(findings.every(({ check, severity }) => check === 'libraries' && severity === 'warning')).toBe(true);
  return findings.map(({ message }) => message.replaceAll(`${site}/`, ''));
}

const needing = (library: string, of = 'keel'): ElfParts & { readonly of: string } => ({ needed: [library], of });

describe('a library that only another distribution has', () => {
  const ssl = { 'hull/libs/libssl.so.3': { soname: 'libssl.so.3', of: 'hull' } };

  it('is told with both files where neither distribution requires the other', () => {
    expect(tell({ 'keel/core.so': needing('libssl.so.3'), ...ssl }, { keel: ['ballast'], hull: [] })).toEqual([
      'keel/core.so (of keel) needs libssl.so.3, to which no path of its own leads, and the package asks for none because of hull/libs/libssl.so.3 (of hull)',
    ]);
  });

  it.each([
    ['by itself', { keel: ['Hull>=1'] }],
    ['by way of a third one, for an extra', { keel: ['mast'], mast: ['hull; extra == "x"'] }],
    ['the other way round', { hull: ['keel'] }],
  ])('is the tree’s own where one requires the other, %s', (_, requires) => {
    expect(tell({ 'keel/core.so': needing('libssl.so.3'), ...ssl }, requires)).toEqual([]);
  });

  it('is found where a path leads to it', () => {
    const core = { ...needing('libssl.so.3'), runpath: '$ORIGIN/../hull/libs' };
    expect(tell({ 'keel/core.so': core, ...ssl })).toEqual([]);
  });

  it("is the interpreter's own, which is loaded already; its other libraries are not", () => {
    const given = { 'libpython3.11.so.1.0': {}, 'libssl.so.3': {}, 'keel/a.so': needing('libpython3.11.so.1.0') };
    expect(tell(given)).toEqual([]);
    expect(tell({ ...given, 'keel/b.so': needing('libssl.so.3') })).toHaveLength(1);
    expect(tell({ ...ssl, '_ssl.so': { needed: ['libssl.so.3'] } })).toHaveLength(1);
    expect(tell({ 'libssl.so.3': {}, '_ssl.so': { needed: ['libssl.so.3'] } })).toEqual([]);
  });
});

describe('the libraries that a wheel bundles', () => {
  const openblas = 'libopenblas64_p-r0-0cf96a72.3.23.dev.so';
  const fortran = 'libgfortran-040039e1.so.5.0.0';

  it('are its own, hashed or not, as NumPy and pyarrow have them', () => {
    const given: Given = {
      // auditwheel gives a path to the modules, and none to what it copies.
      'numpy/core/_multiarray_umath.so': { ...needing(openblas, 'numpy'), rpath: '$ORIGIN/../../numpy.libs' },
      [`numpy.libs/${openblas}`]: { ...needing(fortran, 'numpy'), soname: openblas },
      [`numpy.libs/${fortran}`]: { soname: fortran, of: 'numpy' },
      'pyarrow/lib.so': { ...needing('libarrow.so.1500', 'pyarrow'), runpath: '$ORIGIN' },
      'pyarrow/libarrow.so.1500': { of: 'pyarrow' },
      'pyarrow/vendored/plugin.so': needing('libarrow.so.1500', 'pyarrow'),
    };
    expect(tell(given, { numpy: [], pyarrow: ['numpy'] })).toEqual([]);
  });

  it('are still its own where slimming has made links to those of another one', () => {
    const given: Given = {
      [`numpy.libs/${openblas}`]: { ...needing(fortran, 'numpy'), soname: openblas },
      [`numpy.libs/${fortran}`]: { soname: fortran, of: 'numpy' },
      [`scipy.libs/other.so`]: needing(fortran, 'scipy'),
      [`scipy.libs/${fortran}`]: `../numpy.libs/${fortran}`,
    };
    expect(tell(given)).toEqual([]);
  });
});
