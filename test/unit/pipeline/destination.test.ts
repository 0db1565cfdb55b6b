import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import type { PackageArtifact } from '../../../src/formats/packager.ts';
import { checkDestination, emitInto } from '../../../src/pipeline/destination.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-destination-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

async function failureOf(action: Promise<unknown>): Promise<CoachbuilderError> {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CoachbuilderError) return error;
  throw new Error(`expected an error for people, got ${String(error)}`);
}

function write(staging: string, name: string): PackageArtifact {
  const path = join(staging, name);
  writeFileSync(path, `${name}\n`);
  const facts = { version: '1', release: '1', architecture: 'all', format: 'deb', size: 6, sha256: 'ab' } as const;
  return { path, name, ...facts };
}

describe('a package that is there already', () => {
  const content = 'release.deb\n';
  const sha256 = createHash('sha256').update(content).digest('hex');
  const emit = (staging: string): Promise<readonly PackageArtifact[]> =>
    Promise.resolve([{ ...write(staging, 'release.deb'), sha256 }, write(staging, 'new.deb')]);

  it('stays, and is named, when it is the same byte for byte', async () => {
    writeFileSync(join(directory, 'release.deb'), content);
    const before = statSync(join(directory, 'release.deb')).ino;
    const delivered = await emitInto({ directory, force: false }, emit);
    expect(delivered.map(({ path }) => path)).toEqual([join(directory, 'release.deb'), join(directory, 'new.deb')]);
    expect(statSync(join(directory, 'release.deb')).ino).toBe(before);
    expect(readdirSync(directory).sort()).toEqual(['new.deb', 'release.deb']);
  });

  it('is refused when it is another one, and nothing is delivered', async () => {
    writeFileSync(join(directory, 'release.deb'), 'older');
    const error = await failureOf(emitInto({ directory, force: false }, emit));
    expect(error).toMatchObject({ code: 'output-exists', message: `release.deb is already in ${directory}` });
    expect(readdirSync(directory)).toEqual(['release.deb']);
    expect(readFileSync(join(directory, 'release.deb'), 'utf8')).toBe('older');
  });
});

describe('what lies beside a package', () => {
  const beside = ['a.rpm.cdx.json', 'a.rpm.spdx.json', 'a.rpm.provenance.json', 'a.rpm.report.html', 'a.rpmlintrc'];
  const emit = (staging: string): Promise<readonly PackageArtifact[]> => {
    const main = write(staging, 'a.rpm');
    const report = { path: join(staging, 'a.rpm.report.html'), size: 4, sha256: 'cd' };
    writeFileSync(report.path, 'new\n');
    return Promise.resolve([{ ...main, report }]);
  };

  it('goes with the package that it is about, when that is replaced', async () => {
    for (const name of ['a.rpm', ...beside, 'b.rpm.cdx.json']) writeFileSync(join(directory, name), 'older');
    await emitInto({ directory, force: true }, emit);
    expect(readdirSync(directory).sort()).toEqual(['a.rpm', 'a.rpm.report.html', 'b.rpm.cdx.json']);
    expect(readFileSync(join(directory, 'a.rpm.report.html'), 'utf8')).toBe('new\n');
  });

  it('stays where it may not be replaced', async () => {
    for (const name of ['a.rpm', 'a.rpm.cdx.json', 'a.rpm.spdx.json']) writeFileSync(join(directory, name), 'older');
    const replaceable = new Set(['a.rpm', 'a.rpm.cdx.json'].map((name) => join(directory, name)));
    await emitInto({ directory, force: false, replaceable }, emit);
    expect(readdirSync(directory).sort()).toEqual(['a.rpm', 'a.rpm.report.html', 'a.rpm.spdx.json']);
  });
});

