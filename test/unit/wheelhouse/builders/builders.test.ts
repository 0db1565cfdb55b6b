import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from 'vitest';

import type { ContainerEngine } from '../../../../src/containers/engine.ts';
import { CoachbuilderError } from '../../../../src/errors/coachbuilder-error.ts';
import type { TargetPlatform } from '../../../../src/lock/platform.ts';
import { createRedactor } from '../../../../src/report/redact.ts';
import { findBaseImage } from '../../../../src/wheelhouse/builders/base-image.ts';
import { missingRequirement } from '../../../../src/wheelhouse/builders/build-requirements.ts';
import { checkCompiledWheel } from '../../../../src/wheelhouse/builders/built-wheel-check.ts';
import { compileFailure } from '../../../../src/wheelhouse/builders/container-build.ts';
import { readBuildRequirements } from '../../../../src/wheelhouse/builders/sdist-source.ts';
import { distributionOf } from '../../../support/builds.ts';
import { makeWheel, tarGzArchive, zipArchive } from '../../../support/wheels.ts';

const debian12: TargetPlatform = { title: 'Debian 12', pythonVersion: '3.11.2', glibc: '2.36', architecture: 'x86_64' };

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-builders-'));
  return () => {
    rmSync(directory, { recursive: true, force: true });
  };
});

async function failureOf(action: Promise<unknown>): Promise<CoachbuilderError> {
  const error: unknown = await action.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof CoachbuilderError) return error;
  throw new Error('it was expected to fail', { cause: error });
}

function write(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
}

describe('what building an sdist takes', () => {
  const text = '[build-system]\nrequires = ["flit_core>=3", "cffi; python_version < \'3\'"]\n';
  // More than one block, and a member before it.
  const members = [
    { name: 'app-1.0/setup.py', content: 'x'.repeat(1500) },
    { name: 'app-1.0/sub/pyproject.toml', content: 'not this one' },
    { name: 'app-1.0/pyproject.toml', content: text },
  ];

  it.each([
    ['app-1.0.tar.gz', tarGzArchive(members)],
    ['app-1.0.zip', zipArchive(members)],
  ])('is read out of %s', async (name, bytes) => {
    expect(await readBuildRequirements(write(name, bytes))).toEqual(['flit_core>=3', "cffi; python_version < '3'"]);
  });

  it('is setuptools for a project that does not say (PEP 517)', async () => {
    const path = write('app-1.0.tar.gz', tarGzArchive([{ name: 'app-1.0/setup.py', content: '' }]));
    expect(await readBuildRequirements(path)).toEqual(['setuptools>=40.8.0', 'wheel']);
  });

  it('names the sdist whose pyproject.toml is none', async () => {
    const path = write('app-1.0.tar.gz', tarGzArchive([{ name: 'app-1.0/pyproject.toml', content: '[[' }]));
    const error = await failureOf(readBuildRequirements(path));
    expect(error.code).toBe('compile-failed');
    expect(error.message).toContain(path);
  });

  it('is completed by what the backend asks for while it runs, in the words of several versions of pip', () => {
    const old = 'ERROR: No matching distribution found for cffi>=1.0.0 (from -r /tmp/x (line 1))\n';
    expect(missingRequirement(old)).toBe('cffi>=1.0.0');
    expect(missingRequirement('ERROR: No matching distribution found for wheel\nmore')).toBe('wheel');
    expect(missingRequirement('error: command gcc failed')).toBeUndefined();
  });
});

describe('a compiled wheel', () => {
  const source = { path: '/cache/app-1.0.tar.gz', identity: { name: 'app', version: '1.0' } };
  const elf = (glibc: string): string => `\u007fELF\u0000GLIBC_2.2.5\u0000GLIBC_${glibc}\u0000`;

  function wheel(version: string, tag: string, content = elf('2.14')): string {
    return makeWheel(directory, { name: 'app', version, tag, files: { 'app.so': content } }).path;
  }

  it('is taken when it is what was asked for', async () => {
    const path = wheel('1.0', 'cp311-cp311-linux_x86_64', elf('2.36'));
    await expect(checkCompiledWheel(path, source, debian12)).resolves.toBeUndefined();
  });

  it.each([
    ['another version', '1.1', 'cp311-cp311-linux_x86_64', '2.14', 'that is not app 1.0'],
    ['another interpreter', '1.0', 'cp312-cp312-linux_x86_64', '2.14', 'does not accept it'],
    ['a newer glibc', '1.0', 'cp311-cp311-linux_x86_64', '2.38', 'app.so needs glibc 2.38, and Debian 12 has 2.36'],
  ])('is refused when it is for %s', async (_, version, tag, glibc, problem) => {
    const error = await failureOf(checkCompiledWheel(wheel(version, tag, elf(glibc)), source, debian12));
    expect(error.code).toBe('compile-failed');
    expect(error.message).toContain(problem);
  });
});

