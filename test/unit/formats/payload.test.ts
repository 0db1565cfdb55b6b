import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { payloadOf } from '../../../src/formats/payload.ts';
import type { HealthFinding } from '../../../src/inspect/health/finding.ts';
import { inspectPayload } from '../../../src/inspect/health/payload.ts';
import { describeSource } from '../../../src/manifest/read.ts';
import { expandSource } from '../../../src/manifest/source-files.ts';
import type { PackageSettings } from '../../../src/manifest/manifest.ts';
import { aTarget } from '../../support/definitions.ts';
import { aDistribution, aManifest, aPackage, noIntegrationSettings } from '../../support/manifest.ts';

let project: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'coachbuilder-payload-'));
});

afterEach(() => {
  rmSync(project, { recursive: true, force: true });
});

/** Made here and now, so that nothing in our own repository looks like a key. */
const key = generateKeyPairSync('rsa', {
  modulusLength: 1024,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
}).privateKey;

function put(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(project, name)), { recursive: true });
    writeFileSync(join(project, name), text);
  }
}

async function inspect(settings: Partial<PackageSettings>, on = 'debian-12'): Promise<readonly HealthFinding[]> {
  const target = aTarget(aDistribution(on), aManifest({ packages: [aPackage({ id: 'main', ...settings })] }));
  const request = { forbidden: [project], secrets: ['s3cr3t-of-the-index'], minor: '3.11' };
  return inspectPayload(payloadOf(target), request);
}

/** Files as a manifest with `files: {<installed>: <source>}` has them. */
function filesOf(installed: string, source: string): PackageSettings['files'] {
  const named = join(project, source);
  const facts = { mode: 0o644, owner: 'root', group: 'root', configuration: true };
  return expandSource(installed, source, { directory: project, describeSource }).map(({ path, source: file }) => ({
    ...{ path, source: file, ...facts },
    ...(file === named ? {} : { directory: named }),
  }));
}

const told = (findings: readonly HealthFinding[]): readonly string[] =>
  findings.map(({ check, severity, path }) => `${severity} ${check} ${path}`).sort();

describe('files that the manifest adds', () => {
  it('by a directory may hold no credential, checkout or cache, and name no path of this machine', async () => {
    put({
      'conf/fleet.conf': 'port = 4700\n',
      'conf/.env': 'A=b\n',
      'conf/.env.example': 'A=change-me\n',
      'conf/keys/id_rsa': key,
      'conf/.git/HEAD': 'ref: x\n',
      'conf/.git/config': '',
      'conf/.pytest_cache/v': '',
      'conf/index.conf': 'token = s3cr3t-of-the-index\n',
      'conf/paths.conf': `data = ${project}/data\n`,
      'conf/examples/key.pem': key,
    });
    const found = await inspect({ files: filesOf('/etc/fleet', 'conf') });
    expect(told(found)).toEqual([
      'error build-paths /etc/fleet/paths.conf',
      'error caches /etc/fleet/.pytest_cache',
      'error credentials /etc/fleet/.env',
      'error credentials /etc/fleet/index.conf',
      'error credentials /etc/fleet/keys/id_rsa',
      'error repositories /etc/fleet/.git',
      'warning credentials /etc/fleet/examples/key.pem',
    ]);
    const messages = found.map(({ message }) => message);
    expect(messages).toContain(
      `/etc/fleet/.git (packages.main.files, from ${project}/conf/.git) is part of a version control checkout`,
    );
    expect(messages).toContain(
      `/etc/fleet/keys/id_rsa (packages.main.files, from ${project}/conf/keys/id_rsa) holds a private key`,
    );
    expect(found.every(({ hint }) => hint?.endsWith('or accept it with a reason in health.accept'))).toBe(true);
  });

  it('one by one are meant, as far as their names go', async () => {
    put({ '.env': 'A=b\n', 'key.pem': key, '.git/config': '' });
    const named = [...filesOf('/etc/fleet/env', '.env'), ...filesOf('/srv/git/.git/config', '.git/config')];
    expect(told(await inspect({ files: [...named, ...filesOf('/etc/fleet/key.pem', 'key.pem')] }))).toEqual([
      'error credentials /etc/fleet/key.pem',
      'warning credentials /etc/fleet/env',
    ]);
  });

  it('for services and programs of the system are looked over, those of the family', async () => {
    put({ 'fleet.env': `KEY="${key}"\n`, 'fleet.service': `[Service]\nExecStart=${project}/run\n`, ufw: key });
    const at = (name: string): string => join(project, name);
    const owned = { mode: 0o640, owner: 'root', group: 'root' };
    const firewall = { name: 'fleet', title: '', description: '', ports: [], firewalld: undefined, ufw: at('ufw') };
    const settings = {
      integration: {
        ...noIntegrationSettings,
        environmentFiles: [{ name: 'fleet', source: at('fleet.env'), ...owned }],
        firewall: [firewall],
      },
      services: [
        {
          ...{ name: 'fleet', suffix: 'service', description: '', files: { systemd: at('fleet.service') } },
          ...{ command: undefined, user: undefined, group: undefined, directories: [] },
          ...{ enable: true, start: true, restartOnUpgrade: true, stopOnUpgrade: false },
        },
      ],
    };
    const found = await inspect(settings);
    expect(told(found)).toEqual([
      'error build-paths /lib/systemd/system/fleet.service',
      'error credentials /etc/default/fleet',
      'error credentials /etc/ufw/applications.d/fleet',
    ]);
    expect(found.map(({ message }) => message)).toContain(
      `/etc/default/fleet (packages.main.environment-files, from ${project}/fleet.env) holds a private key`,
    );
    expect(told(await inspect(settings, 'rocky-9'))).toEqual([
      'error build-paths /usr/lib/systemd/system/fleet.service',
      'error credentials /etc/sysconfig/fleet',
    ]);
  });

  it('and are not there are left to whoever packages them', async () => {
    const file = { path: '/etc/a', source: join(project, 'gone'), mode: 0o644, owner: 'root', group: 'root' };
    expect(await inspect({ files: [{ ...file, configuration: true }] })).toEqual([]);
  });
});
