import { chmod, copyFile, mkdir, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../system/files.ts';
import { enterRoot } from '../system/tools/unshare.ts';
import { findBelow, findExisting } from './root-files.ts';
import { insideEnvironment, unprivilegedUser, type Root, type RootPorts } from './root.ts';

const certificates = '/etc/ssl/certs/ca-certificates.crt';

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (facts) => facts.isFile(),
    () => false,
  );
}

/** Lets programs inside use the network as this machine does. Links are replaced, not followed: they lead outside. */
async function shareNetwork(root: string): Promise<void> {
  for (const path of ['/etc/resolv.conf', '/etc/hosts']) {
    if (!(await isFile(path))) continue;
    await rm(join(root, path), { force: true });
    await copyFile(path, join(root, path));
  }
  // Where this machine trusts a proxy's own authority, a root has to as well.
  if (!(await isFile(certificates)) || !(await isFile(join(root, certificates)))) return;
  await rm(join(root, certificates));
  await copyFile(certificates, join(root, certificates));
}

/** Unpacks a tarball as an operating system that can be entered. */
async function unpack(archive: string, path: string, ports: RootPorts): Promise<void> {
  const env = ports.environments.base;
  // Devices are those of this machine. GNU tar finds the compression out by itself; archives of `docker export` have
  // no leading dot.
  const filter = ['--anchored', '--exclude=./dev/*', '--exclude=dev/*'];
  const args = ['--extract', '--numeric-owner', '--directory', path, ...filter, '--file', archive];
  await ports.commands.run({ tool: 'tar', args, cwd: '/', env });
  // A temporary directory is the caller's alone; the top of a root is everybody's.
  await chmod(path, 0o755);
  const names = await readdir(path);
  if (!['bin', 'etc', 'usr'].every((name) => names.includes(name))) {
    throw new CoachbuilderError('root-unusable', `${archive} holds no operating system`, {
      details: [`at its top are: ${names.sort().join(', ')}`],
      hint: 'give a tarball of a whole root, such as mmdebstrap, docker export or podman export make',
    });
  }
  for (const name of ['dev', 'proc', 'sys', 'tmp']) await mkdir(join(path, name), { recursive: true });
  await shareNetwork(path);
  // invoke-rc.d(8): nothing that a package's script starts may start here, where no init looks after it.
  if (await stat(join(path, 'usr/sbin')).catch(() => undefined)) {
    await writeFile(join(path, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  }
}

function makeRoot(title: string, directory: TemporaryDirectory, path: string, ports: RootPorts): Root {
  const run: Root['run'] = (argv, options = {}) => {
    const env = insideEnvironment(ports.environments.network, options);
    const user = options.unprivileged === true ? { user: unprivilegedUser } : {};
    return ports.commands.tryRun({
      ...enterRoot(path, argv, { env, ...user }),
      cwd: '/',
      env: ports.environments.base,
      ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    });
  };
  return {
    title,
    withoutInit: 'no init runs in a root that is only entered; a container of an image with systemd has one',
    run,
    async copyIn(sources, target) {
      await ports.commands.run({
        ...enterRoot(path, ['mkdir', '-p', target], { env: insideEnvironment({}, {}) }),
        cwd: '/',
        env: ports.environments.base,
      });
      for (const source of sources) await copyFile(source, join(path, target, basename(source)));
      return sources.map((source) => join(target, basename(source)));
    },
    existing: (paths) => findExisting({ run, title }, paths),
    filesBelow: (below) => findBelow({ run, title }, below),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/**
 * Unpacks a tarball and makes a root of it, which is entered with chroot(1) in a mount and process namespace of its own.
 * @param archive absolute path of a tarball of an operating system, compressed or not
 * @throws CoachbuilderError `root-unusable` without the rights of root, or for a tarball that is none
 */
export async function openChrootRoot(archive: string, ports: RootPorts): Promise<Root> {
  const title = `the root ${basename(archive)}`;
  if (!ports.isRoot) {
    throw new CoachbuilderError('root-unusable', `${title} can be entered by root only`, {
      hint: 'run the same command as root, or name an image with --image to use a container',
    });
  }
  const directory = await temporaryDirectory(ports.runDirectory, 'root');
  try {
    const path = await realpath(directory.path);
    await unpack(archive, path, ports);
    return makeRoot(title, directory, path, ports);
  } catch (error) {
    await directory[Symbol.asyncDispose]();
    throw error;
  }
}
