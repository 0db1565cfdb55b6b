import { lutimes, mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import type { RpmDistribution } from '../../distributions/distribution.ts';
import { versionRelease } from '../../model/package-version.ts';
import type { PackageDefinition } from '../../packages/definition.ts';
import { formatPackageName } from '../../packages/names.ts';
import { checkStage } from '../../packages/stage.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../system/files.ts';
import { compileMagicCommand, rpmBuildCommand, rpmQueryCommand } from '../../system/tools/rpmbuild.ts';
import { proveSpaceLeft, publishArtifact, runWriter } from '../artifact.ts';
import type { Packager } from '../packager.ts';
import { readTemplate } from '../templates.ts';
import { renderSpec } from './spec.ts';
import { checkPackage, verificationFormat } from './verification.ts';

function rpmDistribution({ distribution }: PackageDefinition): RpmDistribution {
  if (distribution.format !== 'rpm') throw new Error(`Internal error: ${distribution.id} has no RPM packages`);
  return distribution;
}

/**
 * A directory by a name without characters that are more than letters to rpmbuild: it puts the staging root before every
 * pattern of `%files`, and rpm 4.20 runs scripts in `_tmppath` by an unquoted name. Where the name is another, it is a
 * link that is removed on disposal.
 */
async function plainPath(target: string, env: Readonly<Record<string, string>>): Promise<TemporaryDirectory> {
  if (/^[\w/.+-]+$/.test(target)) return { path: target, [Symbol.asyncDispose]: () => Promise.resolve() };
  const directory = await temporaryDirectory(env['TMPDIR'] ?? '/tmp', 'coachbuilder-root');
  const path = join(directory.path, 'root');
  await symlink(target, path);
  return { path, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
}

/** RPM packages: rpmbuild packs the staging root as it stands. */
export const rpmPackager: Packager = {
  format: 'rpm',

  fileName: (name, version, architecture) =>
    `${formatPackageName('rpm', name)}-${versionRelease(version)}.${architecture}.rpm`,

  render: (definition) => [
    { name: 'package.spec', text: renderSpec(definition, rpmDistribution(definition)), mode: 0o644 },
  ],

  async build(definition, root, output, scratch, ports) {
    const distribution = rpmDistribution(definition);
    const env = ports.environments.base;
    await checkStage(definition, root);
    return publishArtifact(definition, output, async (temporary) => {
      const spec = join(scratch, 'package.spec');
      await writeFile(spec, renderSpec(definition, distribution));
      // rpmbuild classifies every file twice with libmagic; all that it needs to know is what is ELF.
      const magic = join(scratch, 'elf.magic');
      await writeFile(magic, readTemplate('spec-templates/rpm/elf.magic'));
      await ports.commands.run(compileMagicCommand(magic, scratch, env));
      await mkdir(join(scratch, 'BUILD'), { recursive: true });
      await lutimes(root, definition.epoch, definition.epoch);
      await using plainRoot = await plainPath(root, env);
      await using plainScratch = await plainPath(scratch, env);
      const build = rpmBuildCommand({
        spec,
        root: plainRoot.path,
        outputDirectory: dirname(temporary),
        outputName: basename(temporary),
        architecture: definition.architecture,
        scratch: plainScratch.path,
        magic: `${magic}.mgc`,
        epoch: definition.epoch,
        env,
      });
      await runWriter(ports.commands, build, output);
      await proveSpaceLeft(temporary, output);
      const query = rpmQueryCommand(temporary, verificationFormat, { scratch, env });
      const { stdout } = await ports.commands.run(query);
      checkPackage(definition, distribution, stdout);
    });
  },
};
