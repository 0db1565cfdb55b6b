import { chmod, copyFile, mkdir, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { lastLines } from '../../application/host-build.ts';
import { sdistTime } from '../../application/sdist-time.ts';
import type { ContainerEngine, ContainerOutcome } from '../../containers/engine.ts';
import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import type { TargetPlatform } from '../../lock/platform.ts';
import type { LockPorts } from '../../lock/sdist-builder.ts';
import type { Architecture } from '../../model/architecture.ts';
import { pipWheelOffline } from '../../system/tools/pip.ts';
import type { WheelFile } from '../wheelhouse.ts';

/** Where things are inside of a container; `compile.sh` and `compiler.sh` know these places, too. */
const inside = { input: '/coachbuilder', work: '/tmp/coachbuilder' } as const;

/** Nobody, by number: no image has to know the user, and nothing that is copied in belongs to it. */
const unprivileged = '65534:65534';

/** The oldest processor that a distribution of the architecture runs on; compilers may be set to a newer one. */
const baseline: Readonly<Partial<Record<Architecture, string>>> = { x86_64: '-march=x86-64', i686: '-march=i686' };

function scriptPath(name: string): string {
  return fileURLToPath(new URL(`../../../src/wheelhouse/builders/${name}`, import.meta.url));
}

export interface ContainerBuild {
  /** What is built, for messages: `name version`. */
  readonly subject: string;
  /** Absolute path of the sdist. */
  readonly source: string;
  /** What the build may install; pip is among them. */
  readonly requirements: readonly WheelFile[];
  readonly platform: TargetPlatform;
  /** Absolute path of the interpreter inside. */
  readonly python: string;
  /** Id of the image with compilers. */
  readonly image: string;
  /** Absolute; an empty directory on this machine. */
  readonly scratch: string;
}

/** Lays out what goes into the container: the sdist, the wheels and our two scripts. */
async function layOutInput(build: ContainerBuild): Promise<string> {
  const input = join(build.scratch, 'input');
  const put = async (source: string, directory: string, mode: number): Promise<void> => {
    const target = join(input, directory, basename(source));
    await copyFile(source, target);
    await chmod(target, mode);
  };
  for (const directory of ['', 'source', 'wheels']) {
    await mkdir(join(input, directory));
    await chmod(join(input, directory), 0o755);
  }
  for (const script of ['compile.sh', 'compiler.sh']) await put(scriptPath(script), '', 0o755);
  await put(build.source, 'source', 0o644);
  for (const { path } of build.requirements) await put(path, 'wheels', 0o644);
  return input;
}

async function environment({ source, platform }: ContainerBuild): Promise<Readonly<Record<string, string>>> {
  const flags = baseline[platform.architecture];
  return {
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    PYTHONHASHSEED: '0',
    SOURCE_DATE_EPOCH: String(await sdistTime(source)),
    // Debugging information names the directory of the build, which is another one each time.
    LDFLAGS: '-Wl,--strip-debug',
    ...(flags === undefined ? {} : { CFLAGS: flags, CXXFLAGS: flags }),
  };
}

/**
 * Compiles a wheel inside of a container without network, as nobody.
 * @returns the wheel's absolute path, alone in its directory; or what the build printed when it failed
 * @throws CoachbuilderError `engine-failed`, `disk-full`
 */
export async function compileInContainer(
  build: ContainerBuild,
  engine: ContainerEngine,
): Promise<string | ContainerOutcome> {
  const pip = build.requirements.find(({ name }) => name === 'pip');
  if (pip === undefined) throw new Error('Internal error: pip is not among the build requirements');
  const input = await layOutInput(build);
  const wheels = `${inside.work}/wheels`;
  const command = pipWheelOffline({
    python: build.python,
    pip: `${inside.work}/pip`,
    wheels: `${inside.input}/wheels`,
    source: `${inside.input}/source/${basename(build.source)}`,
    destination: wheels,
  });
  const container = {
    image: build.image,
    program: '/bin/sh',
    args: [`${inside.input}/compile.sh`, build.python, `${inside.input}/wheels/${basename(pip.path)}`, ...command],
    network: 'none',
    user: unprivileged,
    directory: '/',
    env: await environment(build),
    privileged: false,
  } as const;
  return engine.withContainer(container, async (made) => {
    await made.upload(input, inside.input);
    const outcome = await made.run();
    if (outcome.exitCode !== 0) return outcome;
    const output = join(build.scratch, 'output');
    await made.download(wheels, output);
    return takeWheel(output, build);
  });
}

/** Copies the result, so that it belongs to the caller whatever the engine made of its owner. */
async function takeWheel(output: string, build: ContainerBuild): Promise<string> {
  const [file, ...others] = (await readdir(output)).filter((name) => name.endsWith('.whl'));
  if (file === undefined || others.length > 0) {
    throw new CoachbuilderError(
      'compile-failed',
      `the build of ${build.subject} left ${String(others.length)} wheels`,
      {
        hint: 'constrain the project to another version',
      },
    );
  }
  const directory = join(build.scratch, 'wheel');
  await mkdir(directory);
  const target = join(directory, file);
  await copyFile(join(output, file), target);
  await chmod(target, 0o644);
  return target;
}

/** The error for a build that failed by itself. */
export function compileFailure(
  { subject, platform }: Pick<ContainerBuild, 'subject' | 'platform'>,
  { output }: ContainerOutcome,
  ports: Pick<LockPorts, 'redactor'>,
): CoachbuilderError {
  const details = lastLines(output, ports);
  if (/no space left on device/i.test(output)) {
    return new CoachbuilderError('disk-full', `the container in which ${subject} was compiled ran out of space`, {
      hint: 'free some where the container engine keeps its containers; the engine\'s own command for it is "system df"',
      details,
    });
  }
  return new CoachbuilderError('compile-failed', `${subject} does not compile for ${platform.title}`, {
    hint: `put what it needs (libraries and their headers) into an image, by a Dockerfile in admin/build_targets/${platform.native?.distribution.id ?? '<distribution>'} of the application or with --image; there is no network while it compiles`,
    details,
  });
}
