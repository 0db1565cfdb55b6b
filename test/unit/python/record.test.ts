import { describe, expect, it } from 'vitest';

import { formatRecord, parseRecord, recordHash } from '../../../src/python/record.ts';
import { runOracle } from '../../support/version-oracles.ts';

describe('RECORD', () => {
  const rows = [
    ['app/__init__.py', 'sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU', '0'],
    ['app/a, "b".py', 'sha256=x_-', '12'],
    ['app/ñandú.py', '', ''],
    [' leading', '', '3'],
    ['app-1.0.dist-info/RECORD', '', ''],
  ] as const;

  it('is written as the csv module of Python writes it, and read back', () => {
    const written = runOracle(
      'python3',
      ['-c', 'import csv,json,sys; csv.writer(sys.stdout, lineterminator="\\n").writerows(json.load(sys.stdin))'],
      JSON.stringify(rows),
    );
    const entries = rows.map(([path, hash, size]) => ({
      path,
      hash: hash === '' ? undefined : hash,
      size: size === '' ? undefined : Number(size),
    }));
    expect(formatRecord(entries)).toBe(written);
    expect(parseRecord(written)).toEqual(entries);
    expect(parseRecord(written.replaceAll('\n', '\r\n'))).toEqual(entries);
  });

  it('is read without a last newline and with empty lines', () => {
    expect(parseRecord('a,sha256=b,1\n\nc,,')).toEqual([
      { path: 'a', hash: 'sha256=b', size: 1 },
      { path: 'c', hash: undefined, size: undefined },
    ]);
    expect(parseRecord('')).toEqual([]);
  });

  it('has the hash of PEP 427', () => {
    // sha256 of nothing, in URL-safe base64 without padding.
    expect(recordHash(new Uint8Array())).toBe('sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU');
  });
});
