import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { sdistTime, undatedEpoch } from '../../../src/application/sdist-time.ts';
import { readWheel } from '../../../src/application/wheel-reader.ts';
import { makeSdist, makeWheel, memberEpoch, zipArchive } from '../../support/wheels.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-wheel-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

test('reads metadata, scripts of both kinds and the age of a wheel', async () => {
  const { path } = makeWheel(directory, {
    name: 'Acme.Fleet',
    version: '1.0',
    requires: ['six>=1'],
    requiresPython: '>=3.5',
    scripts: { zeta: 'fleet.cli:main', alpha: 'fleet:run' },
    data: { 'scripts/run-it': '#!python\n', 'data/etc/x.conf': '' },
  });
  const wheel = await readWheel(path);
  expect(wheel.metadata).toMatchObject({
    name: 'Acme.Fleet',
    version: '1.0',
    requiresDist: ['six>=1'],
    requiresPython: '>=3.5',
  });
  expect(wheel.scripts.map(({ name, module, attribute }) => [name, module, attribute])).toEqual([
    ['alpha', 'fleet', 'run'],
    ['zeta', 'fleet.cli', 'main'],
  ]);
  expect(wheel.dataScripts).toEqual(['run-it']);
  expect(wheel.newestMember).toBe(memberEpoch);
});

test('refuses a wheel without metadata, and one whose name belongs to another project', async () => {
  const empty = join(directory, 'empty-1.0-py3-none-any.whl');
  writeFileSync(empty, zipArchive([{ name: 'empty.py', content: '' }]));
  await expect(readWheel(empty)).rejects.toMatchObject({
    code: 'wheel-invalid',
    message: `${empty} has no .dist-info directory of empty`,
  });
  const { path } = makeWheel(directory, { name: 'one', version: '1.0' });
  const renamed = join(directory, 'two-1.0-py3-none-any.whl');
  renameSync(path, renamed);
  await expect(readWheel(renamed)).rejects.toMatchObject({ code: 'wheel-invalid', details: ['one-1.0.dist-info'] });
});

test('names the wheel whose entry points are no scripts', async () => {
  const { path } = makeWheel(directory, {
    name: 'bad',
    version: '1.0',
    entryPoints: '[console_scripts]\nbad = nothing\n',
  });
  await expect(readWheel(path)).rejects.toMatchObject({
    code: 'wheel-invalid',
    message: expect.stringContaining(path) as unknown,
  });
});

test('dates an sdist by its newest file', async () => {
  const { path } = makeSdist(directory, { name: 'src', version: '1.0' });
  expect(await sdistTime(path)).toBe(memberEpoch);
  const broken = join(directory, 'broken-1.0.tar.gz');
  writeFileSync(broken, 'no archive');
  expect(await sdistTime(broken)).toBe(undatedEpoch);
});
