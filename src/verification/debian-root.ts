import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { temporaryName } from '../system/files.ts';
import { aptConfiguration, aptNetworkOptions, makeDebianRoot } from '../system/tools/mmdebstrap.ts';
import type { RootPorts } from './root.ts';

/** Package lists that are older than this may name files that the archive no longer has. Milliseconds. */
const oldestArchive = 3 * 24 * 60 * 60 * 1000;

/**
 * A tarball of a release of Debian, from the archive that this machine uses; made when there is none in the cache, or
 * an old one.
 * @param suite code name, such as `bookworm`
 * @returns its absolute path
 * @throws CoachbuilderError `command-failed` with mmdebstrap's last lines
 */
export async function debianArchive(suite: string, ports: RootPorts): Promise<string> {
  const directory = join(ports.cacheDirectory, 'roots');
  const archive = join(directory, `${suite}.tar.zst`);
  const age = await stat(archive).then(
    (facts) => Date.now() - facts.mtimeMs,
    () => Infinity,
  );
  if (age < oldestArchive) return archive;
  await mkdir(directory, { recursive: true });
  // mmdebstrap chooses the compression by the end of the name.
  const temporary = `${temporaryName(archive)}.tar.zst`;
  const env = ports.environments.network;
  try {
    const configuration = await ports.commands.run({ ...aptConfiguration(), cwd: '/', env });
    const aptOptions = aptNetworkOptions(configuration.stdout);
    const request = { suite, packages: ['ca-certificates'], aptOptions, output: temporary };
    await ports.commands.run({ ...makeDebianRoot(request), cwd: '/', env });
    await rename(temporary, archive);
  } finally {
    await rm(temporary, { force: true });
  }
  return archive;
}
