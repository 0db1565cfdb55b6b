import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { DirectoryStore } from '../../src/store/directory-store.ts';
import { mustRun } from '../support/machine.ts';
import { keysOf, textObject } from '../support/objects.ts';

const repository = join(import.meta.dirname, '../..');
const program = join(repository, 'dist/store/directory-store.js');
const writer = join(import.meta.dirname, '../support/directory-writer.mjs');

let root: string;
beforeAll(async () => {
  const setUp = "import('./admin/bootstrap.mjs').then((m) => m.setUp())";
  await mustRun([process.execPath, '-e', setUp], { cwd: repository });
});
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coachbuilder-writers-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function start(name: string, count: number, mode: 'swap' | 'overwrite' = 'swap'): ChildProcess {
  const child = spawn(process.execPath, [writer, program, root, name, String(count), mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return child;
}

async function endOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  return new Promise((resolve) => child.once('close', resolve));
}

/** The names of the lines, of which each has to be whole. */
function lines(): readonly string[] {
  const text = readFileSync(join(root, 'deep/index'), 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [name = '', filling = ''] = line.split(' ');
      expect(filling).toBe('x'.repeat(2000));
      return name;
    });
}

const writers = ['a', 'b', 'c', 'd', 'e', 'f'];
const each = 8;
const expected = writers.flatMap((name) => Array.from({ length: each }, (_, number) => `${name}-${String(number)}`));

describe('six processes that write to one directory', () => {
  it('lose nothing when they compare and swap', async () => {
    const children = writers.map((name) => start(name, each));
    expect(await Promise.all(children.map(endOf))).toEqual(writers.map(() => 0));
    expect(lines().toSorted()).toEqual(expected.toSorted());
    expect(readdirSync(root, { recursive: true })).toEqual(['deep', 'deep/index']);
  });

  it('lose something when they do not: the test above would see it', async () => {
    const children = writers.map((name) => start(name, each, 'overwrite'));
    await Promise.all(children.map(endOf));
    expect(lines().length).toBeLessThan(expected.length);
  });

  it('lose nothing while others are killed, and leave nothing half-written', async () => {
    const survivors = writers.map((name) => start(name, each));
    const running = Promise.all(survivors.map(endOf));
    const state = { ended: false };
    void running.then(() => (state.ended = true));
    let killed = 0;
    while (!state.ended || killed < 6) {
      const victim = start(`victim${String((killed += 1))}`, 0);
      await new Promise((resolve) => victim.stdout?.once('data', resolve));
      await delay(Math.random() * 60);
      victim.kill('SIGKILL');
      await endOf(victim);
    }
    expect(await running).toEqual(writers.map(() => 0));
    const found = lines();
    expect(found.filter((name) => !name.startsWith('victim')).toSorted()).toEqual(expected.toSorted());
    expect(new Set(found).size).toBe(found.length);
    // Whoever comes next removes what the killed ones left, a lock among it.
    const next = new DirectoryStore(root);
    await next.put(textObject('last', 'x'), { kind: 'none' });
    expect(await keysOf(next)).toEqual(['deep/index', 'last']);
    expect(readdirSync(root, { recursive: true }).toSorted()).toEqual(['deep', 'deep/index', 'last']);
  });
});
