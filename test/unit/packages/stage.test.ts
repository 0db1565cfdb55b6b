import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { readPackageSources } from '../../../src/packages/sources.ts';
import { checkStage, stagePackage } from '../../../src/packages/stage.ts';
import { aDirectory, aFile, aLink, someEpoch } from '../../support/definitions.ts';
import { aPackage } from '../../support/manifest.ts';

let scratch = '';
let root = '';

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'coachbuilder-stage-'));
  root = join(scratch, 'root');
  mkdirSync(join(root, 'opt/fleet/bin'), { recursive: true });
  writeFileSync(join(root, 'opt/fleet/bin/fleet'), 'fleet');
  symlinkSync('fleet', join(root, 'opt/fleet/bin/link'));
  writeFileSync(join(scratch, 'source'), 'from a file', { mode: 0o600 });
});

afterEach(() => {
  rmSync(scratch, { recursive: true, force: true });
});

const definition = () => ({
  name: 'acme-fleet',
  epoch: someEpoch,
  contents: [
    aFile('/etc/a', { mode: 0o640, source: { kind: 'file', path: join(scratch, 'source') } }),
    aFile('/etc/b', { source: { kind: 'bytes', bytes: new Uint8Array([0, 255]) } }),
    aDirectory('/opt/fleet'),
    aDirectory('/opt/fleet/bin'),
    aFile('/opt/fleet/bin/fleet', { source: { kind: 'staged' } }),
    aLink('/opt/fleet/bin/link', 'fleet'),
    aLink('/usr/bin/fleet', '/opt/fleet/bin/fleet'),
    aDirectory('/var/lib/fleet', { mode: 0o2750 }),
  ],
});

test('staging makes what is missing, keeps what the tree has, and gives everything its mode and time', async () => {
  const umask = process.umask(0o077);
  try {
    await stagePackage(definition(), root);
  } finally {
    process.umask(umask);
  }
  await checkStage(definition(), root);
  const facts = (path: string) => {
    const { mode, mtimeMs } = lstatSync(join(root, path));
    return [(mode & 0o7777).toString(8), mtimeMs / 1000];
  };
  expect(facts('etc')).toEqual(['755', someEpoch]);
  expect(facts('etc/a')).toEqual(['640', someEpoch]);
  expect(facts('etc/b')).toEqual(['644', someEpoch]);
  expect(facts('usr/bin')).toEqual(['755', someEpoch]);
  expect(facts('usr/bin/fleet')[1]).toBe(someEpoch);
  expect(facts('var/lib/fleet')).toEqual(['2750', someEpoch]);
  expect(facts('.')).toEqual(['755', someEpoch]);
  expect(readFileSync(join(root, 'etc/a'), 'utf8')).toBe('from a file');
  expect([...readFileSync(join(root, 'etc/b'))]).toEqual([0, 255]);
  expect(readFileSync(join(root, 'opt/fleet/bin/fleet'), 'utf8')).toBe('fleet');
  expect(readlinkSync(join(root, 'usr/bin/fleet'))).toBe('/opt/fleet/bin/fleet');
});

test('a root with a path too many, too few or of another kind is noticed', async () => {
  await stagePackage(definition(), root);
  writeFileSync(join(root, 'stray'), '');
  await expect(checkStage(definition(), root)).rejects.toThrow(/not in the definition: \/stray; not in the root: none/);
  rmSync(join(root, 'stray'));
  rmSync(join(root, 'etc/b'));
  await expect(checkStage(definition(), root)).rejects.toThrow(
    /not in the definition: none; not in the root: \/etc\/b/,
  );
  symlinkSync('a', join(root, 'etc/b'));
  await expect(checkStage(definition(), root)).rejects.toThrow(/not in the definition: \/etc\/b/);
});

test('what the manifest names and is not there, or is a directory, is an error that names it', async () => {
  const file = { path: '/etc/a', mode: 0o644, owner: 'root', group: 'root', configuration: false };
  const read = (source: string) => readPackageSources({ packages: [aPackage({ files: [{ ...file, source }] })] });
  const source = join(scratch, 'source');
  expect((await read(source)).sizes).toEqual(new Map([[source, 11]]));
  await expect(read('/nowhere/x')).rejects.toMatchObject({
    code: 'manifest-invalid',
    message: 'a file of the package acme-fleet-cli cannot be read: /nowhere/x',
  });
  await expect(read(scratch)).rejects.toMatchObject({
    code: 'manifest-invalid',
    message: `a file of the package acme-fleet-cli is no regular file: ${scratch}`,
  });
  const scripts = { 'after-install': '/nowhere/s' };
  await expect(readPackageSources({ packages: [aPackage({ scripts })] })).rejects.toMatchObject({
    message: 'a script of the package acme-fleet-cli cannot be read: /nowhere/s',
  });
});
