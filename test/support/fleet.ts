import { expect } from 'vitest';

import { fleetVersions } from './builds.ts';
import type { Root } from './roots.ts';

/** The site-packages directory of the application in a root, absolute inside of it. */
export function sitePackages(root: Root): string {
  const found = root.filesBelow('/opt/fleet/lib').filter((path) => /^python[\d.]+\/site-packages$/.test(path));
  expect(found).toHaveLength(1);
  return `/opt/fleet/lib/${found[0] ?? ''}`;
}

/** What is installed in the application's environment, as `name-version`, by its metadata. */
export function installedDistributions(root: Root): readonly string[] {
  return root
    .filesBelow(sitePackages(root))
    .filter((path) => /^[^/]+\.dist-info$/.test(path))
    .map((path) => path.replace('.dist-info', ''));
}

/** Checks that the environment is wholly that of one version, with nothing of the other. */
export function expectOnlyVersion(root: Root, which: keyof typeof fleetVersions): void {
  const installed = installedDistributions(root);
  const { fleet, attrs } = fleetVersions[which];
  expect(installed.filter((name) => /^(?:fleet|attrs)-/.test(name))).toEqual([`attrs-${attrs}`, `fleet-${fleet}`]);
  expect(new Set(installed.map((name) => name.replace(/-[^-]*$/, ''))).size).toBe(installed.length);
  const leftovers = root.filesBelow(`${sitePackages(root)}/fleet`).filter((path) => path.includes('retired'));
  expect(leftovers.length > 0).toBe(which === 'first');
}

/** Runs the service, the agent and the client together inside of a root. */
export async function expectServiceAnswers(root: Root): Promise<void> {
  const control = root.start(['fleet-control', '--port', '0', '--data-path', '/var/lib/fleet']);
  const greeting = await control.line();
  expect(greeting).toMatch(/^listening on http:\/\/127\.0\.0\.1:\d+$/);
  const url = greeting.replace('listening on ', '');
  expect(await root.must(['fleet-agent', '--once', '--name', 'node1', '--control', url])).toBe(
    'node1 is known to the control service\n',
  );
  const nodes = JSON.parse(await root.must(['fleet', '--control', url, '--json', 'list'])) as unknown;
  expect(nodes).toMatchObject([{ name: 'node1', state: 'up' }]);
  expect(await control.stop()).toBe(0);
  expect(root.exists('/var/lib/fleet/nodes.json')).toBe(true);
}

/** Runs the certificate authority, which needs a compiled library, as somebody without rights. */
export async function expectCertificatesWork(root: Root): Promise<void> {
  await root.must(['install', '--directory', '--owner=nobody', '/var/tmp/certificates']);
  const ca = async (...args: readonly string[]): Promise<string> =>
    root.must(['fleet-ca', '--path', '/var/tmp/certificates', ...args], { user: 'nobody' });
  await ca('initialize', 'mycluster');
  await ca('create-control-certificate', 'control.example.com');
  await ca('create-node-certificate', '--identity', 'node1');
  const modes = await root.must(['sh', '-c', 'cd /var/tmp/certificates && stat --format "%a %U %n" *']);
  expect(modes.trimEnd().split('\n')).toEqual([
    '644 nobody cluster.crt',
    '600 nobody cluster.key',
    '644 nobody control-control.example.com.crt',
    '600 nobody control-control.example.com.key',
    '644 nobody node-node1.crt',
    '600 nobody node-node1.key',
  ]);
  expect(await ca('verify', '/var/tmp/certificates/node-node1.crt')).toMatch(/belongs to the cluster\n$/);
}
