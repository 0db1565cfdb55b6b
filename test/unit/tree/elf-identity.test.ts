import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { identifyElf } from '../../../src/tree/elf-identity.ts';
import { elfHead } from '../../support/elf.ts';

describe('identifyElf', () => {
  it('reads the machine and the class', () => {
    expect(identifyElf(elfHead({ bits: 64, machine: 183 }))).toEqual({ elfClass: 64, machine: 183 });
    expect(identifyElf(elfHead({ bits: 32, machine: 40 }))).toEqual({ elfClass: 32, machine: 40 });
  });

  it('reads the numbers of a big-endian machine', () => {
    expect(identifyElf(elfHead({ bits: 64, machine: 22, bigEndian: true }))).toEqual({ elfClass: 64, machine: 22 });
  });

  it('reads a real program', () => {
    const expected = { x64: 62, arm64: 183 }[process.arch as 'x64' | 'arm64'];
    expect(identifyElf(readFileSync(process.execPath).subarray(0, 20))).toEqual({ elfClass: 64, machine: expected });
  });

  it.each([Buffer.alloc(0), Buffer.from('\x7fELF'), Buffer.from('#!/bin/sh\nexit 0 and so on\n')])(
    'takes nothing else for ELF',
    (head) => {
      expect(identifyElf(head)).toBeUndefined();
    },
  );
});
