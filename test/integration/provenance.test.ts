import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import type { BuiltPackage } from '../support/builds.ts';
import { listing, openCommandLine, type CommandLine } from '../support/command-line.ts';
import { mustRun } from '../support/machine.ts';
import { provenanceValidator, validateProvenance } from '../support/provenance-validator.ts';
import { skipNote } from '../support/python-packages.ts';
import { makeSdist, makeWheel, type WrittenFile } from '../support/wheels.ts';

const manifest = 'name: hello\npackage-prefix: acme\nmaintainer: Acme <acme@example.com>\n';
const deb = 'acme-python-hello_1.2.0-1+debian12_amd64.deb';
const rpm = 'acme-python-hello-1.2.0-1.el9.x86_64.rpm';

interface Descriptor {
  readonly name: string;
  readonly uri?: string;
  readonly digest?: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, unknown>>;
}

interface Statement {
  readonly subject: readonly Descriptor[];
  readonly predicate: {
    readonly buildDefinition: {
      readonly externalParameters: Readonly<Record<string, unknown>>;
      readonly internalParameters: Readonly<Record<string, unknown>>;
      readonly resolvedDependencies: readonly Descriptor[];
    };
    readonly runDetails: {
      readonly builder: { readonly id: string; readonly version: Readonly<Record<string, string>> };
      readonly metadata?: unknown;
      readonly byproducts: readonly Descriptor[];
    };
  };
}

let line: CommandLine;
let leaf: WrittenFile;
let twig: WrittenFile;

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function read(directory: string, name = deb): Statement {
  return JSON.parse(readFileSync(join(directory, `${name}.provenance.json`), 'utf8')) as Statement;
}

function material(statement: Statement, role: string): readonly Descriptor[] {
  return statement.predicate.buildDefinition.resolvedDependencies.filter(
    ({ annotations }) => annotations['role'] === role,
  );
}

async function git(directory: string, ...args: readonly string[]): Promise<string> {
  const identity = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com'];
  const dates = { GIT_AUTHOR_DATE: '2024-05-06T07:08:09Z', GIT_COMMITTER_DATE: '2024-05-06T07:08:09Z' };
  return (await mustRun(['git', ...identity, ...args], { cwd: directory, env: dates })).stdout.trim();
}

/** A checkout with one commit, whose `origin` has a token in its address. */
async function checkout(): Promise<string> {
  const options = {
    ...{ name: 'hello', version: '1.2.0', scripts: { hello: 'hello:main' }, requires: ['leaf', 'twig'] },
    files: { 'hello.py': 'def main():\n    print("hello")\n' },
  };
  const directory = line.project(options, { 'coachbuilder.yaml': manifest });
  await git(directory, 'init', '--quiet', '.');
  await git(directory, 'remote', 'add', 'origin', 'https://ann:s3cret@git.example.com/acme/hello.git?token=s3cret');
  await git(directory, 'add', '.');
  await git(directory, 'commit', '--quiet', '--message', 'Say hello');
  return directory;
}

beforeAll(async () => {
  line = await openCommandLine();
  leaf = makeWheel(line.indexFiles, { name: 'leaf', version: '1.0' });
  twig = makeSdist(line.indexFiles, { name: 'twig', version: '2.0', files: { 'twig.py': '' } });
  return async () => line[Symbol.asyncDispose]();
});

