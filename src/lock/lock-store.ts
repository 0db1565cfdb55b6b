import type { Lock, LockedEnvironment } from './lock.ts';
import { readLock, withEnvironment, writeLock } from './lock-file.ts';
import { askFor, type LockRequest } from './lock-request.ts';
import { lockQuestion } from './lock-target.ts';
import { platformKey } from './platform.ts';
import type { LockPorts } from './sdist-builder.ts';
import { changedInputs, isAltered, requireFresh } from './verify-lock.ts';

export interface LockStoreOptions {
  /** Absolute path of `coachbuilder.lock`; undefined keeps the environments in memory only. */
  readonly path: string | undefined;
  /** Nothing is resolved: what the lock does not hold is an error. */
  readonly locked: boolean;
  /** Environments that are known without a file. */
  readonly known?: readonly LockedEnvironment[];
}

/**
 * The lock during one run. Targets ask it for their environments, at the same time if they like; each is resolved at
 * most once, and the file is written after each one, so that what was resolved survives a later failure.
 */
export class LockStore {
  readonly #options: LockStoreOptions;
  readonly #ports: LockPorts;
  #lock: Lock | undefined;
  readonly #resolved = new Set<string>();
  #loaded: Promise<void> | undefined;
  /** One after the other: resolvers are busy enough by themselves, and the file has one writer. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: LockStoreOptions, ports: LockPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** Absolute path of the file; undefined when it is in memory only. */
  get path(): string | undefined {
    return this.#options.path;
  }

  /** All that is locked by now. */
  get environments(): readonly LockedEnvironment[] {
    return this.#lock?.environments ?? [];
  }

  /** Keys of the environments that were resolved in this run, and not found in the lock. */
  get resolved(): ReadonlySet<string> {
    return this.#resolved;
  }

  /**
   * The environment for a request: the locked one when it is fresh, else a new one, which is then locked.
   * @throws CoachbuilderError all that `lockTarget` and `requireFresh` throw
   */
  async environmentFor(request: LockRequest): Promise<LockedEnvironment> {
    this.#loaded ??= this.#load();
    await this.#loaded;
    const result = this.#queue.then(() => this.#obtain(request));
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #load(): Promise<void> {
    const { path, known } = this.#options;
    if (path !== undefined) this.#lock = await readLock(path);
    for (const environment of known ?? []) this.#lock = withEnvironment(this.#lock, environment);
  }

  async #obtain(request: LockRequest): Promise<LockedEnvironment> {
    const question = await askFor(request, this.#ports);
    const key = platformKey(question.platform);
    if (this.#options.locked) {
      return requireFresh(this.#lock?.environments, { key, inputs: question.inputs }, this.#options.path ?? 'lock');
    }
    const existing = this.#lock?.environments.find((environment) => environment.key === key);
    if (existing !== undefined) {
      const altered = isAltered(existing);
      if (!altered && changedInputs(existing.inputs, question.inputs).length === 0) return existing;
      if (altered) {
        this.#ports.reporter.report({
          type: 'warning',
          message: `${this.#options.path ?? 'the lock'} was altered by hand; ${key} is locked again`,
        });
      }
    }
    const reporter = request.reporter ?? this.#ports.reporter;
    const environment = await lockQuestion(question, { ...this.#ports, reporter });
    this.#lock = withEnvironment(this.#lock, environment);
    this.#resolved.add(key);
    if (this.#options.path !== undefined) await writeLock(this.#options.path, this.#lock);
    return environment;
  }
}
