import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import type { BuiltPackage } from '../support/builds.ts';
import { listing, openCommandLine, type CommandLine } from '../support/command-line.ts';
import { skipNote } from '../support/python-packages.ts';
import { billValidators, validateBills } from '../support/sbom-validators.ts';
import { makeWheel, type WrittenFile } from '../support/wheels.ts';

const hello = {
  name: 'hello',
  version: '1.2.0',
  summary: 'Says hello',
  scripts: { hello: 'hello:main' },
  files: { 'hello.py': 'def main():\n    print("hello")\n' },
  requires: ['leaf>=1', 'twig[more]; python_version < "3.10"'],
  metadata: ['License-Expression: Apache-2.0', 'Author-email: Ann B. <ann@example.com>'],
};

const manifest = 'name: hello\npackage-prefix: acme\nmaintainer: Acme <acme@example.com>\nvendor: Acme\n';
const environment = { SOURCE_DATE_EPOCH: '1700000000' };
const deb = 'acme-python-hello_1.2.0-1+debian12_amd64.deb';
const rpm = 'acme-python-hello-1.2.0-1.el9.x86_64.rpm';
const bills = (name: string): readonly string[] => [`${name}.cdx.json`, `${name}.spdx.json`];

interface CycloneDx {
  readonly serialNumber: string;
  readonly metadata: {
    readonly timestamp: string;
    readonly component: { readonly purl: string; readonly hashes: readonly { readonly content: string }[] };
  };
  readonly components: readonly {
    readonly purl: string;
    readonly licenses?: unknown;
    readonly hashes: readonly { readonly content: string }[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

let line: CommandLine;
let leaf: WrittenFile;

beforeAll(async () => {
  line = await openCommandLine();
  const mit = 'Classifier: License :: OSI Approved :: MIT License';
  leaf = makeWheel(line.indexFiles, {
    name: 'leaf',
    version: '1.0',
    metadata: [mit, 'Author: Zoë', 'Home-page: https://example.com/leaf'],
  });
  makeWheel(line.indexFiles, {
    ...{ name: 'twig', version: '2', requires: ['leaf; extra == "more"'], extras: ['more'] },
    metadata: ['License: Apache 2.0'],
  });
  return async () => line[Symbol.asyncDispose]();
});

function project(): string {
  return line.project(hello, { 'coachbuilder.yaml': manifest });
}

describe('bills of materials', () => {
  let destination: string;
  let rows: readonly BuiltPackage[];
  let stderr: string;

  const read = (name: string): CycloneDx =>
    JSON.parse(readFileSync(join(destination, `${name}.cdx.json`), 'utf8')) as CycloneDx;
  const build = async (...args: readonly string[]): ReturnType<CommandLine['run']> =>
    line.run(args, { env: environment });

  beforeAll(async () => {
    destination = line.newDirectory('packages');
    const outcome = await build(
      '--distribution=debian-12,rocky-9',
      '--sbom=all',
      '--json',
      '-d',
      destination,
      project(),
    );
    expect(outcome.stderr).not.toContain('error');
    expect(outcome.exitCode).toBe(0);
    rows = JSON.parse(outcome.stdout) as readonly BuiltPackage[];
    stderr = outcome.stderr;
  });

  it('lie beside each main package, and are named as a part of it', () => {
    const beside = rows.map(({ path, sbom }) => [basename(path), sbom?.map((name) => basename(name))]);
    const cli = ['acme-hello-cli_1.2.0-1+debian12_all.deb', 'acme-hello-cli-1.2.0-1.el9.noarch.rpm'] as const;
    expect(beside).toEqual([
      [deb, bills(deb)],
      [cli[0], undefined],
      [rpm, bills(rpm)],
      [cli[1], undefined],
    ]);
    expect(listing(destination)).toEqual([deb, rpm, ...cli, ...bills(deb), ...bills(rpm)].sort());
  });

  it.skipIf('reason' in billValidators)(
    `satisfy the validators of CycloneDX and SPDX${skipNote(billValidators)}`,
    async () => {
      expect(await validateBills(rows.flatMap(({ sbom }) => sbom ?? []))).toEqual([]);
    },
  );

  it('tell what the package is, and each of its parts by its wheel', () => {
    const document = read(deb);
    const sha256 = createHash('sha256')
      .update(readFileSync(join(destination, deb)))
      .digest('hex');
    expect(document.metadata).toMatchObject({
      timestamp: '2023-11-14T22:13:20Z',
      component: {
        purl: 'pkg:deb/debian/acme-python-hello@1.2.0-1%2Bdebian12?arch=amd64&distro=debian-12',
        hashes: [{ alg: 'SHA-256', content: sha256 }],
      },
    });
    expect(document.components.map(({ purl, licenses }) => [purl, licenses])).toEqual([
      ['pkg:pypi/hello@1.2.0', [{ license: { id: 'Apache-2.0' } }]],
      ['pkg:pypi/leaf@1.0', [{ license: { id: 'MIT' } }]],
    ]);
    expect(document.components[1]).toMatchObject({
      hashes: [{ content: leaf.sha256 }],
      author: 'Zoë',
      externalReferences: [{ type: 'website', url: 'https://example.com/leaf' }],
    });
  });

  it('relate what requires each other on that target', () => {
    expect(read(deb).dependencies.map(({ dependsOn }) => dependsOn)).toEqual([
      ['pkg:pypi/hello@1.2.0'],
      ['pkg:pypi/leaf@1.0'],
      [],
    ]);
    // Rocky Linux 9 has Python 3.9, for which the application requires more.
    expect(read(rpm).dependencies.map(({ dependsOn }) => dependsOn)).toEqual([
      ['pkg:pypi/hello@1.2.0'],
      ['pkg:pypi/leaf@1.0', 'pkg:pypi/twig@2'],
      [],
      ['pkg:pypi/leaf@1.0'],
    ]);
    expect(read(rpm).metadata.component.purl).toBe(
      'pkg:rpm/rocky/acme-python-hello@1.2.0-1.el9?arch=x86_64&distro=rocky-9',
    );
  });

  it('come with a warning of a licence that is not SPDX, and what is perhaps meant', () => {
    expect(stderr).toMatch(
      /^rocky-9: warning: the licence of twig 2, "Apache 2\.0", is not an SPDX expression\n +perhaps "Apache-2\.0" is meant$/m,
    );
    expect(stderr).not.toMatch(/^debian-12: warning: .*licence/m);
  });

  it('are the same bytes from another directory, under another time zone and umask', async () => {
    const other = line.newDirectory('other');
    const outcome = await line.run(['--distribution=debian-12,rocky-9', '--sbom=all', '-d', other, project()], {
      through: ['sh', '-c', 'umask 077; exec "$@"', 'sh'],
      env: { ...environment, TZ: 'Asia/Tokyo', XDG_CACHE_HOME: line.newDirectory('cache') },
    });
    expect(outcome).toMatchObject({ exitCode: 0 });
    for (const name of [...bills(deb), ...bills(rpm)])
      expect(readFileSync(join(other, name), 'utf8'), name).toBe(readFileSync(join(destination, name), 'utf8'));
  });

  it('are one format when one is asked for, and none by themselves', async () => {
    const one = line.newDirectory('one');
    const uri = project();
    expect(await build('--distribution=debian-12', '--sbom=spdx', '-d', one, uri)).toMatchObject({
      exitCode: 0,
      // A script that installs what is printed gets packages only.
      stdout: [deb, 'acme-hello-cli_1.2.0-1+debian12_all.deb'].map((name) => `${join(one, name)}\n`).join(''),
    });
    expect(listing(one).filter((name) => name.endsWith('.json'))).toEqual([`${deb}.spdx.json`]);
    const none = line.newDirectory('none');
    const outcome = await build('--distribution=debian-12', '--json', '-d', none, uri);
    expect(outcome.stdout).not.toContain('sbom');
    expect(listing(none).filter((name) => name.endsWith('.json'))).toEqual([]);
  });

  it.each([
    ['spdx', '--sbom=spdx'],
    ['all', '--sbom=all'],
  ])('as %s are asked for elsewhere, too', async (format, argument) => {
    const { stdout } = await build('--distribution=debian-12', '--matrix=github', `--sbom=${format}`, project());
    expect(stdout).toContain(` ${argument} `);
  });

  it('are not replaced without --force, and then neither are packages', async () => {
    const place = line.newDirectory('there');
    const mine = join(place, `${deb}.cdx.json`);
    writeFileSync(mine, 'mine');
    const uri = project();
    const refused = await build('--distribution=debian-12', '--sbom=cyclonedx', '-d', place, uri);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(`error[output-exists]: ${deb}.cdx.json is already in ${place}\n`);
    expect(listing(place)).toEqual([`${deb}.cdx.json`]);
    expect(readFileSync(mine, 'utf8')).toBe('mine');
    const forced = await build('--distribution=debian-12', '--sbom=cyclonedx', '--force', '-d', place, uri);
    expect(forced.exitCode).toBe(0);
    expect(readFileSync(mine, 'utf8')).toContain('"bomFormat": "CycloneDX"');
  });

  it('are kept by --resume, made when they are asked for first, and guarded like packages', async () => {
    const place = line.newDirectory('resumed');
    const uri = project();
    const resume = async (...args: readonly string[]): ReturnType<CommandLine['run']> =>
      build('--distribution=debian-12', '--resume', '-d', place, ...args, uri);
    expect(await resume()).toMatchObject({ exitCode: 0 });
    expect(await resume('--sbom=all')).toMatchObject({ exitCode: 0 });
    expect(listing(place).filter((name) => name.endsWith('.json'))).toEqual(bills(deb));
    const kept = await resume('--sbom=all', '--json');
    expect(kept.stderr).not.toContain('debian-12: package:');
    expect((JSON.parse(kept.stdout) as readonly BuiltPackage[])[0]?.sbom).toEqual(
      bills(deb).map((name) => join(place, name)),
    );
    writeFileSync(join(place, `${deb}.cdx.json`), 'altered');
    expect((await resume('--sbom=all')).stderr).toContain('error[output-exists]');
    rmSync(place, { recursive: true });
  });
});