describe('looking at a destination', () => {
  it('makes nothing, even where a directory would be missing', async () => {
    await checkDestination({ directory: join(directory, 'a/b'), force: false }, ['x.deb']);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('refuses a file, and a directory below a file', async () => {
    writeFileSync(join(directory, 'file'), '');
    for (const path of ['file', 'file/below']) {
      const error = await failureOf(checkDestination({ directory: join(directory, path), force: true }, []));
      expect(error).toMatchObject({
        code: 'output-unwritable',
        message: `the destination ${join(directory, path)} is not a directory`,
      });
    }
  });

  it('lets packages of an earlier run be replaced, and no others', async () => {
    for (const name of ['a.deb', 'b.deb']) writeFileSync(join(directory, name), '');
    const destination = { directory, force: false, replaceable: new Set([join(directory, 'a.deb')]) };
    await checkDestination(destination, ['a.deb']);
    expect(await failureOf(checkDestination(destination, ['a.deb', 'b.deb']))).toMatchObject({
      message: `b.deb is already in ${directory}`,
      details: [],
    });
  });

  it('names every package that is there already, unless they may be replaced', async () => {
    for (const name of ['a.deb', 'b.deb', 'other.deb']) writeFileSync(join(directory, name), '');
    const names = ['a.deb', 'b.deb', 'c.deb'];
    const error = await failureOf(checkDestination({ directory, force: false }, names));
    expect(error).toMatchObject({
      code: 'output-exists',
      message: `a.deb is already in ${directory}`,
      details: ['so is b.deb'],
      hint: 'give --force to replace what is there',
    });
    await checkDestination({ directory, force: true }, names);
  });
});

describe('packages', () => {
  it('appear in their destination, which is made when it is missing', async () => {
    const destination = { directory: join(directory, 'new/packages'), force: false };
    const artifacts = await emitInto(destination, (staging) =>
      Promise.resolve([write(staging, 'a.deb'), write(staging, 'b.deb')]),
    );
    expect(artifacts.map(({ path }) => path)).toEqual(
      ['a.deb', 'b.deb'].map((name) => join(destination.directory, name)),
    );
    expect(readdirSync(destination.directory)).toEqual(['a.deb', 'b.deb']);
  });

  it('are made beside their destination, so that giving them their place is a matter of names', async () => {
    await emitInto({ directory, force: false }, (staging) => {
      expect(staging.startsWith(join(directory, '.coachbuilder-'))).toBe(true);
      return Promise.resolve([]);
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  it('leave nothing when one of them cannot be made, and the error speaks of the destination', async () => {
    const error = await failureOf(
      emitInto({ directory, force: false }, (staging) => {
        write(staging, 'a.deb');
        throw new CoachbuilderError('disk-full', `there is no space left to write ${staging}/b.deb`, {
          hint: 'free some',
        });
      }),
    );
    expect(error).toMatchObject({
      code: 'disk-full',
      message: `there is no space left to write ${directory}/b.deb`,
      hint: 'free some',
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  it('come with their bills of materials, or not at all', async () => {
    const emit = (staging: string): Promise<readonly PackageArtifact[]> =>
      Promise.resolve([{ ...write(staging, 'a.deb'), sbom: [write(staging, 'a.deb.cdx.json')] }]);
    const [delivered] = await emitInto({ directory, force: false }, emit);
    const path = join(directory, 'a.deb.cdx.json');
    expect(delivered?.sbom?.map((file) => file.path)).toEqual([path]);
    expect(readdirSync(directory)).toEqual(['a.deb', 'a.deb.cdx.json']);
    rmSync(join(directory, 'a.deb'));
    const error = await failureOf(emitInto({ directory, force: false }, emit));
    expect(error).toMatchObject({ code: 'output-exists', message: `a.deb.cdx.json is already in ${directory}` });
    expect(readdirSync(directory)).toEqual(['a.deb.cdx.json']);
  });

  it('do not replace what somebody else wrote meanwhile, without --force', async () => {
    const error = await failureOf(
      emitInto({ directory, force: false }, (staging) => {
        writeFileSync(join(directory, 'a.deb'), 'theirs\n');
        return Promise.resolve([write(staging, 'a.deb')]);
      }),
    );
    expect(error.code).toBe('output-exists');
    expect(readFileSync(join(directory, 'a.deb'), 'utf8')).toBe('theirs\n');
  });

  it('replace others with --force, and never a directory', async () => {
    writeFileSync(join(directory, 'a.deb'), 'old\n');
    const emit = (staging: string): Promise<readonly PackageArtifact[]> => Promise.resolve([write(staging, 'a.deb')]);
    await emitInto({ directory, force: true }, emit);
    expect(readFileSync(join(directory, 'a.deb'), 'utf8')).toBe('a.deb\n');
    rmSync(join(directory, 'a.deb'));
    mkdirSync(join(directory, 'a.deb'));
    const error = await failureOf(emitInto({ directory, force: true }, emit));
    expect(error.code).toBe('output-unwritable');
    expect(error.message).toContain(basename('a.deb'));
    expect(existsSync(join(directory, 'a.deb'))).toBe(true);
  });
});

describe('packages that two targets of a run have in common', () => {
  it('are delivered once when they are alike', async () => {
    const delivered = new Map<string, string>();
    const destination = { directory, force: false, delivered };
    const emit = (other: string) => (staging: string) =>
      Promise.resolve([write(staging, other), write(staging, 'common_all.deb')]);
    const both = await Promise.all([emitInto(destination, emit('a.deb')), emitInto(destination, emit('b.deb'))]);
    expect(both.map((artifacts) => artifacts.map(({ path }) => basename(path)))).toEqual([
      ['a.deb', 'common_all.deb'],
      ['b.deb', 'common_all.deb'],
    ]);
    expect(readdirSync(directory).sort()).toEqual(['a.deb', 'b.deb', 'common_all.deb']);
  });

  it('are refused when they differ, and so is all of the second target', async () => {
    const destination = { directory, force: true, delivered: new Map<string, string>() };
    await emitInto(destination, (staging) => Promise.resolve([write(staging, 'common_all.deb')]));
    const second = emitInto(destination, (staging) =>
      Promise.resolve([write(staging, 'b.deb'), { ...write(staging, 'common_all.deb'), sha256: 'cd' }]),
    );
    expect(await failureOf(second)).toMatchObject({
      code: 'file-conflict',
      message: 'two targets make different packages of the name common_all.deb',
    });
    expect(readdirSync(directory)).toEqual(['common_all.deb']);
  });
});
