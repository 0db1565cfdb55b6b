import { chmodSync, closeSync, fchmodSync, futimesSync, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs';
import { lutimes, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import { writeFailure } from '../system/files.ts';
/** The bytes of a file: whole, or in parts. */
export type Content = Buffer | AsyncIterable<Buffer>;

const directoryMode = 0o755;

/**
 * Writes below the prefix of a staging root: explicit modes whatever the umask, one date for everything, every file new.
 *
 * Small writes block: going through the thread pool takes many times as long as the system calls do, and a tree has tens of
 * thousands of them. The event loop still turns between any two members, which are read asynchronously.
 */
export class Staging {
  readonly #base: string;
  readonly #root: string;
  readonly #epoch: number;
  readonly #links: string[] = [];
  readonly #directories: string[] = [];

  /**
   * @param root absolute path of the staging root
   * @param prefix absolute path on the target
   * @param epoch seconds since 1970, the date of everything
   */
  constructor(root: string, prefix: string, epoch: number) {
    this.#root = root;
    this.#base = join(root, prefix);
    this.#epoch = epoch;
    // The root becomes the `./` of a package; whoever made it may have had another umask.
    this.#guard(root, () => {
      chmodSync(root, directoryMode);
    });
    let path = root;
    for (const part of prefix.split('/').filter((name) => name !== '')) {
      path = join(path, part);
      this.#makeDirectory(path);
    }
  }

  /** @param path relative to the prefix; its parent is there already */
  makeDirectory(path: string): void {
    this.#makeDirectory(join(this.#base, path));
  }

  #makeDirectory(path: string): void {
    this.#guard(path, () => {
      mkdirSync(path);
      chmodSync(path, directoryMode);
    });
    this.#directories.push(path);
  }

  /** @param path relative to the prefix; its parent is there already */
  link(path: string, target: string): void {
    const absolute = join(this.#base, path);
    this.#guard(absolute, () => {
      symlinkSync(target, absolute);
    });
    this.#links.push(absolute);
  }

  /**
   * @param path relative to the prefix; its parent is there already
   * @param content whole, or in parts
   * @param mode permission bits
   * @throws CoachbuilderError `disk-full` or `output-unwritable`
   */
  async write(path: string, content: Content, mode: number): Promise<void> {
    const absolute = join(this.#base, path);
    // wx: never through a link and never over a file, even if two claims of a path went unnoticed.
    const descriptor = this.#guard(absolute, () => openSync(absolute, 'wx', 0o600));
    try {
      for await (const chunk of Buffer.isBuffer(content) ? [content] : content) {
        this.#guard(absolute, () => {
          for (let offset = 0; offset < chunk.length;) offset += writeSync(descriptor, chunk, offset);
        });
      }
      this.#guard(absolute, () => {
        fchmodSync(descriptor, mode);
        futimesSync(descriptor, this.#epoch, this.#epoch);
      });
    } finally {
      closeSync(descriptor);
    }
  }

  /** Dates links and directories, which further writing would have changed again. Nothing is written afterwards. */
  async seal(): Promise<void> {
    for (const path of this.#links) await lutimes(path, this.#epoch, this.#epoch);
    for (const path of [...this.#directories, this.#root]) await utimes(path, this.#epoch, this.#epoch);
  }

  #guard<Result>(path: string, action: () => Result): Result {
    try {
      return action();
    } catch (error) {
      throw writeFailure(error, path);
    }
  }
}
