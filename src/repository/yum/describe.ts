import { existsSync } from 'node:fs';
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import type { ChildEnvironments, CommandRunner } from '../../system/command.ts';
import { temporaryDirectory } from '../../system/files.ts';
import { createrepoCommand } from '../../system/tools/createrepo.ts';
import type { PackageFile, RpmEntry } from '../index-format.ts';
import { ofEach, readEntries, relocate, withoutFileTime } from './entries.ts';

/** What indexing rpms works with. */
export interface YumPorts {
  readonly commands: CommandRunner;
  readonly environments: ChildEnvironments;
  /** Absolute path of a directory for temporary files; made when it is needed. */
  readonly scratch: string;
}

/** With this status newer versions say that they have left a package out; the others are described. */
const someUnreadable = 2;

/**
 * Entries of new packages, in the order of the files, each at the place that goes with it: what createrepo_c says of
 * them. It sees links with numbers for names, so that no file's name has to be a good one, or another than its
 * neighbour's.
 * @throws CoachbuilderError `archive-invalid` when a file is no rpm that createrepo_c can read, `hash-mismatch` when one
 *   changed since its facts were taken, `tool-missing`, `command-failed`
 */
export async function describeRpms(
  files: readonly (readonly [PackageFile, string])[],
  { commands, environments, scratch }: YumPorts,
): Promise<readonly RpmEntry[]> {
  if (files.length === 0) return [];
  await using work = await temporaryDirectory(scratch, 'createrepo');
  const linkOf = (index: number): string => `${String(index)}.rpm`;
  for (const [index, [{ path }]] of files.entries()) await symlink(path, join(work.path, linkOf(index)));
  const { exitCode, stderr } = await commands.tryRun(createrepoCommand(work.path, environments.base));
  const paths = ofEach((kind) => join(work.path, 'repodata', `${kind}.xml.gz`));
  const isDone = exitCode === 0 || (exitCode === someUnreadable && existsSync(paths.other));
  if (!isDone)
    throw new CoachbuilderError('command-failed', `createrepo_c ended with status ${String(exitCode)}`, {
      details: stderr.split('\n').filter((line) => line.trim() !== ''),
    });
  const [primary, filelists, other] = await Promise.all(
    [paths.primary, paths.filelists, paths.other].map(async (path) => gunzipSync(await readFile(path)).toString()),
  );
  const documents = { primary: primary ?? '', filelists: filelists ?? '', other: other ?? '' };
  const described = new Map(
    readEntries(documents, paths, { base: '', author: 'theirs' }).map((entry) => [entry.file, entry]),
  );
  return files.map(([file, destination], index) => {
    const entry = described.get(linkOf(index));
    if (entry === undefined)
      throw new CoachbuilderError('archive-invalid', `${file.path} is no rpm that createrepo_c can read`, {
        hint: 'build it again, or leave it out',
        details: stderr.split('\n').filter((line) => line.includes(linkOf(index))),
      });
    if (entry.sha256 !== file.sha256)
      throw new CoachbuilderError('hash-mismatch', `${file.path} changed while it was being published`, {
        hint: 'make sure that nothing writes to it, then run the same command again',
      });
    return withoutFileTime(relocate(entry, destination));
  });
}
