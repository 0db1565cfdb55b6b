import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { builtInDistributions } from '../../src/distributions/table.ts';
import { buildPackages, type BuiltPackage } from '../support/builds.ts';
import { mustRun, requireTools, run } from '../support/machine.ts';

/** The Debian of this machine, as /etc/os-release names it: dpkg-shlibdeps answers for nothing else. */
function hostDistribution(): string | undefined {
  if (!existsSync('/etc/os-release')) return undefined;
  const text = readFileSync('/etc/os-release', 'utf8');
  const field = (name: string): string => new RegExp(`^${name}="?([^"\\n]*)`, 'm').exec(text)?.[1] ?? '';
  const id = `${field('ID')}-${field('VERSION_ID')}`;
  return builtInDistributions().get(id)?.format === 'deb' ? id : undefined;
}

const host = hostDistribution();
const elfdeps = '/usr/lib/rpm/elfdeps';
const why =
  process.arch !== 'x64'
    ? ' (skipped: the packages are for x86_64)'
    : host === undefined
      ? ' (skipped: this machine is no Debian or Ubuntu that the table has)'
      : '';

const project = `[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "oracle"
version = "1.0"
description = "Numbers"
license = {text = "MIT"}
authors = [{name = "Acme", email = "acme@example.com"}]
dependencies = ["numpy", "pandas", "cryptography"]
[tool.setuptools]
py-modules = ["oracle"]
`;

/** Of real wheels from the index: 70 ELF files, with libraries that auditwheel put beside numpy. */
describe.skipIf(why !== '')(`numpy, pandas and cryptography${why}`, () => {
  let directory: string;
  let built: readonly BuiltPackage[];

  beforeAll(async () => {
    await requireTools('dpkg-deb', 'dpkg-shlibdeps', 'rpm', 'rpmbuild', 'rpm2cpio', 'cpio');
    directory = mkdtempSync(join(tmpdir(), 'coachbuilder-oracles-'));
    const source = join(directory, 'source');
    await mkdir(source);
    await writeFile(join(source, 'pyproject.toml'), project);
    await writeFile(join(source, 'oracle.py'), '');
    const destination = join(directory, 'built');
    built = await buildPackages({ uri: source, distributions: [host ?? '', 'rocky-9'], destination });
  }, 600_000);

  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  function packageOf(format: string): string {
    const found = built.find((each) => each.format === format);
    if (found === undefined) throw new Error(`no ${format} was built`);
    return found.path;
  }

  async function unpack(format: 'deb' | 'rpm'): Promise<{ readonly root: string; readonly files: readonly string[] }> {
    const root = join(directory, format);
    await mkdir(root);
    const path = packageOf(format);
    if (format === 'deb') await mustRun(['dpkg-deb', '--extract', path, root]);
    else
      await mustRun(['sh', '-c', 'rpm2cpio "$1" | cpio --extract --make-directories --quiet', 'sh', path], {
        cwd: root,
      });
    const names = await readdir(root, { recursive: true });
    return { root, files: names.filter((name) => /\.so(?:\.|$)/.test(name)).sort() };
  }

  it("need what rpm's elfdeps says, but for what the package brings itself", async () => {
    const { root, files } = await unpack('rpm');
    expect(files.length).toBeGreaterThan(50);
    const options = { cwd: root, input: `${files.join('\n')}\n` };
    const oracle = new Set((await mustRun([elfdeps, '--requires'], options)).stdout.trim().split('\n'));
    const { stdout } = await mustRun(['rpm', '-qp', '--requires', packageOf('rpm')]);
    const ours = new Set(stdout.split('\n').filter((name) => /\.so|^rtld/.test(name)));
    expect([...ours].filter((name) => !oracle.has(name))).toEqual([]);
    // auditwheel gives a library that it bundles a name with a digest; each of these lies in numpy.libs.
    const more = [...oracle].filter((name) => !ours.has(name));
    const names = [...new Set(more.map((name) => name.replace(/\(.*$/, '')))];
    expect(names.length).toBeGreaterThan(0);
    for (const name of names)
      expect(
        files.some((file) => file.endsWith(`/numpy.libs/${name}`)),
        name,
      ).toBe(true);
    // What elfdeps would have the package provide to others: nothing of it.
    const provides = await mustRun(['rpm', '-qp', '--provides', packageOf('rpm')]);
    expect(provides.stdout).not.toMatch(/\.so/);
  });

  it('need what dpkg-shlibdeps says', async () => {
    const { root, files } = await unpack('deb');
    await mkdir(join(root, 'debian'));
    await writeFile(join(root, 'debian/control'), 'Source: oracle\n\nPackage: oracle\nArchitecture: any\n');
    // It has to be led to the bundled libraries by hand.
    const bundled = [...new Set(files.map((file) => file.replace(/\/[^/]*$/, '')))].filter((path) =>
      path.endsWith('.libs'),
    );
    const args = ['-O', '--ignore-missing-info', ...bundled.map((path) => `-l${path}`), ...files];
    const { stdout } = await mustRun(['dpkg-shlibdeps', ...args], { cwd: root });
    const oracle = relations(stdout.replace(/^shlibs:Depends=/, ''));
    const { stdout: depends } = await mustRun(['dpkg-deb', '--field', packageOf('deb'), 'Depends']);
    const ours = relations(depends);
    ours.delete([...ours.keys()].find((name) => name.startsWith('python')) ?? '');
    expect([...ours.keys()].sort()).toEqual([...oracle.keys()].sort());
    // Debian asks for more where it changed what a symbol does behind its version, or built a snapshot: never for less.
    for (const [name, version] of ours) {
      const least = oracle.get(name) ?? '';
      const { exitCode } = await run(['dpkg', '--compare-versions', version, 'le', least]);
      expect(exitCode, `${name} (>= ${version}) and ${least}`).toBe(0);
    }
  });
});

/** Versions by package, of `a (>= 1), b`. */
function relations(text: string): Map<string, string> {
  return new Map(
    text
      .trim()
      .split(/,\s*/)
      .map((one) => /^(?<name>\S+)(?: \(>= (?<version>[^)]*)\))?$/.exec(one)?.groups)
      .map((groups) => [groups?.['name'] ?? '', groups?.['version'] ?? '']),
  );
}
