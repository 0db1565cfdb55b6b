import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { readRequirementsFiles } from '../../../src/lock/requirements-file.ts';
import { formatRequirement } from '../../../src/python/requirement.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-requirements-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

test('reads pip’s format: comments, continued lines, hashes, markers and included files', async () => {
  const digest = 'a'.repeat(64);
  file('more.txt', 'six # the last one\n');
  file('limits.txt', 'six<2\n');
  const path = file(
    'requirements.txt',
    `# generated\n--index-url https://example.com/simple\n-r more.txt\n-c limits.txt\nrequests[socks]==2.0 ; python_version < "3" \\\n    --hash=sha256:${digest} \\\n    # via app\n\nplain @ https://example.com/plain-1-py3-none-any.whl#sha256=${digest}\n`,
  );
  const read = await readRequirementsFiles({ requirements: [path], constraints: [] });
  expect(read.diagnostics).toEqual([]);
  expect(read.requirements.map(({ requirement, hashes }) => [formatRequirement(requirement), hashes])).toEqual([
    ['six', []],
    ['requests[socks]==2.0; python_version < "3"', [digest]],
    [`plain @ https://example.com/plain-1-py3-none-any.whl#sha256=${digest}`, []],
  ]);
  expect(read.constraints.map(({ requirement }) => formatRequirement(requirement))).toEqual(['six<2']);
  expect(read.ignored).toEqual([`--index-url (${path}:2)`]);
});

test('reports every line that cannot be locked, with its place', async () => {
  const path = file('requirements.txt', '-e .\n./local\ngood\nhttps://example.com/x.whl\nbad ==\n--unknown\n');
  const read = await readRequirementsFiles({ requirements: [path], constraints: [] });
  expect(read.diagnostics.map(({ line }) => line)).toEqual([1, 2, 4, 5, 6]);
  expect(read.requirements).toHaveLength(1);
});

test('comes to an end with files that include each other', async () => {
  const path = file('a.txt', 'one\n-r b.txt\n');
  file('b.txt', 'two\n-r a.txt\n');
  expect((await readRequirementsFiles({ requirements: [path], constraints: [] })).requirements).toHaveLength(2);
});

test('names a file that is not there', async () => {
  const path = join(directory, 'absent.txt');
  await expect(readRequirementsFiles({ requirements: [], constraints: [path] })).rejects.toMatchObject({
    code: 'manifest-invalid',
    message: `the constraints file ${path} cannot be read`,
  });
});