describe('provenance statements', () => {
  let project: string;
  let destination: string;
  let rows: readonly BuiltPackage[];
  let commit: string;

  beforeAll(async () => {
    project = await checkout();
    commit = await git(project, 'rev-parse', 'HEAD');
    destination = line.newDirectory('packages');
    const words = ['--distribution=debian-12,rocky-9', '--provenance', '--sbom=spdx', '--json', '-d', destination];
    const outcome = await line.run([...words, project]);
    expect(outcome).toMatchObject({ exitCode: 0 });
    rows = JSON.parse(outcome.stdout) as readonly BuiltPackage[];
  });

  it.skipIf('reason' in provenanceValidator)(
    `satisfy in-toto's own library: Statement 1, SLSA Provenance 1${skipNote(provenanceValidator)}`,
    async () => {
      const statements = [deb, rpm].map((name) => join(destination, `${name}.provenance.json`));
      expect(await validateProvenance(statements)).toEqual([]);
    },
  );

  it('lie beside the main package of each target, and speak for all that was made for it', () => {
    for (const [name, format] of [
      [deb, 'deb'],
      [rpm, 'rpm'],
    ] as const) {
      const built = rows.filter((row) => row.format === format);
      expect(built.map(({ provenance }) => provenance)).toEqual([
        join(destination, `${name}.provenance.json`),
        undefined,
      ]);
      const files = built.flatMap(({ path, sbom }) => [path, ...(sbom ?? [])]);
      const { subject } = read(destination, name);
      expect(subject).toEqual(files.map((path) => ({ name: basename(path), digest: { sha256: sha256(path) } })));
      expect(subject).toHaveLength(3);
    }
  });

  it('name the repository without credentials, the commit, the manifest and the whole lock', () => {
    for (const name of [deb, rpm]) {
      const statement = read(destination, name);
      expect(material(statement, 'source')).toMatchObject([
        {
          uri: 'git+https://git.example.com/acme/hello.git',
          digest: { gitCommit: commit },
          annotations: { modified: false, untrackedFiles: false },
        },
      ]);
      const files = [...material(statement, 'manifest'), ...material(statement, 'lock')];
      expect(files).toMatchObject(
        ['coachbuilder.yaml', 'coachbuilder.lock'].map((file) => ({
          name: file,
          digest: { sha256: sha256(join(project, file)) },
        })),
      );
      const text = readFileSync(join(destination, `${name}.provenance.json`), 'utf8');
      expect(text).not.toContain('s3cret');
      expect(text).not.toContain(line.directory);
      // The commit's own date, and no other.
      expect(statement.predicate.buildDefinition.internalParameters['sourceDateEpoch']).toBe(
        Date.parse('2024-05-06T07:08:09Z') / 1000,
      );
      expect(statement.predicate.runDetails.metadata).toBeUndefined();
    }
  });

  it('name every file of the closure, and what was built of those that are no wheels', () => {
    const statement = read(destination);
    expect(material(statement, 'distribution').map(({ name, uri, digest }) => ({ name, uri, digest }))).toEqual([
      { name: 'leaf-1.0-py3-none-any.whl', uri: 'pkg:pypi/leaf@1.0', digest: { sha256: leaf.sha256 } },
      { name: 'twig-2.0.tar.gz', uri: 'pkg:pypi/twig@2.0', digest: { sha256: twig.sha256 } },
    ]);
    const { byproducts } = statement.predicate.runDetails;
    expect(byproducts.map(({ uri, annotations }) => [uri, annotations['role']])).toEqual([
      ['pkg:pypi/hello@1.2.0', 'application'],
      ['pkg:pypi/twig@2.0', 'built wheel'],
    ]);
  });

  it('name the tools of their format, with the versions that these tell themselves', async () => {
    const versionOf = async (...argv: readonly [string, ...string[]]): Promise<string> =>
      /\d+\.\d[\w.+~-]*/.exec((await mustRun(argv)).stdout)?.[0] ?? '';
    const { builder } = read(destination).predicate.runDetails;
    const other = read(destination, rpm).predicate.runDetails.builder;
    expect(builder.id).toBe('urn:coachbuilder:local');
    expect(builder.version).toMatchObject({
      'dpkg-deb': await versionOf('dpkg-deb', '--version'),
      git: await versionOf('git', '--version'),
      python3: await versionOf('python3', '--version'),
    });
    expect(other.version).toMatchObject({
      rpmbuild: await versionOf('rpmbuild', '--version'),
      file: await versionOf('file', '--version'),
    });
    expect(Object.keys(builder.version)).not.toContain('rpmbuild');
    expect(Object.keys(other.version)).not.toContain('dpkg-deb');
  });

  it('call a checkout that was changed no commit, and name the builder that was given', async () => {
    const changed = await checkout();
    writeFileSync(join(changed, 'coachbuilder.yaml'), `${manifest}summary: Says something else\n`);
    writeFileSync(join(changed, 'notes.txt'), 'not committed\n');
    const place = line.newDirectory('changed');
    const builder = 'https://ci.example.com/builders/debian';
    const words = ['--distribution=debian-12', `--builder-id=${builder}`, '--package-version=3', '-d', place, changed];
    expect(await line.run(words)).toMatchObject({ exitCode: 0 });
    const [written = ''] = listing(place).filter((name) => name.endsWith('.provenance.json'));
    const statement = read(place, written.replace('.provenance.json', ''));
    const [source] = material(statement, 'source');
    expect(source?.digest).toBeUndefined();
    expect(source?.annotations).toMatchObject({ commit, modified: true, untrackedFiles: true });
    expect(statement.predicate.runDetails.builder.id).toBe(builder);
    expect(statement.predicate.buildDefinition.externalParameters).toMatchObject({ packageVersion: '3' });
  });

  it('are the same bytes in another directory, under another time zone and umask', async () => {
    const other = line.newDirectory('other');
    const words = ['--distribution=debian-12,rocky-9', '--provenance', '--sbom=spdx', '--locked', '-d', other, project];
    const outcome = await line.run(words, {
      through: ['sh', '-c', 'umask 077; exec "$@"', 'sh'],
      env: { TZ: 'Asia/Tokyo', TMPDIR: line.newDirectory('tmp'), LC_ALL: 'tr_TR.UTF-8' },
    });
    expect(outcome).toMatchObject({ exitCode: 0 });
    expect(listing(other)).toEqual(listing(destination));
    for (const name of listing(other)) expect(sha256(join(other, name)), name).toBe(sha256(join(destination, name)));
  });

  it('are kept by --resume, made anew when the builder is another one, and not replaced without leave', async () => {
    const words = (...more: readonly string[]): readonly string[] => [
      ...['--distribution=debian-12', '--resume', '-d', place, ...more],
      project,
    ];
    const place = line.newDirectory('resumed');
    expect(await line.run(words('--provenance'))).toMatchObject({ exitCode: 0 });
    const kept = await line.run(words('--provenance'));
    expect(kept.stderr).not.toContain('package: ');
    expect((await line.run(words('--builder-id=https://ci.example.com/b'))).exitCode).toBe(0);
    expect(read(place).predicate.runDetails.builder.id).toBe('https://ci.example.com/b');
    writeFileSync(join(place, `${deb}.provenance.json`), 'mine');
    const refused = await line.run(words('--provenance'));
    expect(refused.stderr).toContain('error[output-exists]');
    expect(readFileSync(join(place, `${deb}.provenance.json`), 'utf8')).toBe('mine');
  });

  it.each(['builder', 'https://ann:s3cret@ci.example.com/'])('refuse %s as a builder', async (builder) => {
    const { exitCode, stderr } = await line.run(['--distribution=debian-12', `--builder-id=${builder}`, project]);
    expect(stderr).toContain('error[usage]: --builder-id is ');
    expect(exitCode).toBe(1);
  });
});
