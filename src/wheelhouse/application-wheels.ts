import { basename } from 'node:path';

import type { Application } from '../application/application.ts';
import { buildLocalSource, factsOf, readApplication, requireNamed } from '../application/build-application.ts';
import { fetchSource, type FileSource, type LocalSource } from '../application/local-source.ts';
import { archiveSource, type SourceArchive } from '../application/source-archive.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { acceptsWheel, type TargetPlatform } from '../lock/platform.ts';
import { requireInterpreter, type InterpreterCandidate } from '../lock/requires-python.ts';
import { compilable } from '../lock/sdist-build.ts';
import type { LockPorts } from '../lock/sdist-builder.ts';

export interface ApplicationWheelsOptions {
  readonly source: FileSource;
  /** Other distributions' interpreters, for advice. */
  readonly candidates: readonly InterpreterCandidate[];
  readonly ports: LockPorts;
}

function isPython2({ pythonVersion }: TargetPlatform): boolean {
  return pythonVersion.startsWith('2.');
}

/** Asks once, also when it is asked from several places at the same time. */
function once<Result>(make: () => Promise<Result>): () => Promise<Result> {
  let promise: Promise<Result> | undefined;
  return () => (promise ??= make());
}

/**
 * The wheels of one application for any number of targets: one wheel for all of them when it is pure Python, else one
 * for each, compiled in a container of the target.
 */
export class ApplicationWheels {
  readonly #options: ApplicationWheelsOptions;
  readonly #local: () => Promise<LocalSource>;
  /** What came out of a build on this machine, or why nothing did. */
  readonly #host: () => Promise<Application | CoachbuilderError>;
  readonly #archive: () => Promise<SourceArchive>;

  constructor(options: ApplicationWheelsOptions) {
    const { source, ports } = options;
    this.#options = options;
    this.#local = once(() => fetchSource(source, ports));
    this.#host = once(async () => {
      try {
        return await buildLocalSource(await this.#local(), ports);
      } catch (error) {
        if (error instanceof CoachbuilderError) return error;
        throw error;
      }
    });
    this.#archive = once(async () => archiveSource(await this.#local(), ports));
  }

  /**
   * The application for one target.
   * @throws CoachbuilderError what `fetchSource`, `buildLocalSource` and the builder throw; `requires-python` before
   * anything is compiled; `needs-compiler` when nothing can be compiled here
   */
  async forTarget(platform: TargetPlatform): Promise<Application> {
    const { ports } = this.#options;
    const { kind } = await this.#local();
    const mode = ports.sdistBuilder?.mode;
    if (kind === 'wheel' || mode === undefined) return this.#onHost();
    if (mode === 'container') return this.#compile(platform, () => this.#demanded());
    const built = await this.#host();
    if (!(built instanceof CoachbuilderError)) {
      if (acceptsWheel(platform, basename(built.wheel))) return built;
      // Built by another major version of Python than it is for: what does not compile is told of it when it is gathered.
      const able = await ports.sdistBuilder?.canBuild(platform);
      return able?.possible === true ? this.#compile(platform, () => this.#demanded()) : built;
    }
    if (!(await this.#mayCompile(built, platform))) throw built;
    try {
      return await this.#compile(platform, () => built);
    } catch (error) {
      const isOwn = !(error instanceof CoachbuilderError) || error.cause === built;
      if (isOwn || built.code !== 'application-build-failed') throw error;
      // Perhaps nothing needs a compiler, and the project just does not build.
      throw error.withDetails('on this machine it does not build, either:', ...built.details.slice(-10));
    }
  }

  async #onHost(): Promise<Application> {
    const built = await this.#host();
    if (built instanceof CoachbuilderError) throw built;
    return built;
  }

  #demanded(): CoachbuilderError {
    const { source } = this.#options;
    return new CoachbuilderError(
      'needs-compiler',
      `the source of ${source.kind === 'url' ? 'the address' : source.path} has to be built by the target's own interpreter`,
      { hint: 'build a wheel of it on the target, and give that as the package URI' },
    );
  }

  /**
   * Whether a build that failed here may do better on the target. A project that cannot even tell its name is broken
   * everywhere, and its error here is the better one, unless it is written for Python 2.
   */
  async #mayCompile(failure: CoachbuilderError, platform: TargetPlatform): Promise<boolean> {
    if (failure.code === 'needs-compiler') return true;
    if (failure.code !== 'application-build-failed') return false;
    return isPython2(platform) || (await this.#archive()).identity !== undefined;
  }

  async #compile(platform: TargetPlatform, otherwise: () => CoachbuilderError): Promise<Application> {
    const { candidates, ports } = this.#options;
    const archive = await this.#archive();
    if (archive.identity !== undefined) requireInterpreter(archive.identity, platform, candidates);
    const builder = await compilable(platform, ports, otherwise);
    const { path, compiledIn } = await builder.buildSource(archive, platform, ports);
    requireNamed(path, archive.subject);
    const local = await this.#local();
    return readApplication(
      local.origin,
      { path, committed: archive.committed, ...(compiledIn === undefined ? {} : { compiledIn }) },
      await factsOf(local, ports),
    );
  }
}
