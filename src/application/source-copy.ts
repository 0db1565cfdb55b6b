import { cp, copyFile, lstat, mkdir, readdir, readlink, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';

import { isErrno } from '../system/files.ts';
import { gitCommitTime, gitFiles, gitLocations, readOnlyGit, type ToolCall } from '../system/tools/git.ts';
import type { CommandResult } from '../system/command.ts';
import type { ToolPorts } from './ports.ts';

/** A copy of an application's source in which anything may be written. */
export interface SourceCopy {
  /** Absolute: the project's directory inside the copy. */
  readonly project: string;
  /** Seconds since 1970: the last commit, or the newest file outside git. */
  readonly epoch: number;
  /** Whether `epoch` is a commit's. */
  readonly versioned: boolean;
}

interface Checkout {
  readonly top: string;
  /** The work tree's own part of the repository, and the one that it shares with linked work trees. */
  readonly gitDirectory: string;
  readonly commonDirectory: string;
  /** Relative to `top`. */
  readonly files: readonly string[];
}

/** What no build reads and what would only be left over from another one. */
const left = new Set(['.git', '.hg', '.venv', 'node_modules', '__pycache__', 'build', 'dist']);

function isLeft(path: string): boolean {
  const name = basename(path);
  return left.has(name) || name.endsWith('.egg-info');
}

async function git(call: ToolCall, directory: string, ports: ToolPorts): Promise<CommandResult | undefined> {
  const result = await ports.commands.tryRun({
    ...call,
    cwd: directory,
    env: { ...ports.environments.base, ...readOnlyGit },
  });
  return result.exitCode === 0 ? result : undefined;
}

async function hasGitAbove(directory: string): Promise<boolean> {
  for (let path = directory; ; path = dirname(path)) {
    try {
      await lstat(join(path, '.git'));
      return true;
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    }
    if (path === dirname(path)) return false;
  }
}

/** @returns undefined outside of git, and for a directory that its repository ignores */
async function findCheckout(directory: string, ports: ToolPorts): Promise<Checkout | undefined> {
  if (!(await hasGitAbove(directory))) return undefined;
  const locations = await git(gitLocations(), directory, ports);
  const [top, gitDirectory, common] = locations?.stdout.trimEnd().split('\n') ?? [];
  const listing = top === undefined ? undefined : await git(gitFiles(), top, ports);
  if (top === undefined || gitDirectory === undefined || common === undefined || listing === undefined) {
    ports.reporter.report({
      type: 'warning',
      message: `git does not answer for ${directory}; its files are copied as they are`,
      hint: 'if a version comes from git, run "git status" there and do what it says',
    });
    return undefined;
  }
  const files = listing.stdout.split('\0').filter((file) => file !== '');
  const project = relative(top, directory);
  const prefix = project === '' ? '' : `${project.split(sep).join('/')}/`;
  const known = files.includes(`${prefix}pyproject.toml`) || files.includes(`${prefix}setup.py`);
  return known ? { top, gitDirectory, commonDirectory: resolve(directory, common), files } : undefined;
}

async function copyEntry(source: string, target: string): Promise<void> {
  let facts;
  try {
    facts = await lstat(source);
  } catch (error) {
    // Removed from the work tree and not yet from git.
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return;
    throw error;
  }
  await mkdir(dirname(target), { recursive: true });
  if (facts.isSymbolicLink()) await symlink(await readlink(source), target);
  else if (facts.isDirectory()) await copyTree(source, target);
  else if (facts.isFile()) {
    await copyFile(source, target);
    await utimes(target, facts.atime, facts.mtime);
  }
}

async function copyTree(source: string, target: string): Promise<void> {
  await cp(source, target, {
    recursive: true,
    verbatimSymlinks: true,
    preserveTimestamps: true,
    filter: async (path) => {
      if (path === source) return true;
      const facts = await lstat(path);
      return !isLeft(path) && (facts.isFile() || facts.isDirectory() || facts.isSymbolicLink());
    },
  });
}

/**
 * Makes a copy a work tree of the same repository, so that setuptools-scm and versioneer find tags and see what was
 * changed: objects and references are shared, as by a linked work tree (gitrepository-layout(5), "commondir"), but the
 * index is a copy, because `git describe --dirty` writes it even with GIT_OPTIONAL_LOCKS=0.
 */
async function linkRepository(checkout: Checkout, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  await writeFile(join(target, 'commondir'), `${checkout.commonDirectory}\n`);
  for (const file of await readdir(checkout.gitDirectory)) {
    if (/^(?:HEAD|index|sharedindex\.[0-9a-f]+|config\.worktree)$/.test(file)) {
      await copyFile(join(checkout.gitDirectory, file), join(target, file));
    }
  }
}

async function copyCheckout(
  checkout: Checkout,
  directory: string,
  target: string,
  ports: ToolPorts,
): Promise<SourceCopy> {
  for (const file of new Set(checkout.files)) await copyEntry(join(checkout.top, file), join(target, file));
  await linkRepository(checkout, join(target, '.git'));
  const commit = await git(gitCommitTime(), checkout.top, ports);
  const epoch = Number(commit?.stdout.trim() ?? '');
  const project = join(target, relative(checkout.top, directory));
  if (commit !== undefined && Number.isInteger(epoch) && epoch > 0) return { project, epoch, versioned: true };
  return { project, epoch: await projectTime(directory), versioned: false };
}

/** The newest of the files that describe a project; what else changed does not matter to a build outside of git. */
async function projectTime(directory: string): Promise<number> {
  let newest = 0;
  for (const file of ['pyproject.toml', 'setup.py', 'setup.cfg']) {
    try {
      newest = Math.max(newest, Math.floor((await stat(join(directory, file))).mtimeMs / 1000));
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }
  return newest;
}

/**
 * Copies an application's source, so that building it leaves nothing in the user's checkout. In a git checkout the
 * whole work tree is copied without what git ignores; elsewhere the directory without the usual leftovers.
 * @param directory the project, absolute
 * @param target an empty directory
 */
export async function copySource(directory: string, target: string, ports: ToolPorts): Promise<SourceCopy> {
  const checkout = await findCheckout(directory, ports);
  if (checkout !== undefined) return copyCheckout(checkout, directory, target, ports);
  await copyTree(directory, target);
  return { project: target, epoch: await projectTime(directory), versioned: false };
}
