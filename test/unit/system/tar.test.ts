import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readTar, type TarMember } from '../../../src/system/tar.ts';
import { tarball } from '../../support/tar.ts';

let directory: string;
const long = `${'directory-with-a-long-name/'.repeat(5)}${'f'.repeat(90)}`;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-tar-'));
  const python = join(directory, 'python');
  mkdirSync(join(python, long, '..'), { recursive: true });
  writeFileSync(join(python, 'program'), 'p'.repeat(1000), { mode: 0o755 });
  writeFileSync(join(python, 'empty'), '', { mode: 0o600 });
  writeFileSync(join(python, long), 'deep');
  writeFileSync(join(python, 'ünï'), 'name');
  symlinkSync('program', join(python, 'link'));
  linkSync(join(python, 'program'), join(python, 'same'));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

async function all(path: string): Promise<readonly TarMember[]> {
  const members: TarMember[] = [];
  for await (const member of readTar(path)) members.push(member);
  return members;
}

function write(name: string, content: Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

describe('readTar', () => {
  it.each([
    ['gnu', '--gzip'],
    ['pax', '--gzip'],
    ['ustar', '--gzip'],
    ['gnu', '--no-auto-compress'],
  ])('reads what tar writes in the format %s with %s', async (format, compression) => {
    const path = join(directory, `${format}${compression}.tar.gz`);
    const only = format === 'ustar' ? ['python/program', 'python/link'] : ['./python'];
    execFileSync('tar', ['--create', `--format=${format}`, compression, '--sort=name', '--file', path, ...only], {
      cwd: directory,
    });
    const members = await all(path);
    // What it says itself is the measure: names, in the order of the archive.
    const listed = execFileSync('tar', ['--list', '--quoting-style=literal', '--file', path], { encoding: 'utf8' })
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^\.\//, '').replace(/\/$/, ''));
    expect(members.map((member) => member.path)).toEqual(listed);
    const found = new Map(members.map((member) => [member.path.replace('python/', ''), member]));
    expect(found.get('program')?.content.toString()).toBe('p'.repeat(1000));
    expect(found.get('program')?.mode).toBe(0o755);
    expect(found.get('link')).toMatchObject({ kind: 'symlink', target: 'program' });
    if (format === 'ustar') return;
    expect(found.get(long)?.content.toString()).toBe('deep');
    expect(found.get('empty')).toMatchObject({ kind: 'file', mode: 0o600 });
    expect(found.get('ünï')?.content.toString()).toBe('name');
    expect(found.get('same')).toMatchObject({
      kind: 'hardlink',
      target: expect.stringMatching(/python\/program$/) as string,
    });
  });

  const whole = tarball([
    { path: 'a', content: 'x'.repeat(5000) },
    { path: 'b', content: 'y'.repeat(5000) },
  ]);

  it('reads our own examples', async () => {
    expect((await all(write('own.tar.gz', whole))).map(({ path, content }) => [path, content.length])).toEqual([
      ['a', 5000],
      ['b', 5000],
    ]);
  });

  it.each([
    ['is no archive', Buffer.from('<html>not found</html>'.repeat(100)), 'is no tar archive'],
    ['is empty', Buffer.alloc(0), 'is no tar archive'],
    ['is compressed, and cut off', whole.subarray(0, whole.length - 20), 'is damaged or cut off'],
    ['is cut off inside of a member', gunzipSync(whole).subarray(0, 3000), 'is cut off'],
    ['is cut off inside of a header', gunzipSync(whole).subarray(0, 5832), 'is damaged or cut off'],
  ])('refuses a file that %s', async (title, content, problem) => {
    const path = write(`${title}.tar`, content);
    await expect(all(path)).rejects.toMatchObject({ code: 'archive-invalid', message: `${path} ${problem}` });
  });

  it('stops reading when nobody wants more', async () => {
    const path = write('early.tar.gz', whole);
    for await (const { path: name } of readTar(path)) {
      expect(name).toBe('a');
      break;
    }
    expect(readFileSync(path).length).toBe(whole.length);
  });
});
