import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { locateApplication } from '../../../src/application/locate-application.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-locate-'));
  mkdirSync(join(directory, 'app'));
  writeFileSync(join(directory, 'app', 'setup.py'), '');
  mkdirSync(join(directory, 'empty'));
  for (const file of ['a-1-py3-none-any.whl', 'a-1.tar.gz', 'a.txt']) writeFileSync(join(directory, file), '');
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

test('knows directories, wheels, sdists, URLs and requirements apart', async () => {
  const locate = (uri: string): Promise<unknown> => locateApplication(uri, directory);
  expect(await locate('app')).toEqual({ kind: 'directory', path: join(directory, 'app') });
  expect(await locate('./app/')).toEqual({ kind: 'directory', path: join(directory, 'app') });
  expect(await locate('a-1-py3-none-any.whl')).toEqual({
    kind: 'wheel',
    path: join(directory, 'a-1-py3-none-any.whl'),
  });
  expect(await locate(pathToFileURL(join(directory, 'a-1.tar.gz')).href)).toEqual({
    kind: 'sdist',
    path: join(directory, 'a-1.tar.gz'),
  });
  expect(await locate('https://example.com/a-1.tar.gz')).toEqual({
    kind: 'url',
    url: 'https://example.com/a-1.tar.gz',
  });
  for (const requirement of ['httpie==3.2.4', 'name[extra]==1', 'name @ https://example.com/name-1-py3-none-any.whl']) {
    expect(await locate(requirement)).toEqual({ kind: 'requirement', requirement });
  }
});

test('says what it looked for in a directory that is no project, even if an index may have that name', async () => {
  await expect(locateApplication('empty', directory)).rejects.toMatchObject({
    code: 'not-a-python-project',
    message: `${join(directory, 'empty')} is not a Python project: it has no pyproject.toml and no setup.py`,
    details: [
      `looked for ${join(directory, 'empty', 'pyproject.toml')}`,
      `looked for ${join(directory, 'empty', 'setup.py')}`,
    ],
  });
});

test('never takes what looks like a path for a requirement, and names the nearest parent', async () => {
  await expect(locateApplication('./app/missing/deep', directory)).rejects.toMatchObject({
    code: 'not-a-python-project',
    message: `there is no ${join(directory, 'app/missing/deep')}; ${join(directory, 'app')} exists`,
  });
  await expect(locateApplication('a.txt', directory)).rejects.toMatchObject({ code: 'not-a-python-project' });
  await expect(locateApplication('not a requirement', directory)).rejects.toMatchObject({
    code: 'not-a-python-project',
  });
});
