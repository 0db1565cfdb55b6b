import { chmod, copyFile, lstat, open, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

import type { Distribution } from '../../distributions/distribution.ts';
import type { ReleaseSettings } from '../../manifest/manifest.ts';
import { independentArchitecture } from '../../model/format.ts';
import { formatPackageName } from '../../packages/names.ts';
import type { OwnRelease, PlannedRelease } from '../../plan/build-plan.ts';
import { debBuildCommand } from '../../system/tools/dpkg-deb.ts';
import { specBuildCommand } from '../../system/tools/rpmbuild.ts';
import { proveSpaceLeft, publishArtifact } from '../artifact.ts';
import type { PackageArtifact, PackagerPorts } from '../packager.ts';
import { openWorkshop, runOn, specBuild, type Workshop } from './own-release.ts';
import { releaseDate } from './package.ts';

/** Whether a file begins as a script does. */
async function isScript(path: string): Promise<boolean> {
  await using file = await open(path);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
  return bytesRead === 2 && buffer.toString('latin1') === '#!';
}

/**
 * Gives a tree the modes of a package. Those of a checkout depend on the umask of who made it, and a key that only root
 * may read stops apt with words that do not tell (its methods run as _apt).
 */
async function settleModes(tree: string): Promise<void> {
  await chmod(tree, 0o755);
  for (const name of await readdir(tree, { recursive: true })) {
    const path = join(tree, name);
    const facts = await lstat(path);
    if (facts.isSymbolicLink()) continue;
    const isControl = relative(join(tree, 'DEBIAN'), path).split('/')[0] !== '..';
    const executable = facts.isDirectory() || (isControl ? await isScript(path) : (facts.mode & 0o100) !== 0);
    await chmod(path, executable ? 0o755 : 0o644);
  }
}

async function buildInto(
  output: string,
  { own, distribution, workshop, ports }: Order & { readonly workshop: Workshop },
): Promise<void> {
  if (own.kind === 'tree') {
    await settleModes(workshop.copy);
    const env = ports.environments.base;
    // Every dpkg reads gzip, so that the package is the same for all releases of a vendor.
    const build = { root: workshop.copy, output, compression: 'gzip', uniform: true, epoch: releaseDate, env } as const;
    await runOn(own, debBuildCommand(build), { workshop, ports });
    return;
  }
  const build = specBuild(own, distribution, { workshop, ports });
  const rpms = join(workshop.path, 'RPMS');
  const macros = { ...build.macros, _rpmdir: rpms, _rpmfilename: 'package.rpm' };
  await runOn(own, specBuildCommand({ ...build, macros }), { workshop, ports });
  await proveSpaceLeft(join(rpms, 'package.rpm'), output);
  await copyFile(join(rpms, 'package.rpm'), output);
}

interface Order {
  readonly own: OwnRelease;
  readonly distribution: Distribution;
  readonly ports: PackagerPorts;
}

/**
 * Builds a release package of the project's own as it is: nothing is added to it, and it is not linted.
 * @param output absolute path of the package; it appears whole or not at all
 * @throws CoachbuilderError `command-failed` with the words of rpmbuild or dpkg-deb, `disk-full`, `output-unwritable`
 */
export async function buildOwnRelease(
  planned: Pick<PlannedRelease, 'version'>,
  release: Pick<ReleaseSettings, 'packageName'>,
  { output, ...order }: Order & { readonly output: string },
): Promise<PackageArtifact> {
  const { distribution, own, ports } = order;
  const { format } = distribution;
  const facts = {
    name: formatPackageName(format, release.packageName),
    version: planned.version,
    architecture: independentArchitecture(format),
    distribution,
  };
  await using workshop = await openWorkshop(own, ports);
  return await publishArtifact(facts, output, (temporary) => buildInto(temporary, { ...order, workshop }));
}
