import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { PackageFile } from '../../src/repository/index-format.ts';
import { mustRun } from './machine.ts';

/** A tiny rpm to be: everything but its name and version has a default. */
export interface RpmRequest {
  readonly name: string;
  /** Of the upstream part. */
  readonly version: string;
  readonly release?: string;
  readonly epoch?: number;
  readonly architecture?: string;
  /** Further lines of the preamble: `Requires: …`. */
  readonly preamble?: readonly string[];
  readonly description?: string;
  /** Absolute paths in the package, with the text in them. */
  readonly files?: Readonly<Record<string, string>>;
  /** Further lines of `%files`. */
  readonly filesLines?: readonly string[];
  /** Lines of the `%changelog`. */
  readonly changelog?: readonly string[];
}

function specOf(request: RpmRequest): string {
  const { name, version, release = '1', epoch, architecture = 'noarch', files = {} } = request;
  return [
    `Name: ${name}`,
    ...(epoch === undefined ? [] : [`Epoch: ${String(epoch)}`]),
    `Version: ${version}`,
    `Release: ${release}`,
    `Summary: ${name} for tests`,
    'License: MIT',
    'AutoReqProv: no',
    ...(architecture === 'noarch' ? ['BuildArch: noarch'] : []),
    ...(request.preamble ?? []),
    '%description',
    request.description ?? 'For tests.',
    '%install',
    'mkdir -p %{buildroot}',
    ...Object.entries(files).map(
      ([path, text]) => `mkdir -p "$(dirname '%{buildroot}${path}')"; printf '%s' '${text}' > '%{buildroot}${path}'`,
    ),
    '%files',
    ...Object.keys(files).map((path) => `"${path}"`),
    ...(request.filesLines ?? []),
    ...(request.changelog === undefined ? [] : ['%changelog', ...request.changelog]),
    '',
  ].join('\n');
}

/** What is known of a package file before it is published. */
export async function packageFileOf(path: string, request: RpmRequest): Promise<PackageFile> {
  const bytes = await readFile(path);
  const { name, version, release = '1', epoch = 0, architecture = 'noarch' } = request;
  return {
    path,
    format: 'rpm',
    name,
    version: `${epoch === 0 ? '' : `${String(epoch)}:`}${version}-${release}`,
    architecture,
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

/** Builds a tiny rpm in a directory, under the name that rpm gives it; needs `rpmbuild`. */
export async function makeRpm(directory: string, request: RpmRequest): Promise<PackageFile> {
  const work = await mkdtemp(join(tmpdir(), 'cb-rpm-'));
  try {
    const spec = join(work, 'package.spec');
    await writeFile(spec, specOf(request));
    const output = join(work, 'output');
    const definitions = [`_topdir ${work}`, `_rpmdir ${output}`, `_dbpath ${work}/db`, '_build_id_links none'];
    const { architecture = 'noarch' } = request;
    await mustRun(
      [
        'rpmbuild',
        '-bb',
        '--quiet',
        ...definitions.flatMap((definition) => ['--define', definition]),
        '--target',
        architecture,
        spec,
      ],
      { env: { HOME: work, SOURCE_DATE_EPOCH: '1750000000' } },
    );
    const folder = join(output, architecture);
    const [name = ''] = await readdir(folder);
    const path = join(directory, name);
    await rename(join(folder, name), path);
    return await packageFileOf(path, request);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