describe('a build that failed', () => {
  const ports = { redactor: createRedactor() };
  const build = { subject: 'app 1.0', platform: debian12 };

  it('is reported with its last lines', () => {
    const error = compileFailure(build, { exitCode: 1, output: 'x.c:1: error: no' }, ports);
    expect(error).toMatchObject({ code: 'compile-failed', details: ['x.c:1: error: no'] });
  });

  it('for want of space is told from one that the source is to blame for', () => {
    const output = 'OSError: [Errno 28] No space left on device';
    expect(compileFailure(build, { exitCode: 1, output }, ports).code).toBe('disk-full');
  });
});

describe('the image of a distribution', () => {
  const distribution = distributionOf('debian-12');
  const native = { distribution, python: distribution.python };

  /** Answers with what it was asked for. */
  function engine(images: readonly string[] = []): ContainerEngine {
    return {
      kind: 'podman',
      architecture: 'x86_64',
      findImage: (name) => Promise.resolve(images.includes(name) ? `found ${name}` : undefined),
      requireImage: (name) => Promise.resolve(`required ${name}`),
      buildImage: ({ dockerfile }) => Promise.resolve(`built ${dockerfile}`),
      withContainer: () => Promise.reject(new Error('no container is needed')),
    };
  }

  it('is the one of the table when nothing else is said', async () => {
    const sources = { image: undefined, checkout: directory, offline: false };
    expect(await findBaseImage(sources, native, engine())).toBe(`required ${distribution.image}`);
  });

  it('is built from the Dockerfile that the application has for it, and only for it', async () => {
    const dockerfile = write('admin/build_targets/debian-12/Dockerfile', 'FROM x\n');
    const sources = { image: undefined, checkout: directory, offline: false };
    expect(await findBaseImage(sources, native, engine())).toBe(`built ${dockerfile}`);
    const other = distributionOf('debian-11');
    const answer = await findBaseImage(sources, { distribution: other, python: other.python }, engine());
    expect(answer).toBe(`required ${other.image}`);
  });

  it('is the named one before all others', async () => {
    write('admin/build_targets/debian-12/Dockerfile', 'FROM x\n');
    const sources = { image: 'mine:1', checkout: directory, offline: false };
    expect(await findBaseImage(sources, native, engine())).toBe('required mine:1');
  });

  it('has to be there with --offline', async () => {
    const sources = { image: undefined, checkout: undefined, offline: true };
    expect(await findBaseImage(sources, native, engine([distribution.image]))).toBe(`found ${distribution.image}`);
    expect((await failureOf(findBaseImage(sources, native, engine()))).code).toBe('offline');
  });
});

describe('the compilers of a build container', () => {
  const script = join(import.meta.dirname, '../../../../src/wheelhouse/builders/compiler.sh');

  it('are not told of this machine’s processor, and get everything else as it was, also with their directory inside of the PATH', () => {
    const real = join(directory, 'real');
    mkdirSync(real);
    writeFileSync(join(real, 'gcc'), '#!/bin/sh\nprintf "%s\\n" "$PATH" "$@"\n', { mode: 0o755 });
    // The directory of our own compilers is fixed; here the script is called as one of them by its name alone.
    const named = join(directory, 'gcc');
    execFileSync('install', ['-m', '755', script, named]);
    const path = `/overlay/bin:/tmp/coachbuilder/bin:${real}:/usr/bin:/bin`;
    const output = execFileSync(named, ['-O2', '-march=native', '-DX="a b"', '-mtune=native', 'x.c'], {
      env: { PATH: path },
      encoding: 'utf8',
    });
    expect(output.trimEnd().split('\n')).toEqual([`/overlay/bin:${real}:/usr/bin:/bin`, '-O2', '-DX="a b"', 'x.c']);
  });
});
