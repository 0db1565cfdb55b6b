import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { PackageArtifact } from '../../../src/formats/packager.ts';
import { packagers } from '../../../src/formats/packagers.ts';
import type { Manifest } from '../../../src/manifest/manifest.ts';
import type { RunFacts } from '../../../src/provenance/facts.ts';
import { digestInputs, FinishedTargets, type TargetInputs } from '../../../src/pipeline/finished.ts';
import type { BuildTarget } from '../../../src/plan/build-plan.ts';
import { chooseTargets, planBuild } from '../../../src/plan/plan-build.ts';
import { aDistribution, aManifest, aPackage, noIntegrationSettings } from '../../support/manifest.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-finished-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function targetFor(id: string, manifest: Partial<Manifest> = {}): BuildTarget {
  const [target] = planBuild({
    choices: chooseTargets([aDistribution(id)], ['x86_64'], new Set()).choices,
    hostArchitecture: 'x86_64',
    manifestFor: () => aManifest(manifest),
    versionFor: () => '1.0',
    nameFile: (format, name, version, architecture) => packagers[format].fileName(name, version, architecture),
  }).targets;
  if (target === undefined) throw new Error('a plan without targets');
  return target;
}

const compiler = { path: '/usr/bin/python3.11', version: '3.11.2', minor: '3.11' };
const facts: RunFacts = {
  builderId: 'urn:coachbuilder:local',
  program: { version: '0.1.0', sha256: 'f'.repeat(64) },
  tools: new Map([['dpkg-deb', '1.21.22']]),
  source: { kind: 'directory', uri: undefined, subdirectory: '', commit: undefined, file: undefined },
  lock: undefined,
  manifest: undefined,
  parameters: { packageVersion: undefined, builder: 'auto', image: undefined },
};

function anApplication(sha256: string): TargetInputs['application'] {
  return { sha256, source: { kind: 'directory', path: '/project' } };
}

describe('what a target is made of', () => {
  const inputs = (changes: Partial<TargetInputs> = {}): TargetInputs => ({
    target: targetFor('debian-12'),
    application: anApplication('a'),
    environment: { fingerprint: 'e' },
    history: { from: 'nothing', notes: [], file: undefined },
    epoch: 1,
    sbom: [],
    report: false,
    lint: 'auto',
    linted: false,
    provenance: undefined,
    compiler: undefined,
    program: 'p',
    ...changes,
  });

  it('is the same for the same inputs, and another for a change of any', async () => {
    const first = await digestInputs(inputs());
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await digestInputs(inputs())).toBe(first);
    const changes: readonly Partial<TargetInputs>[] = [
      { target: targetFor('debian-11') },
      { target: targetFor('debian-12', { summary: 'Other words' }) },
      { application: anApplication('b') },
      // The bill of materials in the package has the digest of a wheel, and not that of one that was built.
      { application: { ...anApplication('a'), source: { kind: 'wheel', path: '/project/a.whl' } } },
      { environment: { fingerprint: 'f' } },
      { history: { from: 'file', notes: [{ version: '1.0', date: 0, changes: ['New.'] }], file: undefined } },
      { history: { from: 'nothing', notes: [], file: { name: 'NEWS', bytes: Buffer.from('New.') } } },
      // An rpm holds the file under its name.
      { history: { from: 'nothing', notes: [], file: { name: 'CHANGES', bytes: Buffer.from('New.') } } },
      { epoch: 2 },
      { sbom: ['cyclonedx'] },
      { report: true },
      // Packages that no linter has looked at, and now there is one.
      { linted: true },
      { compiler },
      { compiler: { ...compiler, version: '3.11.7' } },
      { compiler: { ...compiler, path: '/usr/local/bin/python3.11' } },
      { provenance: facts },
      { provenance: { ...facts, builderId: 'https://ci.example.com/builder' } },
      { provenance: { ...facts, tools: new Map([['dpkg-deb', '1.22.21']]) } },
      { program: 'q' },
    ];
    const others = await Promise.all(changes.map((change) => digestInputs(inputs(change))));
    expect(new Set([first, ...others]).size).toBe(changes.length + 1);
  });

  it('includes the content of the files that the manifest names', async () => {
    const source = join(directory, 'hello.conf');
    const script = join(directory, 'reload.sh');
    const file = { path: '/etc/hello.conf', source, mode: 0o644, owner: 'root', group: 'root', configuration: true };
    const page = join(directory, 'hello.1');
    const integration = { ...noIntegrationSettings, manPages: [{ source: page, language: undefined }] };
    const packages = [aPackage({ files: [file], scripts: { 'after-install': script }, integration })];
    const digest = async (): Promise<string> => digestInputs(inputs({ target: targetFor('debian-12', { packages }) }));
    writeFileSync(source, 'a = 1\n');
    writeFileSync(script, 'true\n');
    const first = await digest();
    writeFileSync(source, 'a = 2\n');
    const second = await digest();
    writeFileSync(script, 'false\n');
    const third = await digest();
    writeFileSync(page, '.TH HELLO 1\n');
    expect(new Set([first, second, third, await digest()]).size).toBe(4);
  });
});

