import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { compilerImageTag, ensureCompilerImage, type CompilerImageRequest } from '../../containers/compiler-image.ts';
import { installEngine, type ContainerEngine, type EngineSearch } from '../../containers/engine.ts';
import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import { findBuiltWheel, keepBuiltWheel } from '../../lock/built-wheels.ts';
import type { LockedDistribution, LockedEnvironment } from '../../lock/lock.ts';
import type { NativePlatform, TargetPlatform } from '../../lock/platform.ts';
import type {
  BuiltWheel,
  Compilability,
  CompilableSource,
  CompiledWheel,
  LockPorts,
  SdistBuilder,
} from '../../lock/sdist-builder.ts';
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
  readonly source: CompilableSource;
  readonly platform: TargetPlatform;
  readonly image: CompilerImageRequest;
  readonly engine: ContainerEngine;
  readonly ports: LockPorts;
}

/** Where a compiled wheel is kept: everything that decides what comes out is in the name. */
function cacheDirectory(task: Task, environment: LockedEnvironment): string {
  const { source, image, platform, ports } = task;
  const content = JSON.stringify([
    1,
    source.sha256,
    environment.distributions.map(({ file }) => file.sha256).sort(),
    compilerImageTag(image),
    image.python.path,
    platform.architecture,
  ]);
  return join(
    ports.builtWheels ?? ports.cacheDirectory,
    'compiled',
    createHash('sha256').update(content).digest('hex'),
  );
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
    const { name, version, file, buildRequires } = distribution;
    const subject = `${name} ${version}`;
    this.#refuseCycle(subject);
    const path = await fetchSdist(distribution, ports);
    const source = { path, sha256: file.sha256, subject, identity: { name, version } };
    return this.#build(source, buildRequires, platform, ports);
  }

  async buildSource(source: CompilableSource, platform: TargetPlatform, ports: LockPorts): Promise<CompiledWheel> {
    return this.#build(source, undefined, platform, ports);
  }

  #refuseCycle(subject: string): void {
    if (!this.#above.includes(subject)) return;
    throw new CoachbuilderError('compile-failed', `building ${subject} takes ${subject}, by way of others`, {
      hint: 'constrain one of them to a version that has a wheel',
      details: this.#above,
    });
  }

  /** @param pinned what the build may install; undefined to resolve it */
  async #build(
    source: CompilableSource,
    pinned: readonly LockedDistribution[] | undefined,
    platform: TargetPlatform,
    ports: LockPorts,
  ): Promise<CompiledWheel> {
    const { engine } = await this.#search();
    const { native } = platform;
    if (engine === undefined || native === undefined) throw new Error('Internal error: nothing can be compiled here');
    const above = [...this.#above, source.subject];
    const task = {
      source,
      platform,
      image: { ...native, base: await this.#baseImage(native, engine) },
      engine,
      ports: { ...ports, sdistBuilder: new ContainerBuilder(this.#options, above, this.#shared) },
    };
    const environment = pinned === undefined ? await this.#pin(task, []) : pinnedEnvironment(pinned, platform);
    return this.#attempt(task, environment, []);
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

  async #pin({ source, platform, ports }: Task, more: readonly string[]): Promise<LockedEnvironment> {
    const requirements = await readBuildRequirements(source.path);
    return pinBuildRequirements([...requirements, ...more], source.subject, platform, ports);
  }

  /** @param more what earlier attempts asked for */
  async #attempt(task: Task, environment: LockedEnvironment, more: readonly string[]): Promise<CompiledWheel> {
    const directory = cacheDirectory(task, environment);
    const outcome = (await findBuiltWheel(directory)) ?? (await this.#compile(task, environment, directory));
    if ('path' in outcome) {
      const compiledIn = { tag: compilerImageTag(task.image), base: task.image.base };
      return { ...outcome, requirements: environment.distributions, compiledIn };
    }
    const missing = missingRequirement(outcome.output);
    if (missing === undefined || more.includes(missing) || more.length === mostRounds) {
      throw compileFailure({ subject: task.source.subject, platform: task.platform }, outcome, task.ports);
    }
    const asked = [...more, missing];
    return this.#attempt(task, await this.#pin(task, asked), asked);
  }

  async #compile(
    task: Task,
    environment: LockedEnvironment,
    directory: string,
  ): Promise<BuiltWheel | Exclude<Awaited<ReturnType<typeof compileInContainer>>, string>> {
    const { source, platform, engine, ports } = task;
    const { hasLocalFiles } = this.#options;
    const { wheels } = await gather(environment, { platform, hasLocalFiles }, ports);
    const image = await this.#once(compilerImageTag(task.image), async () => {
      return (await ensureCompilerImage(task.image, engine, ports)).id;
    });
    await using scratch = await temporaryDirectory(join(ports.cacheDirectory, 'tmp'), 'compile');
    const { path: python } = task.image.python;
    const result = await compileInContainer(
      {
        subject: source.subject,
        source: source.path,
        requirements: wheels,
        platform,
        python,
        image,
        scratch: scratch.path,
      },
      engine,
    );
    if (typeof result !== 'string') return result;
    await checkCompiledWheel(result, source, platform);
    return await keepBuiltWheel(result, directory);
  }
}
