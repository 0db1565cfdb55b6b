import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { compilerImageTag, ensureCompilerImage, type CompilerImageRequest } from '../../containers/compiler-image.ts';
import { installEngine, type ContainerEngine, type EngineSearch } from '../../containers/engine.ts';
import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import { findBuiltWheel, keepBuiltWheel } from '../../lock/built-wheels.ts';
import type { LockedDistribution, LockedEnvironment } from '../../lock/lock.ts';
import type { NativePlatform, TargetPlatform } from '../../lock/platform.ts';
import type { BuiltWheel, Compilability, CompiledWheel, LockPorts, SdistBuilder } from '../../lock/sdist-builder.ts';
import { temporaryDirectory } from '../../system/files.ts';
import { gather } from '../gather.ts';
import { missingRequirement, pinBuildRequirements, pinnedEnvironment } from './build-requirements.ts';
import { checkCompiledWheel } from './built-wheel-check.ts';
import { compileFailure, compileInContainer } from './container-build.ts';
import { fetchSdist, readBuildRequirements } from './sdist-source.ts';

/** How often a build may ask for something more: backends name what they need only when they run. */
const mostRounds = 6;

export interface ContainerBuilderOptions {
  readonly mode: SdistBuilder['mode'];
  /** Looks for an engine; called once. */
  readonly findEngine: () => Promise<EngineSearch>;
  /** The id of the image of a distribution, before compilers are put into it. */
  readonly baseImage: (native: NativePlatform, engine: ContainerEngine) => Promise<string>;
  /** Whether wheels can be found without the network. */
  readonly hasLocalFiles: boolean;
}

/** One build, all that is known about it before its requirements are. */
interface Task {
  readonly distribution: LockedDistribution;
  readonly subject: string;
  readonly source: string;
  readonly platform: TargetPlatform;
  readonly image: CompilerImageRequest;
  readonly engine: ContainerEngine;
  readonly ports: LockPorts;
}

/** Where a compiled wheel is kept: everything that decides what comes out is in the name. */
function cacheDirectory(task: Task, environment: LockedEnvironment): string {
  const { distribution, image, platform, ports } = task;
  const content = JSON.stringify([
    1,
    distribution.file.sha256,
    environment.distributions.map(({ file }) => file.sha256).sort(),
    compilerImageTag(image),
    image.python.path,
    platform.architecture,
  ]);
  return join(ports.cacheDirectory, 'compiled', createHash('sha256').update(content).digest('hex'));
}

/** Compiles sdists in containers of the target's distribution. */
export class ContainerBuilder implements SdistBuilder {
  readonly mode: SdistBuilder['mode'];
  readonly #options: ContainerBuilderOptions;
  /** What is being built on the way to this one: a project that needs itself to be built would never end. */
  readonly #above: readonly string[];
  readonly #shared: { search: Promise<EngineSearch> | undefined; readonly images: Map<string, Promise<string>> };

  constructor(
    options: ContainerBuilderOptions,
    above: readonly string[] = [],
    shared: { search: Promise<EngineSearch> | undefined; readonly images: Map<string, Promise<string>> } = {
      search: undefined,
      images: new Map(),
    },
  ) {
    this.mode = options.mode;
    this.#options = options;
    this.#above = above;
    this.#shared = shared;
  }

