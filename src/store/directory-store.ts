import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { chmod, link, mkdir, open, readFile, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { accessFailure, digestFile, isErrno, sha256Of, writeFailure } from '../system/files.ts';
import { withLock } from './directory/lock-file.ts';
import { isLeftover, temporaryPath } from './directory/owner.ts';
import { copyWhole, synchronizeDirectory, writeWhole } from './directory/write-file.ts';
import { checkKey, compareKeys, reservedPrefix } from './keys.ts';
import type { Condition, ListedObject, NewObject, ObjectStore, PutOutcome, StoredObject } from './object-store.ts';
import { wrongBytes } from './wrong-bytes.ts';

/** What an error of the file system means when it is about reading. */
function isNothingThere(error: unknown): boolean {
  return isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR');
}

interface Content {
  readonly sha256: string;
  readonly stats: Stats;
}

/**
 * A repository in a directory, for a web server or rsync to carry on. An object is a file of its key's name, its etag the
 * SHA-256 of its bytes. Files appear whole or not at all, whenever we are killed: they are written and synchronized under
 * a hidden name in the same directory, then get their own by link(), which never replaces one, or rename(). Comparing and
 * swapping are one step by a lock, a hidden file in the root. Every file is readable by everybody (0644, directories 0755),
 * whatever the umask. A directory keeps neither media types nor caching: the web server decides.
 */
export class DirectoryStore implements ObjectStore {
  readonly title: string;
  /** Directories whose leftovers of killed processes were removed. */
  private readonly swept = new Set<string>();

  /** @param root absolute; it has to exist: a slip in its name should not make a second repository */
  constructor(root: string) {
    this.title = root;
  }

  async get(key: string): Promise<{ readonly bytes: Buffer; readonly etag: string } | undefined> {
    try {
      const bytes = await readFile(this.pathOf(key));
      return { bytes, etag: sha256Of(bytes) };
    } catch (error) {
      await this.requireAnswer(error, key);
      return undefined;
    }
  }

  async head(key: string): Promise<StoredObject | undefined> {
    const content = await this.contentOf(key);
    return content && describe(key, content);
  }

  async put(object: NewObject, condition: Condition): Promise<PutOutcome> {
    const { key, body } = object;
    return this.write(key, condition, async (temporary) => {
      if (body.kind === 'bytes') await writeWhole(temporary, body.bytes);
      else await copyWhole(body.path, temporary);
      const found = await digestFile(temporary);
      if (found.sha256 !== object.sha256 || found.size !== object.size) throw wrongBytes(object, found);
      return found.sha256;
    });
  }

  async copy(from: string, to: string, condition: Condition): Promise<PutOutcome> {
    const source = this.pathOf(from);
    return this.write(to, condition, async (temporary) => {
      try {
        await copyWhole(source, temporary);
      } catch (error) {
        if (!isErrno(error, 'ENOENT')) throw error;
        throw new CoachbuilderError('repository-invalid', `there is no ${from} in ${this.title} to be copied`);
      }
      return (await digestFile(temporary)).sha256;
    });
  }

  async delete(key: string, etag: string | undefined): Promise<'deleted' | 'absent' | 'condition-failed'> {
    const path = this.pathOf(key);
    return this.locked(async () => {
      const content = await this.contentOf(key);
      if (content === undefined) return 'absent';
      if (etag !== undefined && content.sha256 !== etag) return 'condition-failed';
      await rm(path);
      await this.removeEmpty(dirname(path));
      return 'deleted';
    });
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    await this.requireRoot();
    // The directory that the prefix names; the rest of it begins the names in there.
    const directory = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    if (directory !== '') checkKey(directory.slice(0, -1));
    yield* this.objectsBelow(directory, prefix);
  }

  private pathOf(key: string): string {
    checkKey(key);
    return join(this.title, key);
  }

  private async contentOf(key: string): Promise<Content | undefined> {
    const path = this.pathOf(key);
    try {
      // The numbers and the bytes are those of one file, even while another one takes its name.
      const handle = await open(path);
      try {
        const stats = await handle.stat();
        if (!stats.isFile()) return undefined;
        const hash = createHash('sha256');
        for await (const chunk of handle.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
          hash.update(chunk);
        }
        return { sha256: hash.digest('hex'), stats };
      } finally {
        await handle.close();
      }
    } catch (error) {
      await this.requireAnswer(error, key);
      return undefined;
    }
  }

  /** The objects whose key begins so, in byte order, which is not that of the directories: `a-b` is before `a/b`. */
  private async *objectsBelow(directory: string, prefix: string): AsyncIterable<ListedObject> {
    const names = await this.namesIn(join(this.title, directory));
    const entries = await Promise.all(
      names
        .filter((name) => !name.startsWith(reservedPrefix))
        .map(async (name) => {
          const found = await this.statOf(join(this.title, directory, name));
          return { key: `${directory}${name}${found?.isDirectory() === true ? '/' : ''}`, found };
        }),
    );
    for (const { key, found } of entries.sort((left, right) => compareKeys(left.key, right.key))) {
      if (!key.startsWith(prefix)) continue;
      if (key.endsWith('/')) yield* this.objectsBelow(key, prefix);
      else if (found?.isFile() === true) yield { key, size: found.size, lastModified: found.mtime };
    }
  }

  /** @returns undefined when it has gone meanwhile, or is a link to nothing */
  private async statOf(path: string): Promise<Stats | undefined> {
    try {
      return await stat(path);
    } catch (error) {
      if (isNothingThere(error)) return undefined;
      throw isErrno(error, 'EACCES', 'EPERM') ? accessFailure(error, path) : error;
    }
  }

  private async namesIn(path: string): Promise<readonly string[]> {
    try {
      const names = await readdir(path);
      await this.sweep(path, names);
      return names;
    } catch (error) {
      if (isNothingThere(error)) return [];
      throw isErrno(error, 'EACCES', 'EPERM') ? accessFailure(error, path) : error;
    }
  }

  /** Removes what killed processes left in a directory, once in the life of a store. */
  private async sweep(path: string, names: readonly string[]): Promise<void> {
    if (this.swept.has(path)) return;
    this.swept.add(path);
    for (const name of names) {
      // A directory may belong to somebody who lets us read only.
      if (isLeftover(join(path, name), name)) await rm(join(path, name), { force: true }).catch(() => undefined);
    }
  }

  /** Makes the bytes under a hidden name, then gives them their own when the condition holds. */
  private async write(
    key: string,
    condition: Condition,
    make: (temporary: string) => Promise<string>,
  ): Promise<PutOutcome> {
    const path = this.pathOf(key);
    await this.requireRoot();
    let temporary: string | undefined;
    try {
      temporary = await this.newTemporary(dirname(path));
      const etag = await make(temporary);
      await chmod(temporary, 0o644);
      if (!(await this.place(temporary, key, condition))) return { outcome: 'condition-failed' };
      await synchronizeDirectory(dirname(path));
      return { outcome: 'stored', etag };
    } catch (error) {
      throw writeFailure(error, path);
    } finally {
      if (temporary !== undefined) await rm(temporary, { force: true });
    }
  }

  private async place(temporary: string, key: string, condition: Condition): Promise<boolean> {
    const path = this.pathOf(key);
    if (condition.kind === 'absent') {
      try {
        await link(temporary, path);
        return true;
      } catch (error) {
        if (isErrno(error, 'EEXIST')) return false;
        throw error;
      }
    }
    return this.locked(async () => {
      if (condition.kind === 'unchanged' && (await this.contentOf(key))?.sha256 !== condition.etag) return false;
      await rename(temporary, path);
      return true;
    });
  }

  /** An empty file in a directory, which is made when it is not there; whoever deletes may be removing it just now. */
  private async newTemporary(directory: string): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      await this.makeDirectory(directory);
      const temporary = temporaryPath(directory);
      try {
        await (await open(temporary, 'wx', 0o600)).close();
        return temporary;
      } catch (error) {
        if (attempt === 5 || !isErrno(error, 'ENOENT')) throw error;
      }
    }
  }

  private async makeDirectory(path: string): Promise<void> {
    const first = await mkdir(path, { recursive: true });
    if (first === undefined) {
      if (!this.swept.has(path)) await this.sweep(path, await readdir(path));
      return;
    }
    for (let made = path; made.length >= first.length; made = dirname(made)) await chmod(made, 0o755);
  }

  /** A bucket has no empty directories. Those that are not empty, or are needed just now, stay. */
  private async removeEmpty(directory: string): Promise<void> {
    for (let path = directory; path.length > this.title.length; path = dirname(path)) {
      try {
        await rmdir(path);
      } catch {
        return;
      }
    }
  }

  private async locked<Result>(action: () => Promise<Result>): Promise<Result> {
    await this.requireRoot();
    try {
      return await withLock(this.title, action);
    } catch (error) {
      throw writeFailure(error, this.title);
    }
  }

  private async requireRoot(): Promise<void> {
    const found = await stat(this.title).catch((error: unknown) => {
      if (isErrno(error, 'EACCES', 'EPERM')) throw accessFailure(error, this.title);
      return undefined;
    });
    if (found?.isDirectory() !== true) throw missingRoot(this.title);
  }

  /** No such file, in a directory that is there, is an answer; everything else is a failure. */
  private async requireAnswer(error: unknown, key: string): Promise<void> {
    if (isErrno(error, 'EACCES', 'EPERM')) throw accessFailure(error, join(this.title, key));
    if (!isNothingThere(error)) throw error;
    await this.requireRoot();
  }
}

function missingRoot(root: string): CoachbuilderError {
  return new CoachbuilderError('store-missing', `there is no directory ${root}`, {
    hint: `check its name; if the repository is to be there, make it: mkdir -p ${root}`,
  });
}

function describe(key: string, { sha256, stats }: Content): StoredObject {
  return { key, size: stats.size, etag: sha256, lastModified: stats.mtime, sha256 };
}
