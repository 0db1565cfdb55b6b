import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { makeRunDirectory, useRunDirectory } from '../../../src/system/run-directory.ts';

const now = new Date('2026-01-02T03:04:05.678Z');
/** Larger than any process number on Linux: nobody has it. */
const noProcess = 2 ** 22 + 1;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-run-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('the directory of a run', () => {
  it('is named by time and process, and keeps a log that grows', async () => {
    const run = await makeRunDirectory(join(directory, 'builds'), now);
    expect(run.path).toBe(join(directory, 'builds', `20260102T030405Z-${String(process.pid)}`));
    run.log('one\n');
    run.log('two\n');
    expect(readFileSync(run.logFile, 'utf8')).toBe('one\ntwo\n');
  });

  it('takes the place of the oldest of many, but not of one that still runs, and of nothing else', async () => {
    const names = Array.from(
      { length: 14 },
      (_, index) => `202501${String(index + 1).padStart(2, '0')}T000000Z-${String(noProcess)}`,
    );
    const running = `20240101T000000Z-${String(process.ppid)}`;
    for (const name of [...names, running, 'mine']) {
      mkdirSync(join(directory, name));
      writeFileSync(join(directory, name, 'file'), '');
    }
    const run = await makeRunDirectory(directory, now);
    expect(readdirSync(directory).sort()).toEqual(
      [...names.slice(-9), running, 'mine', run.path.slice(directory.length + 1)].sort(),
    );
  });

  it('can be one that the user chose, in which everything stays', async () => {
    writeFileSync(join(directory, 'mine'), '');
    const run = await useRunDirectory(directory);
    expect(run.path).toBe(directory);
    expect(existsSync(join(directory, 'mine'))).toBe(true);
  });

  it('is refused in words when it cannot be made', async () => {
    writeFileSync(join(directory, 'file'), '');
    await expect(makeRunDirectory(join(directory, 'file/builds'), now)).rejects.toMatchObject({
      code: 'output-unwritable',
    });
    await expect(useRunDirectory(join(directory, 'file'))).rejects.toMatchObject({ code: 'output-unwritable' });
  });
});
