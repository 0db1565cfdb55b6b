import { describe, expect, it } from 'vitest';

import { explainBytecode } from '../../../src/verification/compare-bytecode.ts';
import { compareJson, explainDocuments } from '../../../src/verification/compare-documents.ts';

describe('two JSON documents', () => {
  it('differ in nothing when they are the same', () => {
    expect(compareJson({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toEqual([]);
  });

  it('are told apart field by field, members of lists by what they are called', () => {
    const first = { components: [{ name: 'attrs', version: '1' }, { name: 'cffi' }], epoch: 1, list: ['x', 'y'] };
    const second = { components: [{ name: 'cffi' }, { name: 'attrs', version: '2' }], list: ['x'], more: true };
    expect(compareJson(first, second)).toEqual([
      'components[attrs].version: "1" and then "2"',
      'epoch: 1 and then nothing',
      'list[1]: "y" and then nothing',
      'more: nothing and then true',
    ]);
  });

  it('differ in the order of members, where nothing else does', () => {
    expect(compareJson({ l: [{ name: 'a' }, { name: 'b' }] }, { l: [{ name: 'b' }, { name: 'a' }] })).toEqual([
      'l[b]: stands where l[a] stood',
    ]);
  });

  it('are not told of for digests that another file explains, nor for what follows from them', () => {
    const text = (digest: string, serial: string, version = '1'): string =>
      JSON.stringify({ serialNumber: serial, subject: { digest }, version });
    const known = new Map([['bbb', 'aaa']]);
    expect(explainDocuments(text('aaa', 's'), text('bbb', 't'), known)).toEqual([]);
    expect(explainDocuments(text('aaa', 's'), text('bbb', 't', '2'), known)).toEqual(['version: "1" and then "2"']);
    expect(explainDocuments(text('aaa', 's'), text('aaa', 't'))).toEqual(['serialNumber: "s" and then "t"']);
    expect(explainDocuments('{"a":1}', '{"a": 1}')).toEqual(['only the layout of the text is another']);
  });
});

describe('two files of bytecode', () => {
  // PEP 552: magic, flags, hash of the source; then marshalled code.
  const bytecode = (magic: number, flags: number, source: number, code: string): Buffer => {
    const head = Buffer.alloc(16);
    head.writeUInt16LE(magic, 0);
    head.write('\r\n', 2, 'latin1');
    head.writeUInt32LE(flags, 4);
    head.writeBigUInt64LE(BigInt(source), 8);
    return Buffer.concat([head, Buffer.from(code)]);
  };
  const first = bytecode(3495, 1, 7, 'abc');

  it.each([
    [bytecode(3531, 1, 7, 'abc'), 'bytecode of another version of CPython'],
    [bytecode(3495, 3, 7, 'abc'), 'bytecode that is invalidated in another way'],
    [bytecode(3495, 1, 8, 'abc'), 'bytecode of another source'],
    [
      bytecode(3495, 1, 7, 'abd'),
      'bytecode of the same source: compiled by another patch release of CPython, or not always alike',
    ],
    [Buffer.from('text'), undefined],
  ])('%# differ by what their headers say', (second, reason) => {
    expect(explainBytecode(first, second)).toBe(reason);
  });
});
