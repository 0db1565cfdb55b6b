import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { listing, openCommandLine, type CommandLine } from '../support/command-line.ts';
import type { Outcome } from '../support/machine.ts';
import { makeSdist, makeWheel } from '../support/wheels.ts';

const manifest = ['name: steady', 'package-prefix: acme', 'maintainer: Acme <acme@example.com>', ''].join('\n');

/** A build backend that writes a module `stamp.py` with the value of an expression. */
function stamping(expression: string): string {
  return [
    'import base64, hashlib, os, time, zipfile',
    'FILES = {',
    '    "steady.py": "def main():\\n    print(1)\\n",',
    '    "steady-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: steady\\nVersion: 1.0\\n",',
    '    "steady-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",',
    '}',
    'def digest(text):',
    '    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()',
    'def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):',
    `    value = ${expression}`,
    '    files = dict(FILES, **{"stamp.py": "NAME = 1\\nVALUE = %r\\n" % (value,)})',
    '    rows = ["%s,sha256=%s,%d\\n" % (name, digest(text), len(text)) for name, text in files.items()]',
    '    record = "steady-1.0.dist-info/RECORD"',
    '    files[record] = "".join(rows) + record + ",,\\n"',
    '    name = "steady-1.0-py3-none-any.whl"',
    '    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as wheel:',
    '        for path, text in files.items():',
    '            wheel.writestr(zipfile.ZipInfo(path, (2024, 1, 2, 3, 4, 6)), text)',
    '    return name',
    '',
  ].join('\n');
}

let line: CommandLine;

function project(backend?: string): string {
  const options = {
    name: 'steady',
    version: '1.0',
    scripts: { steady: 'steady:main' },
    files: { 'steady.py': 'def main():\n    print("steady")\n' },
    requires: ['leaf'],
    ...(backend === undefined ? {} : { backend }),
  };
  return line.project(options, { 'coachbuilder.yaml': manifest });
}

beforeAll(async () => {
  line = await openCommandLine();
  makeWheel(line.indexFiles, {
    name: 'leaf',
    version: '1.0',
    files: { 'leaf/__init__.py': '', 'leaf/blätter.txt': '' },
  });
  return async () => line[Symbol.asyncDispose]();
});

/** A digest, since a path of the build machine in a package is refused by itself. */
function digested(expression: string): string {
  return `hashlib.sha256(str(${expression}).encode()).hexdigest()[:16]`;
}

async function check(distributions: string, uri: string): Promise<Outcome & { readonly destination: string }> {
  const destination = line.newDirectory('packages');
  const words = [`--distribution=${distributions}`, '--check-reproducible', '--progress=plain', '-d', destination, uri];
  return { ...(await line.run(words)), destination };
}

