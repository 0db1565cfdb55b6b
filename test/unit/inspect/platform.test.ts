import { describe, expect, it } from 'vitest';

import { checkPlatform } from '../../../src/inspect/platform.ts';
import type { ElfIdentity, Tree } from '../../../src/tree/tree.ts';

/** e_machine of the System V ABI's processor supplements. */
const x86_64 = { elfClass: 64, machine: 62 } as const;
const i386 = { elfClass: 32, machine: 3 } as const;

function treeOf(...machines: readonly ElfIdentity[]): Tree {
  const entries = machines.map((elf, index) => ({
    kind: 'file' as const,
    path: `/opt/fleet/${String(index)}.so`,
    mode: 0o755,
    size: 1,
    sha256: '',
    distribution: `part-${String(index)}`,
    elf,
  }));
  return { root: '/nowhere', prefix: '/opt/fleet', entries, bytecode: 'none', importsDistutils: false };
}

describe('checkPlatform', () => {
  it('accepts what was built for the target, and a tree without programs', () => {
    expect(() => {
      checkPlatform(treeOf(x86_64, x86_64), 'x86_64');
    }).not.toThrow();
    expect(() => {
      checkPlatform(treeOf(), 'aarch64');
    }).not.toThrow();
  });

  it('names the file, the distribution and both machines otherwise', () => {
    expect(() => {
      checkPlatform(treeOf(x86_64, i386), 'x86_64');
    }).toThrow(
      expect.objectContaining({
        code: 'unsupported-wheel',
        message: '/opt/fleet/1.so of part-1 is built for i686, and the target is x86_64',
      }),
    );
    expect(() => {
      checkPlatform(treeOf({ elfClass: 32, machine: 62 }), 'x86_64');
    }).toThrow(/ELF machine 62 \(32 bit\)/);
  });

  it('leaves out what somebody knows not to be loaded', () => {
    expect(() => {
      checkPlatform(treeOf(x86_64, i386), 'x86_64', (path) => path === '/opt/fleet/1.so');
    }).not.toThrow();
  });
});
