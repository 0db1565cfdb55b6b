import { createHash } from 'node:crypto';
import { chmod, lutimes, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { DebCompression } from '../../distributions/distribution.ts';
import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import { versionRelease } from '../../model/package-version.ts';
import type { PackageDefinition } from '../../packages/definition.ts';
import { formatPackageName } from '../../packages/names.ts';
import { planScripts } from '../../packages/scripts.ts';
import { checkStage } from '../../packages/stage.ts';
import { mapConcurrently } from '../../system/files.ts';
import { debBuildCommand, type DebBuild } from '../../system/tools/dpkg-deb.ts';
import { publishArtifact, runWriter } from '../artifact.ts';
import type { Packager, PackagerPorts, RenderedFile } from '../packager.ts';
import { renderSteps } from '../shell.ts';
import { renderTemplate } from '../templates.ts';
import { renderConffiles, renderControl } from './control.ts';

/** Files that are read at once for their sums. */
const concurrency = 8;

function renderScripts(definition: PackageDefinition): readonly RenderedFile[] {
  return planScripts(definition).map(({ name, branches }) => ({
    name,
    text: renderTemplate(
      'spec-templates/deb/maintainer-script.ejs',
      { branches: branches.map(({ states, steps }) => ({ states, body: renderSteps(steps, '    ') })) },
      (text) => text,
    ),
    mode: 0o755,
  }));
}

function render(definition: PackageDefinition): readonly RenderedFile[] {
  const conffiles = renderConffiles(definition);
  return [
    { name: 'control', text: renderControl(definition), mode: 0o644 },
    ...(conffiles === '' ? [] : [{ name: 'conffiles', text: conffiles, mode: 0o644 }]),
    ...renderScripts(definition),
  ];
}

/**
 * `DEBIAN/md5sums` as dh_md5sums makes it: regular files but conffiles, which dpkg records itself; sorted by bytes,
 * paths without a leading slash.
 */
async function md5sums(definition: PackageDefinition, root: string): Promise<string> {
  const files = definition.contents.filter((entry) => entry.kind === 'file' && !entry.configuration);
  const lines = await mapConcurrently(files, concurrency, async ({ path }) => {
    const sum = createHash('md5')
      .update(await readFile(join(root, path)))
      .digest('hex');
    return `${sum}  ${path.slice(1)}\n`;
  });
  return lines.join('');
}

async function writeControlFile(directory: string, { name, text, mode }: RenderedFile): Promise<void> {
  const path = join(directory, name);
  await writeFile(path, text);
  await chmod(path, mode);
}

/** A dpkg-deb of the host that is too old for a compressor says this. */
const unknownCompressor = /unknown compression type/;

async function runBuild(
  { build, output }: { readonly build: Omit<DebBuild, 'compression'>; readonly output: string },
  compressors: readonly DebCompression[],
  ports: PackagerPorts,
): Promise<void> {
  const [first, ...others] = compressors;
  if (first === undefined) throw new Error('Internal error: a distribution whose dpkg reads no compressor');
  try {
    await runWriter(ports.commands, debBuildCommand({ ...build, compression: first }), output);
  } catch (error) {
    const unknown = error instanceof CoachbuilderError && error.details.some((line) => unknownCompressor.test(line));
    if (!unknown || others.length === 0) throw error;
    await runBuild({ build, output }, others, ports);
  }
}

/** Debian packages: dpkg-deb makes them of the staging root, to which `DEBIAN` is added for as long as it runs. */
export const debPackager: Packager = {
  format: 'deb',

  fileName: (name, version, architecture) =>
    `${formatPackageName('deb', name)}_${versionRelease(version)}_${architecture}.deb`,

  render,

  async build(definition, root, output, _scratch, ports) {
    const { distribution } = definition;
    if (distribution.format !== 'deb') throw new Error(`Internal error: ${distribution.id} has no Debian packages`);
    const control = join(root, 'DEBIAN');
    await checkStage(definition, root);
    return publishArtifact(definition, output, async (temporary) => {
      try {
        await mkdir(control);
        await chmod(control, 0o755);
        for (const file of render(definition)) await writeControlFile(control, file);
        const sums = await md5sums(definition, root);
        if (sums !== '') await writeControlFile(control, { name: 'md5sums', text: sums, mode: 0o644 });
        await lutimes(root, definition.epoch, definition.epoch);
        const build = {
          root,
          output: temporary,
          uniform: distribution.deb.uniformCompression,
          epoch: definition.epoch,
          env: ports.environments.base,
        };
        await runBuild({ build, output }, distribution.deb.compression, ports);
      } finally {
        await rm(control, { recursive: true, force: true });
      }
    });
  },
};
