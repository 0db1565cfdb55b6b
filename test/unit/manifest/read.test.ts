import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import { describeSource, readManifest } from '../../../src/manifest/read.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coachbuilder-manifest-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const write = (name: string, text: string): Promise<void> => writeFile(join(directory, name), text);

async function failureOf(promise: Promise<unknown>): Promise<CoachbuilderError> {
  const error: unknown = await promise.then(
    () => new Error('It did not fail'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof CoachbuilderError)) throw error;
  return error;
}

describe('readManifest', () => {
  it('finds nothing where there is no manifest', async () => {
    expect(await readManifest({ startDirectory: directory })).toBeUndefined();
    await write('pyproject.toml', '[project]\nname = "fleet"\n');
    expect(await readManifest({ startDirectory: directory })).toBeUndefined();
  });

  it('reads coachbuilder.yaml, and returns warnings', async () => {
    await write('coachbuilder.yaml', 'name: fleet\nlicense: ours\ndistributions: {acme-8: {extends: rocky-8}}\n');
    const manifest = await readManifest({ startDirectory: directory });
    expect(manifest).toMatchObject({
      written: { name: 'fleet' },
      directory,
      file: join(directory, 'coachbuilder.yaml'),
    });
    expect(manifest?.warnings).toMatchObject([{ severity: 'warning', line: 2, column: 10 }]);
    expect(manifest?.distributions.get('acme-8')?.vendor).toBe('acme');
  });

  it('reads the table of a pyproject.toml', async () => {
    await write('pyproject.toml', '[tool.coachbuilder]\nname = "fleet"\n');
    expect(await readManifest({ startDirectory: directory })).toMatchObject({
      written: { name: 'fleet' },
      file: join(directory, 'pyproject.toml'),
    });
  });

  it('refuses two manifests in one directory, unless one is named', async () => {
    await write('coachbuilder.yaml', 'name: a\n');
    await write('pyproject.toml', '[tool.coachbuilder]\nname = "b"\n');
    const error = await failureOf(readManifest({ startDirectory: directory }));
    expect(error.code).toBe('manifest-invalid');
    expect(error.message).toBe(
      `there are two manifests: ${directory}/coachbuilder.yaml and [tool.coachbuilder] in ${directory}/pyproject.toml`,
    );
    expect(await readManifest({ startDirectory: directory, file: 'pyproject.toml' })).toMatchObject({
      written: { name: 'b' },
    });
  });

  it('refuses a named manifest that is not there', async () => {
    const error = await failureOf(readManifest({ startDirectory: directory, file: 'other.yaml' }));
    expect([error.code, error.message]).toEqual(['manifest-missing', `there is no manifest ${directory}/other.yaml`]);
    await write('pyproject.toml', '[project]\nname = "fleet"\n');
    const table = await failureOf(readManifest({ startDirectory: directory, file: 'pyproject.toml' }));
    expect([table.code, table.message]).toEqual([
      'manifest-missing',
      `${directory}/pyproject.toml has no table [tool.coachbuilder]`,
    ]);
  });

  it('throws all problems as one error', async () => {
    await write('coachbuilder.yaml', 'nam: a\nlicense: ours\npackages: {cli: {files: {/etc/x: conf}}}\n');
    const error = await failureOf(readManifest({ startDirectory: directory }));
    expect([error.code, error.message]).toEqual([
      'manifest-invalid',
      `the manifest ${directory}/coachbuilder.yaml has 2 problems`,
    ]);
    expect(error.diagnostics.map(({ line, severity, message }) => [line, severity, message])).toEqual([
      [1, 'error', 'unknown key "nam"'],
      [2, 'warning', 'license "ours" is not an SPDX expression'],
      [3, 'error', 'there is no file or directory "conf"'],
    ]);
  });

  it('does not let a broken pyproject.toml stand in the way of a coachbuilder.yaml', async () => {
    await write('pyproject.toml', '[tool\n');
    expect((await failureOf(readManifest({ startDirectory: directory }))).diagnostics).toHaveLength(1);
    await write('coachbuilder.yaml', 'name: fleet\n');
    expect(await readManifest({ startDirectory: directory })).toMatchObject({ written: { name: 'fleet' } });
  });
});

describe('describeSource', () => {
  it('tells files, executables, directories and nothing apart', async () => {
    await mkdir(join(directory, 'units/more'), { recursive: true });
    await write('units/b.service', '');
    await write('units/more/a.sh', '#!/bin/sh\n');
    await chmod(join(directory, 'units/more/a.sh'), 0o755);
    await symlink('..', join(directory, 'units/more/around'));
    expect(describeSource(join(directory, 'units'))).toEqual({
      kind: 'directory',
      executable: false,
      entries: ['b.service', 'more/a.sh'],
    });
    expect(describeSource(join(directory, 'units/more/a.sh'))).toMatchObject({ kind: 'file', executable: true });
    expect(describeSource(join(directory, 'units/b.service'))).toMatchObject({ kind: 'file', executable: false });
    expect(describeSource(join(directory, 'units/b.service/x'))).toBeUndefined();
    expect(describeSource('/dev/null')).toBeUndefined();
  });
});
