import type { CommandSpec } from '../command.ts';

/**
 * `createrepo_c`: writes repodata/{primary,filelists,other}.xml.gz of the packages in a directory; createrepo_c(8).
 * A package that it cannot read is left out, with a warning and status 0 (0.17.3) or with status 2 (1.2): the caller has
 * to count.
 * gzip whatever the version: from 1.0 on the default is zstd, which yum 3 (EL 7, Amazon Linux 2) cannot read.
 * @param directory absolute; HOME, too, so that a user's own rpm macros do not take part
 */
export function createrepoCommand(directory: string, env: Readonly<Record<string, string>>): CommandSpec {
  return {
    tool: 'createrepo_c',
    args: [
      '--quiet',
      '--no-database',
      '--general-compress-type=gz',
      '--checksum=sha256',
      '--simple-md-filenames',
      directory,
    ],
    cwd: directory,
    env: { ...env, HOME: directory },
  };
}
