import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { lastLines } from '../application/host-build.ts';
import type { ToolPorts } from '../application/ports.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { offlineMiss } from '../lock/failures.ts';
import { fileNameOf } from '../lock/resolution.ts';
import type { InterpreterBundle } from '../plan/build-plan.ts';
import { withoutUrlCredentials } from '../report/redact.ts';
import { accessFailure, digestFile, isErrno, temporaryName, writeFailure } from '../system/files.ts';
import { fetchFile } from '../system/tools/fetch.ts';

type Archive = Pick<InterpreterBundle, 'archive' | 'sha256'>;

/** The digest of a file; undefined when there is none. */
async function digestOf(path: string): Promise<string | undefined> {
  try {
    return (await digestFile(path)).sha256;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    if (isErrno(error, 'EACCES', 'EPERM')) throw accessFailure(error, path);
    throw error;
  }
}

function mismatch(source: string, expected: string, got: string): CoachbuilderError {
  return new CoachbuilderError('hash-mismatch', `${source} is not the interpreter that the manifest names`, {
    hint: 'find out who changed the file; if the change is right, correct python.interpreter.bundled.sha256',
    details: [`expected sha256 ${expected}`, `got sha256      ${got}`],
  });
}

async function useLocal(path: string, { sha256 }: Archive): Promise<string> {
  const got = await digestOf(path);
  if (got === undefined) {
    throw new CoachbuilderError('interpreter-invalid', `the bundled interpreter ${path} is not there`, {
      hint: 'correct python.interpreter.bundled.archive in the manifest',
    });
  }
  if (got !== sha256) throw mismatch(path, sha256, got);
  return path;
}

async function download(url: string, path: string, ports: ToolPorts): Promise<string> {
  const shown = withoutUrlCredentials(url);
  const temporary = temporaryName(path);
  try {
    await mkdir(dirname(path), { recursive: true });
    const result = await ports.commands.tryRun({
      ...fetchFile(url, temporary),
      cwd: dirname(path),
      env: ports.environments.network,
    });
    if (result.exitCode !== 0) {
      throw new CoachbuilderError('download-failed', `${shown} cannot be downloaded`, {
        hint: 'check python.interpreter.bundled.archive in the manifest, the network, the proxy and the certificates',
        details: lastLines(result.stderr, ports, 4),
      });
    }
    return temporary;
  } catch (error) {
    await rm(temporary, { force: true });
    throw writeFailure(error, path);
  }
}

/**
 * Brings the archive of a bundled interpreter onto this machine, checked against its digest: a local file is used where
 * it is, one that has to be downloaded is kept in the cache.
 * @returns its absolute path
 * @throws CoachbuilderError `hash-mismatch`, `interpreter-invalid` when a local one is not there, `download-failed`,
 * `offline`, `disk-full`, `output-unwritable`
 */
export async function fetchInterpreter(bundle: Archive, ports: ToolPorts): Promise<string> {
  const { archive, sha256 } = bundle;
  if (archive.startsWith('/')) return useLocal(archive, bundle);
  if (/^file:/i.test(archive)) return useLocal(fileURLToPath(archive), bundle);
  const path = join(ports.cacheDirectory, 'interpreters', sha256, fileNameOf(archive));
  const cached = await digestOf(path);
  if (cached === sha256) return path;
  if (ports.offline) throw offlineMiss([fileNameOf(archive)], ports);
  // Of what was damaged in the cache nothing is kept: it is replaced.
  const temporary = await download(archive, path, ports);
  try {
    const got = (await digestFile(temporary)).sha256;
    if (got !== sha256) throw mismatch(withoutUrlCredentials(archive), sha256, got);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw writeFailure(error, path);
  }
  return path;
}
