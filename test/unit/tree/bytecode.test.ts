import { describe, expect, it } from 'vitest';

import { chooseBytecode } from '../../../src/tree/bytecode.ts';

const interpreter = { path: '/usr/bin/python3.11', version: '3.11.2', minor: '3.11' };

describe('chooseBytecode', () => {
  it('compiles ahead when it can, and says so', () => {
    expect(chooseBytecode('auto', { minor: '3.11', interpreter })).toBe('shipped');
    expect(chooseBytecode('build', { minor: '3.11', interpreter })).toBe('shipped');
  });

  it('leaves it to the package when no interpreter is at hand', () => {
    expect(chooseBytecode('auto', { minor: '3.11', interpreter: undefined })).toBe('at-install');
  });

  it.each(['2.7', '3.5', '3.6'])('leaves it to the package for %s, whose bytecode holds dates (PEP 552)', (minor) => {
    expect(chooseBytecode('auto', { minor, interpreter: { ...interpreter, minor } })).toBe('at-install');
    expect(() => chooseBytecode('build', { minor, interpreter: { ...interpreter, minor } })).toThrow(
      /cannot be compiled/,
    );
  });

  it('does what the manifest demands otherwise', () => {
    expect(chooseBytecode('install', { minor: '3.11', interpreter })).toBe('at-install');
    expect(chooseBytecode('none', { minor: '3.11', interpreter })).toBe('none');
  });

  it('refuses to compile ahead with nothing to compile with, and says what to install', () => {
    expect(() => chooseBytecode('build', { minor: '3.9', interpreter: undefined })).toThrow(
      expect.objectContaining({ code: 'tool-missing', hint: expect.stringContaining('python3.9') as unknown }),
    );
  });
});
