import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { openZip } from '../../../src/system/zip.ts';
import { memberEpoch, zipArchive, type ArchiveMember } from '../../support/wheels.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-zip-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function archive(members: readonly ArchiveMember[]): string {
  const path = join(directory, 'a.zip');
  writeFileSync(path, zipArchive(members));
  return path;
}

test('lists members with name, size, permission bits and date, and reads them', async () => {
  const path = archive([
    { name: 'pkg/', content: '', mode: 0o040755 },
    { name: 'pkg/run.sh', content: '#!/bin/sh\n', mode: 0o755 },
    { name: 'link', content: 'pkg', mode: 0o120777 },
  ]);
  await using zip = await openZip(path);
  expect(
    zip.entries.map(({ name, isDirectory, isSymlink, mode, size }) => ({ name, isDirectory, isSymlink, mode, size })),
  ).toEqual([
    { name: 'pkg', isDirectory: true, isSymlink: false, mode: 0o755, size: 0 },
    { name: 'pkg/run.sh', isDirectory: false, isSymlink: false, mode: 0o755, size: 10 },
    { name: 'link', isDirectory: false, isSymlink: true, mode: 0o777, size: 3 },
  ]);
  expect(zip.entries[1]?.modified.getTime()).toBe(memberEpoch * 1000);
  expect((await zip.read(zip.entries[1]!)).toString()).toBe('#!/bin/sh\n');
});

test.each([
  ['/etc/passwd', /absolute/],
  ['C:/x', /absolute/],
  ['a/../../b', /leads out/],
  ['..', /leads out/],
  ['a\\b', /backslash/],
  ['a//b', /shortest form/],
  ['./a', /shortest form/],
])('refuses a member called %j', async (name, problem) => {
  await expect(openZip(archive([{ name, content: 'x' }]))).rejects.toMatchObject({
    code: 'wheel-invalid',
    message: expect.stringMatching(problem) as unknown,
  });
});

test('refuses a name that occurs twice, also as a file and a directory', async () => {
  const twice = archive([
    { name: 'a', content: '1' },
    { name: 'a/', content: '' },
  ]);
  await expect(openZip(twice)).rejects.toMatchObject({
    code: 'wheel-invalid',
    message: expect.stringContaining('twice') as unknown,
  });
});

test('refuses what is no zip archive, naming the file', async () => {
  const path = join(directory, 'not.zip');
  writeFileSync(path, 'plain text');
  await expect(openZip(path)).rejects.toMatchObject({ code: 'wheel-invalid', message: `${path} is not a zip archive` });
});

test('finds a member whose content is not what the directory says', async () => {
  const bytes = zipArchive([{ name: 'a', content: 'good content' }]);
  bytes.write('evil', bytes.indexOf('good'));
  const path = join(directory, 'damaged.zip');
  writeFileSync(path, bytes);
  await using zip = await openZip(path);
  await expect(zip.read(zip.entries[0]!)).rejects.toMatchObject({
    code: 'wheel-invalid',
    message: expect.stringContaining('damaged member, a') as unknown,
  });
});
