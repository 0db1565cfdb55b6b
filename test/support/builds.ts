import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Distribution } from '../../src/distributions/distribution.ts';
import { builtInDistributions } from '../../src/distributions/table.ts';
import type { LintMode } from '../../src/lint/mode.ts';
import { mustRun } from './machine.ts';

const repository = join(import.meta.dirname, '../..');

/** One element of what `build-package --json` prints. */
export interface BuiltPackage {
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly architecture: string;
  readonly format: string;
  readonly size: number;
  readonly sha256: string;
  readonly sbom?: readonly string[];
  readonly rpmlintrc?: string;
  readonly provenance?: string;
}

export interface BuildRequest {
  /** What is packaged: the last argument. */
  readonly uri: string;
  readonly distributions: readonly string[];
  /** Directory where the packages are written. */
  readonly destination: string;
  /** `--lint`: off unless linting is what the test is about, because it takes seconds. */
  readonly lint?: LintMode;
  /** Where the command runs; by default the directory that `uri` names. */
  readonly cwd?: string;
  /** Further words of the command line. */
  readonly options?: readonly string[];
}

/** A distribution that we know, by its id. */
export function distributionOf(id: string): Distribution {
  const distribution = builtInDistributions().get(id);
  if (distribution === undefined) throw new Error(`the table has no distribution ${id}`);
  return distribution;
}

/** Runs our own command as a person does; it has to succeed. Returns what it printed. */
export async function buildPackages(request: BuildRequest): Promise<readonly BuiltPackage[]> {
  const { stdout } = await mustRun(
    [
      join(repository, 'admin/build-package'),
      `--distribution=${request.distributions.join(',')}`,
      '--json',
      '--progress=plain',
      `--lint=${request.lint ?? 'off'}`,
      ...(request.options ?? []),
      `--destination-path=${request.destination}`,
      request.uri,
    ],
    { cwd: request.cwd ?? request.uri },
  );
  return JSON.parse(stdout) as readonly BuiltPackage[];
}

/** The packages among `built` that are for one distribution: their releases end in its tag. */
export function packagesFor(built: readonly BuiltPackage[], id: string): readonly BuiltPackage[] {
  const { tag, format } = distributionOf(id);
  return built.filter((each) => each.format === format && each.release.endsWith(tag));
}

/** The paths of the named packages, in the order of the names. */
export function pathsOf(built: readonly BuiltPackage[], ...names: readonly string[]): readonly string[] {
  return names.map((name) => {
    const found = built.filter((each) => each.name === name);
    const [only] = found;
    if (only === undefined || found.length > 1) {
      throw new Error(
        `${name} was built ${String(found.length)} times; built were ${built.map((each) => each.path).join(', ')}`,
      );
    }
    return only.path;
  });
}

export interface Workspace extends AsyncDisposable {
  readonly path: string;
  /** A new directory in it. */
  directory(name: string): Promise<string>;
}

/** A directory for one test file, outside of the checkout. */
export async function workspace(): Promise<Workspace> {
  const path = await mkdtemp(join(tmpdir(), 'coachbuilder-acceptance-'));
  return {
    path,
    async directory(name) {
      const directory = join(path, name);
      await mkdir(directory, { recursive: true });
      return directory;
    },
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
    },
  };
}

async function edit(path: string, before: string, after: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  if (!text.includes(before)) throw new Error(`${path} has no ${JSON.stringify(before)}`);
  await writeFile(path, text.replace(before, after));
}

/** The versions of the example application that the tests install, the second over the first. */
export const fleetVersions = {
  first: { fleet: '1.0.0', attrs: '22.1.0' },
  second: { fleet: '1.1.0', attrs: '22.2.0' },
} as const;

/**
 * A copy of the example application and its manifest, so that nothing is written into the checkout.
 * @param directory where it goes
 * @param changes `second` makes it the next version, with another version of a dependency and a module less;
 *   `manifest` is appended to the manifest
 */
export async function fleetCheckout(
  directory: string,
  changes: { readonly second?: boolean; readonly manifest?: string } = {},
): Promise<string> {
  await cp(join(repository, 'coachbuilder.yaml'), join(directory, 'coachbuilder.yaml'));
  await cp(join(repository, 'examples/fleet'), join(directory, 'examples/fleet'), {
    recursive: true,
    filter: (source) => !/\/(?:build|__pycache__|[^/]*\.egg-info)$/.test(source),
  });
  if (changes.manifest !== undefined)
    await edit(join(directory, 'coachbuilder.yaml'), '\npackages:\n', `\n${changes.manifest}\npackages:\n`);
  const sources = join(directory, 'examples/fleet');
  const { first, second } = fleetVersions;
  if (changes.second === true) {
    await edit(join(sources, 'fleet/__init__.py'), `"${first.fleet}"`, `"${second.fleet}"`);
    await edit(join(sources, 'setup.cfg'), `attrs==${first.attrs}\n`, `attrs==${second.attrs}\n`);
  } else {
    // Something that the next version no longer has.
    await writeFile(join(sources, 'fleet/retired.py'), '"""Gone in the next version."""\n');
  }
  return directory;
}
