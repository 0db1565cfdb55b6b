import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Distribution, PackagedPython } from '../distributions/distribution.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { Reporter } from '../report/event.ts';
import { temporaryDirectory } from '../system/files.ts';
import type { ContainerEngine } from './engine.ts';

const script = fileURLToPath(new URL('../../src/containers/install-compilers.sh', import.meta.url));

/** What a compiler image is made of. */
export interface CompilerImageRequest {
  readonly distribution: Pick<Distribution, 'id' | 'title' | 'packageManager'>;
  readonly python: PackagedPython;
  /** Id of the image that it starts from. */
  readonly base: string;
}

export interface CompilerImagePorts {
  readonly reporter: Reporter;
  readonly cacheDirectory: string;
  /** Nothing may be downloaded, so nothing can be installed. */
  readonly offline: boolean;
}

export interface CompilerImage {
  readonly id: string;
  /** `coachbuilder/debian-12:<digest>`: says what is in it, wherever it was made. */
  readonly tag: string;
}

/** An image that something was compiled in, as it is told afterwards. */
export interface UsedImage {
  readonly tag: string;
  /** Id (hexadecimal) of the image that compilers were installed into. */
  readonly base: string;
}

type PackageManager = Distribution['packageManager'];

/** The package of an interpreter's headers. SUSE names interpreters `python311-base`, their headers `python311-devel`. */
function headersPackage(python: PackagedPython, manager: PackageManager): string {
  const name = python.package.replace(/-base$/, '');
  return manager === 'apt' ? `${name}-dev` : `${name}-devel`;
}

/** Debian and Ubuntu package part of the standard library by itself, from Python 3.6 on until Python 3.12 dropped it. */
function distutilsPackages({ version }: PackagedPython): readonly string[] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === 3 && minor >= 6 && minor < 12 ? ['python3-distutils'] : [];
}

/** What compiling an extension module takes, in the words of the distribution. */
export function compilerPackages(manager: PackageManager, python: PackagedPython): readonly string[] {
  const headers = [python.package, headersPackage(python, manager)];
  if (manager !== 'apt') return ['gcc', 'gcc-c++', 'make', ...headers];
  // Debian's g++ brings no C library headers without its recommendations.
  return ['gcc', 'g++', 'libc6-dev', 'make', ...headers, ...distutilsPackages(python)];
}

/** The name of the image with compilers: one for each base image, list of packages and way of installing them. */
export function compilerImageTag(request: CompilerImageRequest): string {
  const { distribution, python, base } = request;
  const content = JSON.stringify([1, base, compilerPackages(distribution.packageManager, python), python.path]);
  const digest = createHash('sha256').update(content).digest('hex').slice(0, 24);
  return `coachbuilder/${distribution.id}:${digest}`;
}

/**
 * Finds or makes the image that extension modules are compiled in: the base image with compilers and headers. It is
 * made once; that is the only step inside of a container that has a network.
 * @throws CoachbuilderError `offline`, `image-missing` with the package manager's last lines, `engine-failed`, `disk-full`
 */
export async function ensureCompilerImage(
  request: CompilerImageRequest,
  engine: ContainerEngine,
  ports: CompilerImagePorts,
): Promise<CompilerImage> {
  const tag = compilerImageTag(request);
  const found = await engine.findImage(tag);
  if (found !== undefined) return { id: found, tag };
  const { distribution, python } = request;
  if (ports.offline) {
    throw new CoachbuilderError('offline', `compilers have to be installed into an image of ${distribution.title}`, {
      hint: 'run once without --offline; the image is kept',
    });
  }
  const packages = compilerPackages(distribution.packageManager, python);
  ports.reporter.report({
    type: 'stage-progress',
    stage: 'gather',
    message: `installing compilers into an image of ${distribution.title}, once`,
  });
  await using scratch = await temporaryDirectory(join(ports.cacheDirectory, 'tmp'), 'image');
  const directory = join(scratch.path, 'coachbuilder');
  await mkdir(directory);
  await copyFile(script, join(directory, 'install-compilers.sh'));
  await chmod(directory, 0o755);
  const container = {
    image: request.base,
    program: '/bin/sh',
    args: ['/coachbuilder-install/install-compilers.sh', distribution.packageManager, python.path, ...packages],
    network: 'default',
    user: '0:0',
    directory: '/',
    env: {},
    privileged: true,
  } as const;
  const id = await engine.withContainer(container, async (made) => {
    await made.upload(directory, '/coachbuilder-install');
    const { exitCode, output } = await made.run();
    if (exitCode !== 0) throw notInstalled(request, output);
    return made.commit(tag);
  });
  return { id, tag };
}

function notInstalled({ distribution, python }: CompilerImageRequest, output: string): CoachbuilderError {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  if (/no space left on device/i.test(output)) {
    return new CoachbuilderError('disk-full', `the container engine has no space left for compilers`, {
      hint: 'free some: its "image prune" removes what nobody uses',
      details: lines.slice(-20),
    });
  }
  return new CoachbuilderError(
    'image-missing',
    `compilers and the headers of ${python.package} could not be installed into an image of ${distribution.title}`,
    {
      hint: `give an image in which they are, and ${python.path} too, with --image, or a Dockerfile in admin/build_targets/${distribution.id}`,
      details: lines.slice(-20),
    },
  );
}
