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
  ['a\nb', /control character/],
  ['a\u0085b', /control character/],
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

test('tells devices, pipes and sockets from files', async () => {
  const modes = [0o020666, 0o060660, 0o010644, 0o140755, 0o100644];
  await using zip = await openZip(
    archive(modes.map((mode, index) => ({ name: `m${String(index)}`, content: '', mode }))),
  );
  expect(zip.entries.map(({ isSpecial }) => isSpecial)).toEqual([true, true, true, true, false]);
});

/** Where the central directory (APPNOTE 4.3.12) has the entry of a member. */
function directoryEntry(bytes: Buffer, index: number): number {
  let at = -1;
  for (let count = 0; count <= index; count += 1) at = bytes.indexOf('PK\x01\x02', at + 1, 'latin1');
  return at;
}

function written(bytes: Buffer): string {
  const path = join(directory, 'crafted.zip');
  writeFileSync(path, bytes);
  return path;
}

test('refuses what would fill the disk, before it reads a member', async () => {
  const bytes = zipArchive([{ name: 'a', content: 'x' }]);
  const entry = directoryEntry(bytes, 0);
  bytes.writeUInt16LE(8, entry + 10); // deflated
  bytes.writeUInt32LE(0xf0000000, entry + 24); // uncompressed size
  await expect(openZip(written(bytes))).rejects.toMatchObject({
    code: 'wheel-invalid',
    message: expect.stringMatching(/would have 4026531840 unpacked/) as unknown,
  });
});

test('refuses members that share their bytes', async () => {
  const bytes = zipArchive([
    { name: 'a', content: 'same' },
    { name: 'b', content: 'same' },
  ]);
  bytes.writeUInt32LE(0, directoryEntry(bytes, 1) + 42); // offset of the local header: that of the first member
  await expect(openZip(written(bytes))).rejects.toMatchObject({
    code: 'wheel-invalid',
    message: expect.stringContaining('overlap') as unknown,
  });
});

test('finds a member whose local header has another name', async () => {
  const bytes = zipArchive([{ name: 'good', content: 'x' }]);
  bytes.write('evil', bytes.indexOf('good'));
  await using zip = await openZip(written(bytes));
  await expect(zip.read(zip.entries[0]!)).rejects.toMatchObject({ code: 'wheel-invalid' });
});
