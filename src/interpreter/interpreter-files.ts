import { basename, posix } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { bundledDirectory } from '../plan/bundled-interpreter.ts';
import type { BundledInterpreter } from '../plan/build-plan.ts';
import { readTar, type TarMember } from '../system/tar.ts';
import { describesBuild, patchScript, patchText, readBuildRecord, type BuildRecord } from './patch.ts';
import { pruner } from './prune.ts';
import { runtimeFiles } from './runtime.ts';

/** A path of a bundled interpreter; `path` is relative to the prefix. */
export type InterpreterMember =
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number };

export interface InterpreterContent {
  readonly path: string;
  readonly content: Buffer;
}

/** All that a bundled interpreter puts below the prefix. */
export interface InterpreterFiles {
  readonly members: readonly InterpreterMember[];
  /** Reads the archive again: every file of the members once, as it is to be laid down. */
  readonly contents: () => AsyncIterable<InterpreterContent>;
}

export interface InterpreterRequest {
  /** Absolute path of the archive. */
  readonly archive: string;
  readonly interpreter: BundledInterpreter;
  /** Absolute path of the virtual environment on the target. */
  readonly prefix: string;
}

function invalid({ archive }: InterpreterRequest, problem: string, hint: string): CoachbuilderError {
  return new CoachbuilderError('interpreter-invalid', `${basename(archive)} ${problem}`, { hint });
}

const wrongShape =
  'use an archive that holds a relocatable CPython below python/, such as an "install_only" one of python-build-standalone';

/**
 * The path of a member below the interpreter's directory.
 * @returns undefined for the directory itself
 */
function relativePath(member: TarMember, request: InterpreterRequest): string | undefined {
  const { path } = member;
  if (path === '' || path === bundledDirectory) return undefined;
  if (posix.normalize(path) !== path || path.startsWith('../') || path.includes('\0')) {
    throw invalid(request, `has a member that leads out of its directory: ${JSON.stringify(path)}`, wrongShape);
  }
  if (!path.startsWith(`${bundledDirectory}/`)) {
    throw invalid(request, `has members outside of ${bundledDirectory}/, such as ${path}`, wrongShape);
  }
  const relative = path.slice(bundledDirectory.length + 1);
  if (relative === 'PYTHON.json' || relative.startsWith('install/')) {
    throw invalid(request, 'is a full archive of python-build-standalone', 'use the "install_only" archive instead');
  }
  return relative;
}

