import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { withoutUrlCredentials } from '../report/redact.ts';
import { digestFile, isErrno, temporaryDirectory, temporaryName, writeFailure } from '../system/files.ts';
import { lastLines } from './host-build.ts';
import type { ToolPorts } from './ports.ts';

const script = fileURLToPath(new URL('../../src/application/fetch.py', import.meta.url));

/** A downloaded file of an application, in the cache. */
export interface FetchedFile {
  /** Absolute; the name is that of a wheel or an sdist. */
  readonly path: string;
  /** Hexadecimal. */
  readonly sha256: string;
  /** Without credentials, query and fragment: for records and messages. */
  readonly url: string;
}

interface FileAddress {
  /** Without its fragment; may hold credentials. */
  readonly address: string;
  readonly shown: string;
  readonly sha256: string | undefined;
}

/** Takes `https://…/app-1.0.tar.gz#sha256=…` apart. @throws CoachbuilderError `usage` */
function parseFileAddress(text: string): FileAddress {
  const [address = '', ...fragments] = text.split('#');
  const shown = withoutUrlCredentials(address).replace(/\?.*$/s, '');
  const parts = fragments.join('#').split('&');
  const [sha256, ...others] = parts.filter((part) => part !== '' && !part.startsWith('egg='));
  if (sha256 === undefined) return { address, shown, sha256: undefined };
  const digest = /^sha256=([0-9a-f]{64})$/i.exec(sha256)?.[1]?.toLowerCase();
  if (digest === undefined || others.length > 0) {
    throw new CoachbuilderError('usage', `the address ${shown} has something behind "#" that is no sha256`, {
      hint: 'write #sha256= and 64 hexadecimal digits, as sha256sum prints them',
    });
  }
  return { address, shown, sha256: digest };
}

const knownSuffix = /\.(?:whl|tar\.gz|tgz|zip|tar\.bz2|tar\.xz)$/i;

/** The name under which the file is kept; what does not tell its kind by its name is looked into. */
async function fileName(shown: string, path: string): Promise<string> {
  let name = shown.slice(shown.lastIndexOf('/') + 1);
  try {
    name = decodeURIComponent(name);
  } catch {
    // Then it is a name with a per cent sign.
  }
  name = name.replaceAll(/[^\w.+!-]/g, '_').replace(/^\.+/, '') || 'source';
  if (knownSuffix.test(name)) return name;
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    if (buffer.toString('latin1') === 'PK') return `${name}.zip`;
    if (buffer[0] === 0x1f && buffer[1] === 0x8b) return `${name}.tar.gz`;
  } finally {
    await file.close();
  }
  throw new CoachbuilderError('source-unavailable', `${shown} is neither a wheel nor an sdist`, {
    hint: 'give the address of a file that ends in .whl, .tar.gz or .zip',
  });
}

function cachePlace(sha256: string, ports: ToolPorts): string {
  return join(ports.cacheDirectory, 'sources', sha256);
}

/** What was fetched before; a damaged file is thrown away. */
async function findCached(sha256: string, ports: ToolPorts): Promise<string | undefined> {
  const directory = cachePlace(sha256, ports);
  let names: readonly string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
  for (const name of names.filter((candidate) => knownSuffix.test(candidate))) {
    const path = join(directory, name);
    if ((await digestFile(path)).sha256 === sha256) return path;
    await rm(path, { force: true });
  }
  return undefined;
}

async function keep(path: string, target: string): Promise<void> {
  const temporary = temporaryName(target);
  try {
    await mkdir(dirname(target), { recursive: true });
    await rename(path, temporary);
    await rename(temporary, target);
  } catch (error) {
    throw writeFailure(error, target);
  }
}

/**
 * Downloads a wheel or an sdist of an application, checks it, and keeps it by its digest.
 * @param url http or https; `#sha256=…` pins it, and without that a warning says how to
 * @throws CoachbuilderError `source-unavailable`, `hash-mismatch`, `offline`, `usage` for a fragment that is no sha256
 */
export async function fetchUrl(url: string, ports: ToolPorts): Promise<FetchedFile> {
  const { address, shown, sha256: wanted } = parseFileAddress(url);
  const cached = wanted === undefined ? undefined : await findCached(wanted, ports);
  if (cached !== undefined && wanted !== undefined) return { path: cached, sha256: wanted, url: shown };
  if (ports.offline) {
    throw new CoachbuilderError('offline', `${shown} has to be downloaded`, {
      hint: 'leave --offline out, or download the file yourself and give its path',
    });
  }
  // An address that was signed is a secret as a whole.
  const query = /\?(.+)$/s.exec(address)?.[1];
  if (query !== undefined) ports.redactor.add(query);
  await using scratch = await temporaryDirectory(join(ports.cacheDirectory, 'tmp'), 'fetch');
  const path = join(scratch.path, 'file');
  const result = await ports.commands.tryRun({
    tool: 'python3',
    args: [script, path],
    cwd: scratch.path,
    env: ports.environments.network,
    input: `${address}\n`,
  });
  if (result.exitCode !== 0) {
    throw new CoachbuilderError('source-unavailable', `${shown} cannot be downloaded`, {
      hint: 'check the address, the network, the proxy and the certificates; credentials belong in netrc',
      details: lastLines(`${result.stdout}\n${result.stderr}`, ports, 8),
    });
  }
  const { sha256 } = await digestFile(path);
  if (wanted !== undefined && sha256 !== wanted) {
    throw new CoachbuilderError('hash-mismatch', `${shown} is not the file that was asked for`, {
      hint: 'find out who changed the file; if the change is right, give its new sha256',
      details: [`expected sha256 ${wanted}`, `got sha256      ${sha256}`],
    });
  }
  const target = join(cachePlace(sha256, ports), await fileName(shown, path));
  await keep(path, target);
  if (wanted === undefined) {
    ports.reporter.report({
      type: 'warning',
      message: `${shown} is not pinned: another file may be there next time`,
      hint: `add #sha256=${sha256} to the address`,
    });
  }
  return { path: target, sha256, url: shown };
}