describe('build-package --check-reproducible', () => {
  it('passes when a second build makes the same packages, names beyond ASCII among them', async () => {
    const { exitCode, stdout, stderr, destination } = await check('debian-12,rocky-9', project());
    expect(stderr).toMatch(/^reproduce: 2 targets built again, /m);
    expect(stderr).toMatch(/^debian-12: reproduce: 2 packages the same, byte for byte, /m);
    expect(stderr).toMatch(/^rocky-9: reproduce: 2 packages the same, byte for byte, /m);
    expect(stderr).toMatch(/^debian-12 .* reproducible$/m);
    expect(exitCode).toBe(0);
    const paths = stdout.trimEnd().split('\n');
    expect(paths.map((path) => basename(path)).sort()).toEqual(listing(destination));
    // Of the second build nothing is left.
    expect(listing(line.cache).filter((path) => path.includes('second-build'))).toEqual([]);
  });

  it.each([
    ['debian-12', 'deb'],
    ['rocky-9', 'rpm'],
  ])('names the file of a package for %s in which a random number is', async (distribution, format) => {
    const { exitCode, stdout, stderr, destination } = await check(
      distribution,
      project(stamping('os.urandom(8).hex()')),
    );
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      `error[not-reproducible]: a second build of ${distribution} made other packages: acme-python-steady`,
    );
    expect(stderr).toMatch(
      /acme-python-steady\S*: data \/\S+\/stamp\.py: the content differs at byte \d+, line 2: "VALUE = '[0-9a-f]{16}'" and then "VALUE = '/,
    );
    // The first packages are delivered, and named; the others are kept for a look at them.
    const [delivered = ''] = stdout.trimEnd().split('\n');
    expect(listing(destination)).toEqual([basename(delivered)]);
    const kept = /second build's packages are kept in (?<path>.+)/.exec(stderr)?.groups?.['path'] ?? '';
    expect(listing(kept)).toEqual([basename(delivered)]);
    expect(delivered.endsWith(format)).toBe(true);
    expect(readFileSync(join(kept, basename(delivered))).equals(readFileSync(delivered))).toBe(false);
  });

  it('lists every target of which a package differs, and resumes with a comparison', async () => {
    const uri = project(stamping('os.urandom(8).hex()'));
    const first = await check('debian-12,rocky-9', uri);
    expect(first.stderr).toMatch(/^debian-12 .* not reproducible$/m);
    expect(first.stderr).toMatch(/^rocky-9: .*a second build of rocky-9 made other packages: /m);
    expect(first.stderr).toContain('error[targets-failed]: 2 of 2 targets failed: debian-12, rocky-9');
    expect(first.stdout.trimEnd().split('\n')).toHaveLength(2);
    expect(first.exitCode).toBe(1);
    const steady = project();
    const built = await line.run(['--distribution=debian-12', '-q', '-d', first.destination, steady, '--force']);
    expect(built.exitCode).toBe(0);
    const words = ['--distribution=debian-12', '--resume', '--check-reproducible', '-d', first.destination, steady];
    const resumed = await line.run(words);
    expect(resumed.stderr).toMatch(/^debian-12: reproduce: 2 packages the same, byte for byte, /m);
    expect(resumed.exitCode).toBe(0);
  });

  it('compares bills and provenance as well, and passes when they are the same', async () => {
    const words = [
      '--sbom=all',
      '--provenance',
      '--check-reproducible',
      '--progress=plain',
      '--distribution=debian-12',
    ];
    const destination = line.newDirectory('described');
    const { exitCode, stderr } = await line.run([...words, '-d', destination, project()]);
    expect(stderr).toMatch(/^debian-12: reproduce: 2 packages the same, byte for byte, /m);
    expect(exitCode).toBe(0);
    expect(listing(destination).filter((name) => name.endsWith('.json'))).toHaveLength(3);
  });

  it('builds what comes from a source distribution again only when it is told to', async () => {
    makeSdist(line.indexFiles, {
      ...{ name: 'grown', version: '1.0', backend: stamping('os.urandom(8).hex()').replaceAll('steady', 'grown') },
    });
    const uri = line.project(
      { name: 'sturdy', version: '1.0', files: { 'sturdy.py': '' }, requires: ['grown'] },
      { 'coachbuilder.yaml': manifest.replace('steady', 'sturdy') },
    );
    expect((await check('debian-12', uri)).exitCode).toBe(0);
    const words = ['--distribution=debian-12', '--check-compiled', '--force', '--provenance', '--progress=plain'];
    const { exitCode, stderr } = await line.run([...words, '-d', line.newDirectory('again'), uri]);
    expect(stderr).toMatch(/data \/\S+\/stamp\.py: the content differs at byte \d+, line 2: /);
    // The statement names the wheel that was built, and is told of as far as it says something new.
    expect(stderr).toMatch(/\.provenance\.json: predicate\.runDetails\.byproducts\[grown\S*\]\.digest\.sha256: "/);
    expect(exitCode).toBe(1);
  });

  it('passes when the build depends on what is the same in both', async () => {
    const { exitCode, stderr } = await check(
      'debian-12',
      project(stamping(digested('os.environ["SOURCE_DATE_EPOCH"]'))),
    );
    expect(stderr).toMatch(/^debian-12: reproduce: 1 package the same, byte for byte, /m);
    expect(exitCode).toBe(0);
  });

  it.each([
    ['time', 'time.time_ns()'],
    ['time zone', 'time.localtime(0).tm_hour'],
    ['locale', 'os.environ["LC_ALL"]'],
    ['directory', '__file__'],
    ['directory of temporary files', '__import__("tempfile").gettempdir()'],
  ])('finds out what depends on the %s', async (_what, expression) => {
    const { exitCode, stderr } = await check('debian-12', project(stamping(digested(expression))));
    expect(stderr).toMatch(/data \/\S+\/stamp\.py: the content differs at byte \d+, line 2: /);
    expect(exitCode).toBe(1);
  });
});
