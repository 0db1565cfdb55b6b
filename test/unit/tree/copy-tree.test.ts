import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { copyTree } from '../../../src/tree/copy-tree.ts';
import { makeWheel } from '../../support/wheels.ts';
import { assemble, epoch, targetOf, wheelhouseOf } from '../../support/trees.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-copy-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function facts(root: string): readonly string[] {
  return ['', ...readdirSync(root, { recursive: true, encoding: 'utf8' })].sort().map((name) => {
    const path = join(root, name);
    const { mode, mtimeMs, size } = lstatSync(path);
    const isLink = (mode & 0o170000) === 0o120000;
    const isFile = (mode & 0o170000) === 0o100000;
    const content = isLink ? readlinkSync(path) : isFile ? readFileSync(path, 'hex') : '';
    return [name, mode.toString(8), mtimeMs, isFile ? size : '', content].join(' ');
  });
}

it('a copy of a tree has the same files, modes, links and dates, and none of its changes reach the original', async () => {
  const { path } = makeWheel(directory, { name: 'hello', version: '1', scripts: { hello: 'hello:main' } });
  const root = join(directory, 'one/root');
  const tree = await assemble({ root, wheelhouse: wheelhouseOf(path), target: targetOf({ lib64: true }) });
  const copy = await copyTree(tree, { root: join(directory, 'two/root'), epoch });
  expect(copy).toEqual({ ...tree, root: join(directory, 'two/root') });
  const original = facts(root);
  expect(original.length).toBeGreaterThan(10);
  expect(facts(copy.root)).toEqual(original);
  for (const entry of copy.entries)
    if (entry.kind === 'file') writeFileSync(join(copy.root, entry.path), 'something else');
  expect(facts(root)).toEqual(original);
});