/** Where a link of an archive leads, from its own directory; a hard link becomes a symbolic one. */
function linkTarget(member: TarMember, path: string, request: InterpreterRequest): string {
  const own = posix.dirname(path);
  const target =
    member.kind === 'hardlink'
      ? posix.relative(own, member.target.replace(/^\.\//, '').slice(bundledDirectory.length + 1))
      : member.target;
  const absolute = posix.join('/', bundledDirectory, own, target);
  if (target.startsWith('/') || posix.join(own, target).startsWith('../') || !absolute.startsWith('/')) {
    throw invalid(request, `has a link that leads out of it: ${path} -> ${target}`, wrongShape);
  }
  return target;
}

/** `PY_VERSION` of patchlevel.h, such as `3.12.3`. */
function versionIn(header: string): string | undefined {
  return /^#define\s+PY_VERSION\s+"([^"]+)"/m.exec(header)?.[1];
}

/** libcrypto tells the directory that it was configured with, in the text for `openssl version -d`. */
const opensslMark = Buffer.from('OPENSSLDIR: "');

function opensslDirectoryIn(content: Buffer): string | undefined {
  const start = content.indexOf(opensslMark);
  if (start === -1) return undefined;
  const from = start + opensslMark.length;
  const end = content.indexOf('"', from);
  const directory = end === -1 ? '' : content.toString('utf8', from, end);
  return /^\/[^\n\0]{0,200}$/.test(directory) ? directory : undefined;
}

function isElf(content: Buffer): boolean {
  return content.toString('latin1', 0, 4) === '\x7fELF';
}

/** What one look at an archive finds; paths are relative to the interpreter's directory. */
interface Survey {
  readonly files: ReadonlyMap<string, { readonly mode: number }>;
  readonly links: ReadonlyMap<string, string>;
  readonly record: BuildRecord;
  readonly opensslDirectory: string | undefined;
}

async function survey(request: InterpreterRequest): Promise<Survey> {
  const { minor, version, bundle } = request.interpreter;
  const isPruned = pruner(minor, bundle.prune);
  const library = `lib/python${minor}`;
  const files = new Map<string, { readonly mode: number }>();
  const links = new Map<string, string>();
  let record: BuildRecord | undefined;
  let opensslDirectory: string | undefined;
  for await (const member of readTar(request.archive)) {
    const path = relativePath(member, request);
    if (path === undefined || member.kind === 'directory') continue;
    if (member.kind === 'other') throw invalid(request, `has a member that is no file: ${path}`, wrongShape);
    if (path === `include/python${minor}/patchlevel.h`) {
      const found = versionIn(member.content.toString('latin1'));
      if (found !== undefined && found !== version) {
        throw invalid(
          request,
          `holds CPython ${found}, and the manifest says ${version}`,
          'correct python.interpreter.bundled.version, or name another archive',
        );
      }
    }
    if (isPruned(path)) continue;
    if (member.kind !== 'file') {
      links.set(path, linkTarget(member, path, request));
      continue;
    }
    const { content } = member;
    if (path.startsWith('bin/') && patchScript(content, request.interpreter.path) === undefined) continue;
    if (path.startsWith(`${library}/_sysconfigdata`)) record ??= readBuildRecord(content.toString('utf8'));
    const elf = isElf(content);
    if (elf) opensslDirectory ??= opensslDirectoryIn(content);
    // Modules that happen to be executable name interpreters that nobody has: they are imported, not started.
    const executable = path.startsWith('bin/') || (elf && (member.mode & 0o111) !== 0);
    files.set(path, { mode: executable ? 0o755 : 0o644 });
  }
  return { files, links: living(links, files), record: record ?? readBuildRecord(''), opensslDirectory };
}

/** The links that still lead to something after the pruning. */
function living(links: ReadonlyMap<string, string>, files: ReadonlyMap<string, unknown>): ReadonlyMap<string, string> {
  const directories = new Set<string>();
  for (const path of files.keys()) {
    for (let parent = posix.dirname(path); parent !== '.'; parent = posix.dirname(parent)) directories.add(parent);
  }
  const leads = (path: string, seen: ReadonlySet<string>): boolean => {
    if (files.has(path) || directories.has(path)) return true;
    const target = links.get(path);
    return target !== undefined && !seen.has(path) && leads(follow(path, target), new Set([...seen, path]));
  };
  return new Map([...links].filter(([path]) => leads(path, new Set())));
}

function follow(path: string, target: string): string {
  return posix.join(posix.dirname(path), target);
}

/** The program that a path of `bin` is in the end. */
function programOf(path: string, { files, links }: Survey): string | undefined {
  let current = path;
  for (let steps = 0; steps < 8; steps += 1) {
    if (files.has(current)) return current;
    const target = links.get(current);
    if (target === undefined) return undefined;
    current = follow(current, target);
  }
  return undefined;
}

/** Where the licence lies in an archive, in the order of what is said best. */
function licenseOf({ files }: Survey, library: string): string | undefined {
  return [`${library}/LICENSE.txt`, `${library}/LICENSE`, 'share/doc/python/LICENSE'].find((path) => files.has(path));
}

function linkMember(path: string, target: string): InterpreterMember {
  return { kind: 'symlink', path: posix.join(bundledDirectory, path), target };
}

/**
 * Works out what the archive of a bundled interpreter puts below the prefix: pruned, with modes of ours, its licence at
 * the top, and with a module in the virtual environment that shows it the certificates of the distribution.
 * @throws CoachbuilderError `archive-invalid`, `interpreter-invalid` when it does not hold the interpreter, or another one
 */
export async function openInterpreter(request: InterpreterRequest): Promise<InterpreterFiles> {
  const { minor } = request.interpreter;
  const library = `lib/python${minor}`;
  const found = await survey(request);
  const program = `bin/python${minor}`;
  if (programOf(program, found) === undefined || !found.files.has(`${library}/os.py`)) {
    throw invalid(request, `holds no CPython ${minor} (${bundledDirectory}/${program} and its library)`, wrongShape);
  }
  const license = licenseOf(found, library);
  const hasLicense = [...found.files.keys(), ...found.links.keys()].some((path) => /^LICENSE/i.test(path));
  const terminfo = [...found.files.keys()].some((path) => path.startsWith('share/terminfo/'));
  const home = posix.join(request.prefix, bundledDirectory);
  const runtime = runtimeFiles({
    opensslDirectory: found.opensslDirectory,
    terminfo: terminfo ? `${home}/share/terminfo` : undefined,
  }).map(({ name, content }): InterpreterContent => ({
    path: posix.join(library, 'site-packages', name),
    content: Buffer.from(content),
  }));
  const members: InterpreterMember[] = [
    ...[...found.files].map(([path, { mode }]): InterpreterMember => ({
      kind: 'file',
      path: posix.join(bundledDirectory, path),
      mode,
    })),
    ...[...found.links].map(([path, target]) => linkMember(path, target)),
    ...(license !== undefined && !hasLicense ? [linkMember('LICENSE.txt', license)] : []),
    ...runtime.map(({ path }): InterpreterMember => ({ kind: 'file', path, mode: 0o644 })),
  ];
  return { members, contents: () => readContents(request, found, runtime) };
}

async function* readContents(
  request: InterpreterRequest,
  { files, record }: Survey,
  runtime: readonly InterpreterContent[],
): AsyncGenerator<InterpreterContent, void, undefined> {
  const home = posix.join(request.prefix, bundledDirectory);
  const waiting = new Set(files.keys());
  for await (const member of readTar(request.archive)) {
    const path = relativePath(member, request);
    // An archive may hold a path twice; the last one wins in tar, and what was written first must be what was counted.
    if (path === undefined || member.kind !== 'file' || !waiting.delete(path)) continue;
    yield {
      path: posix.join(bundledDirectory, path),
      content: patched(path, member.content, { request, record, home }),
    };
  }
  yield* runtime;
}

interface PatchContext {
  readonly request: InterpreterRequest;
  readonly record: BuildRecord;
  readonly home: string;
}

function patched(path: string, content: Buffer, { request, record, home }: PatchContext): Buffer {
  const text = describesBuild(path) ? Buffer.from(patchText(content.toString('utf8'), { ...record, home })) : content;
  return path.startsWith('bin/') && !isElf(text) ? (patchScript(text, request.interpreter.path) ?? text) : text;
}