  async #search(): Promise<EngineSearch> {
    this.#shared.search ??= this.#options.findEngine();
    return this.#shared.search;
  }

  async canBuild(platform: TargetPlatform): Promise<Compilability> {
    const { native } = platform;
    if (native === undefined) {
      const reasons = [`${platform.title} does not package the interpreter, so no container of it has its headers`];
      return { possible: false, reasons, hint: 'choose an interpreter of the distribution' };
    }
    const found = await this.#search();
    if (found.engine === undefined) return { possible: false, reasons: found.reasons, hint: installEngine };
    const { architecture, kind } = found.engine;
    if (architecture === platform.architecture) return { possible: true };
    const reasons = [`${kind} runs containers of ${architecture}, and the target is ${platform.architecture}`];
    return {
      possible: false,
      reasons,
      hint: `name an engine on a machine of ${platform.architecture} in DOCKER_HOST or CONTAINER_HOST`,
    };
  }

  async build(distribution: LockedDistribution, platform: TargetPlatform, ports: LockPorts): Promise<CompiledWheel> {
    const task = await this.#prepare(distribution, platform, ports);
    const pinned =
      distribution.buildRequires === undefined
        ? await this.#pin(task, [])
        : pinnedEnvironment(distribution.buildRequires, platform);
    return this.#attempt(task, pinned, []);
  }

  async #prepare(distribution: LockedDistribution, platform: TargetPlatform, ports: LockPorts): Promise<Task> {
    const { engine } = await this.#search();
    const { native } = platform;
    if (engine === undefined || native === undefined) throw new Error('Internal error: nothing can be compiled here');
    const subject = `${distribution.name} ${distribution.version}`;
    if (this.#above.includes(subject)) {
      throw new CoachbuilderError('compile-failed', `building ${subject} takes ${subject}, by way of others`, {
        hint: 'constrain one of them to a version that has a wheel',
        details: this.#above,
      });
    }
    const base = await this.#baseImage(native, engine);
    return {
      distribution,
      subject,
      source: await fetchSdist(distribution, ports),
      platform,
      image: { ...native, base },
      engine,
      ports: {
        ...ports,
        sdistBuilder: new ContainerBuilder(this.#options, [...this.#above, subject], this.#shared),
      },
    };
  }

  async #baseImage(native: NativePlatform, engine: ContainerEngine): Promise<string> {
    return this.#once(`base ${native.distribution.id}`, () => this.#options.baseImage(native, engine));
  }

  /** Targets are built at the same time, and an image is made once. */
  async #once(key: string, make: () => Promise<string>): Promise<string> {
    const { images } = this.#shared;
    const promise = images.get(key) ?? make();
    images.set(key, promise);
    return promise;
  }

  async #pin({ source, subject, platform, ports }: Task, more: readonly string[]): Promise<LockedEnvironment> {
    return pinBuildRequirements([...(await readBuildRequirements(source)), ...more], subject, platform, ports);
  }

  /** @param more what earlier attempts asked for */
  async #attempt(task: Task, environment: LockedEnvironment, more: readonly string[]): Promise<CompiledWheel> {
    const directory = cacheDirectory(task, environment);
    const outcome = (await findBuiltWheel(directory)) ?? (await this.#compile(task, environment, directory));
    if ('path' in outcome) return { ...outcome, requirements: environment.distributions };
    const missing = missingRequirement(outcome.output);
    if (missing === undefined || more.includes(missing) || more.length === mostRounds) {
      throw compileFailure(task, outcome, task.ports);
    }
    const asked = [...more, missing];
    return this.#attempt(task, await this.#pin(task, asked), asked);
  }

  async #compile(
    task: Task,
    environment: LockedEnvironment,
    directory: string,
  ): Promise<BuiltWheel | Exclude<Awaited<ReturnType<typeof compileInContainer>>, string>> {
    const { distribution, subject, source, platform, engine, ports } = task;
    const { hasLocalFiles } = this.#options;
    const { wheels } = await gather(environment, { platform, hasLocalFiles }, ports);
    const image = await this.#once(compilerImageTag(task.image), async () => {
      return (await ensureCompilerImage(task.image, engine, ports)).id;
    });
    await using scratch = await temporaryDirectory(join(ports.cacheDirectory, 'tmp'), 'compile');
    const { path: python } = task.image.python;
    const result = await compileInContainer(
      { subject, source, requirements: wheels, platform, python, image, scratch: scratch.path },
      engine,
    );
    if (typeof result !== 'string') return result;
    await checkCompiledWheel(result, distribution, platform);
    return await keepBuiltWheel(result, directory);
  }
}