describe('a record of a finished target', () => {
  const digest = 'd'.repeat(64);
  let destination: string;
  let cache: string;

  beforeEach(() => {
    destination = join(directory, 'packages');
    cache = join(directory, 'cache');
    mkdirSync(destination);
  });

  function artifact(name: string): PackageArtifact {
    const path = join(destination, name);
    writeFileSync(path, name);
    const sha256 = createHash('sha256').update(name).digest('hex');
    const facts = { version: '1', release: '1', architecture: 'all', format: 'deb' } as const;
    return { path, name, ...facts, size: name.length, sha256 };
  }

  it('is found as long as its packages are there as they were made', async () => {
    const finished = new FinishedTargets(cache, destination);
    const target = targetFor('debian-12');
    expect(await finished.find(target)).toBeUndefined();
    const artifacts = [artifact('a.deb'), artifact('b.deb')];
    await finished.keep(target, digest, artifacts);
    expect(await finished.find(target)).toEqual({ schemaVersion: 1, inputs: digest, artifacts });
    writeFileSync(join(destination, 'b.deb'), 'B.deb');
    expect(await finished.find(target)).toBeUndefined();
    rmSync(join(destination, 'b.deb'));
    expect(await finished.find(target)).toBeUndefined();
  });

  it('is found as long as its bills of materials are, too', async () => {
    const finished = new FinishedTargets(cache, destination);
    const target = targetFor('debian-12');
    const { path, size, sha256 } = artifact('a.deb.cdx.json');
    await finished.keep(target, digest, [{ ...artifact('a.deb'), sbom: [{ path, size, sha256 }] }]);
    expect((await finished.find(target))?.artifacts[0]?.sbom).toEqual([{ path, size, sha256 }]);
    expect(await finished.findPaths([target])).toEqual(new Set([join(destination, 'a.deb'), path]));
    writeFileSync(path, 'altered');
    expect(await finished.find(target)).toBeUndefined();
  });

  it('counts for its own target and its own destination only', async () => {
    const finished = new FinishedTargets(cache, destination);
    await finished.keep(targetFor('debian-12'), digest, [artifact('a.deb')]);
    expect(await finished.find(targetFor('debian-11'))).toBeUndefined();
    expect(await finished.find(targetFor('debian-12', { name: 'other' }))).toBeUndefined();
    expect(await new FinishedTargets(cache, '/elsewhere').find(targetFor('debian-12'))).toBeUndefined();
  });

  it.each(['', '{', '{"schemaVersion":2,"inputs":"","artifacts":[]}', '[]'])(
    'that reads %j counts as none',
    async (text) => {
      const finished = new FinishedTargets(cache, destination);
      const target = targetFor('debian-12');
      await finished.keep(target, digest, [artifact('a.deb')]);
      const [name = ''] = readdirSync(join(cache, 'finished'));
      writeFileSync(join(cache, 'finished', name), text);
      expect(await finished.find(target)).toBeUndefined();
    },
  );
});
