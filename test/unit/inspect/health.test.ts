import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { sift } from '../../../src/inspect/health/accept.ts';
import { findCredentials } from '../../../src/inspect/health/credentials.ts';
import type { HealthFinding } from '../../../src/inspect/health/finding.ts';
import { readInstalled } from '../../../src/inspect/health/installed.ts';
import { findBadLinks } from '../../../src/inspect/health/links.ts';
import { findLitter } from '../../../src/inspect/health/litter.ts';
import { findTwinNames } from '../../../src/inspect/health/names.ts';
import { checkRecords } from '../../../src/inspect/health/records.ts';
import { healthError } from '../../../src/inspect/health/refuse.ts';
import { absentExtras, checkRequirements } from '../../../src/inspect/health/requirements.ts';
import { oversizeError } from '../../../src/inspect/size.ts';
import { markersOf } from '../../../src/lock/lock-request.ts';
import type { TargetPlatform } from '../../../src/lock/platform.ts';
import { placesOf } from '../../../src/tree/tree-glob.ts';
import type { Tree, TreeEntry } from '../../../src/tree/tree.ts';
import { assemble, entryAt, wheelhouseOf } from '../../support/trees.ts';
import { makeWheel, type WheelOptions } from '../../support/wheels.ts';

let directory: string;
let root: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-health-'));
  root = join(directory, 'root');
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const site = '/opt/fleet/lib/python3.11/site-packages';

function treeOf(...wheels: readonly Partial<WheelOptions>[]): Promise<Tree> {
  const paths = wheels.map((options) =>
    makeWheel(join(directory, 'wheels'), { name: 'fleet', version: '1.0', ...options }),
  );
  return assemble({ root, wheelhouse: wheelhouseOf(...paths.map(({ path }) => path)) });
}

const pathsOf = (findings: readonly HealthFinding[]): readonly string[] =>
  findings.map(({ severity, path }) => `${severity} ${path.replace(`${site}/`, '')}`);

/** Made here and now, so that nothing in our own repository looks like a key. */
const key = generateKeyPairSync('rsa', {
  modulusLength: 1024,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
}).privateKey;
const tokenOf = (prefix: string, length: number): string => `${prefix}${'a1B2'.repeat(30).slice(0, length)}`;

describe('findCredentials', () => {
  const find = async (files: Readonly<Record<string, string>>, name = 'fleet'): Promise<readonly string[]> =>
    pathsOf(await findCredentials(await treeOf({ name, files }), 'fleet'));

  it.each<[string, string]>([
    ['fleet/.pypirc', '[pypi]\n'],
    ['fleet/.netrc', ''],
    ['fleet/.env', 'A=b\n'],
    ['fleet/.env.production', 'A=b\n'],
    ['fleet/id_ed25519', ''],
    ['fleet/server.key', key],
    ['fleet/config.py', `KEY = """${key}"""\n`],
    ['fleet/windows.pem', key.replaceAll('\n', '\r\n')],
    ['fleet/json.json', JSON.stringify({ key })],
    ['fleet/pip.conf', '[global]\nindex-url = https://me:secret@packages.example.com/simple\n'],
    ['fleet/pip/pip.conf', '[global]\nextra-index-url = https://token@packages.example.com/simple\n'],
    ['fleet/.npmrc', '//registry.example.com/:_authToken=abcdef\n'],
    ['fleet/upload.py', `TOKEN = "${tokenOf('pypi-AgE', 90)}"\n`],
    ['fleet/ci.yaml', `token: ${tokenOf('ghp_', 36)}\n`],
  ])('finds %s', async (path, content) => {
    expect(await find({ [path]: content })).toEqual([`error ${path}`]);
  });

  it.each<[string, string]>([
    ['fleet/cacert.pem', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'],
    ['fleet/ssh.py', 'BEGIN = b"-----BEGIN OPENSSH PRIVATE KEY-----"\nEND = b"-----END OPENSSH PRIVATE KEY-----"\n'],
    ['fleet/doc.py', '"""\n-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n"""\n'],
    ['fleet/public.pem', '-----BEGIN PUBLIC KEY-----\nMIIB\n'],
    ['fleet/.env.example', 'PASSWORD=change-me\n'],
    ['fleet/env.py', ''],
    ['fleet/pip.conf', '[global]\nindex-url = https://packages.example.com/simple\n'],
    ['fleet/direct_url.json', '{"url": "ssh://git@example.com/x.git"}'],
    ['fleet/pip/pip.conf', '[global]\nindex-url = https://${USER}:${TOKEN}@packages.example.com/simple\n'],
    ['fleet/readme.txt', 'https://user:password@example.com/ is how an address may look'],
  ])('leaves %s alone', async (path, content) => {
    expect(await find({ [path]: content })).toEqual([]);
  });

  it('knows the shortened keys of documentation', async () => {
    const lines = key.trim().split('\n');
    const short = [...lines.slice(0, 4), ...lines.slice(-1)].map((line) => `    ${line}`).join('\n');
    const files = { 'fleet/states.py': `"""\n${short}\n"""\n`, 'fleet/both.py': `"""\n${short}\n${key}"""\n` };
    expect(await find(files)).toEqual(['error fleet/both.py']);
  });

  it('finds credentials that the build itself uses, unless they are words', async () => {
    const tree = await treeOf({
      files: { 'fleet/a.py': 'URL = "https://x/?t=s3cr3t-of-the-index"\n', 'fleet/b.py': 'secret' },
    });
    const found = await findCredentials(tree, 'fleet', ['s3cr3t-of-the-index', 'secret']);
    expect(pathsOf(found)).toEqual(['error fleet/a.py']);
    expect(JSON.stringify(found)).not.toContain('s3cr3t');
  });

  it('knows that keys of tests were made to be published', async () => {
    const files = { 'fleet/test/test.key': key, 'fleet/tests/keys/a.pem': key };
    expect(await find(files)).toEqual(['warning fleet/test/test.key', 'warning fleet/tests/keys/a.pem']);
    const tree = await assemble({
      root: join(directory, 'other'),
      wheelhouse: wheelhouseOf(
        makeWheel(join(directory, 'wheels'), { name: 'tornado', version: '1', files: { 'tornado/test/test.key': key } })
          .path,
      ),
    });
    expect(await findCredentials(tree, 'fleet')).toEqual([]);
  });
});

describe('findLitter', () => {
  it('finds checkouts and caches, once each; caches of others are a warning', async () => {
    const tree = await treeOf(
      {
        files: {
          'fleet/.git/HEAD': '',
          'fleet/.git/objects/x': '',
          'fleet/.gitignore': '',
          'fleet/.pytest_cache/v/x': '',
          'fleet/.coverage': '',
          'fleet/__pycache__/x.cpython-39.pyc': '',
          'fleet/__pycache__/x.cpython-311.pyc': '',
          'fleet/coverage.py': '',
        },
      },
      {
        name: 'other',
        files: { 'other/.DS_Store': '', 'other/.svn/entries': '', 'other/__pycache__/y.pypy39.pyc': '' },
      },
    );
    expect(pathsOf(findLitter(tree, { minor: '3.11', application: 'fleet' }))).toEqual([
      'error fleet/.coverage',
      'error fleet/.git',
      'error fleet/.pytest_cache',
      'error fleet/__pycache__',
      'warning other/.DS_Store',
      'error other/.svn',
      'warning other/__pycache__',
    ]);
  });
});

describe('findBadLinks', () => {
  const link = (path: string, target: string): TreeEntry => ({ kind: 'symlink', path, mode: 0o777, target });

  it('lets the interpreter be, and links within', async () => {
    const tree = await treeOf({});
    const good = [
      link('/opt/fleet/a', 'bin/python'),
      link('/opt/fleet/l', 'lib'),
      link('/opt/fleet/d', 'l/python3.11'),
    ];
    expect(findBadLinks({ ...tree, entries: [...tree.entries, ...good] }, '/usr/bin/python3.11')).toEqual([]);
  });

  it('finds those that lead out, nowhere, or in a circle', async () => {
    const tree = await treeOf({});
    const bad = [
      link('/opt/fleet/out', '/etc/passwd'),
      link('/opt/fleet/up', '../../etc'),
      link('/opt/fleet/gone', 'lib/none'),
      link('/opt/fleet/one', 'two'),
      link('/opt/fleet/two', 'one'),
      link('/opt/fleet/through', 'pyvenv.cfg/x'),
      link('/opt/fleet/beside', '/opt/fleet-more/x'),
    ];
    const findings = findBadLinks({ ...tree, entries: [...tree.entries, ...bad] }, '/usr/bin/python3.11');
    expect(findings.map(({ message }) => message)).toEqual([
      '/opt/fleet/out leads to /etc/passwd, out of the virtual environment',
      '/opt/fleet/up leads to ../../etc, out of the virtual environment',
      '/opt/fleet/gone leads to lib/none, which is not there',
      '/opt/fleet/one leads to two, which is not there',
      '/opt/fleet/two leads to one, which is not there',
      '/opt/fleet/through leads to pyvenv.cfg/x, which is not there',
      '/opt/fleet/beside leads to /opt/fleet-more/x, out of the virtual environment',
    ]);
  });
});

describe('checkRecords', () => {
  const check = (tree: Tree): readonly string[] =>
    checkRecords(tree, readInstalled(tree, site), site).map(({ message }) => message);

  it('says nothing of a tree as it was laid out', async () => {
    expect(check(await treeOf({ scripts: { fleet: 'fleet:main' }, data: { 'data/share/x': '' } }))).toEqual([]);
  });

  it('finds what is listed and not there, other than listed, and not listed', async () => {
    const tree = await treeOf({ files: { 'fleet/a.py': 'a', 'fleet/b.py': 'b', 'fleet/c.py': 'c' } });
    const record = `${site}/fleet-1.0.dist-info/RECORD`;
    appendFileSync(join(root, record), 'fleet/gone.py,,\n');
    const a = entryAt(tree, `${site}/fleet/a.py`);
    const entries = tree.entries.map((entry) =>
      entry === a && entry.kind === 'file' ? { ...entry, sha256: '00'.repeat(32) } : entry,
    );
    writeFileSync(join(root, site, 'fleet/b.py'), 'longer');
    const extra: TreeEntry = {
      kind: 'file',
      path: `${site}/fleet/x.py`,
      mode: 0o644,
      size: 1,
      sha256: '',
      distribution: 'fleet',
    };
    writeFileSync(join(root, extra.path), 'x');
    expect(check({ ...tree, entries: [...entries, extra] })).toEqual([
      `${site}/fleet/a.py is not what RECORD of fleet 1.0 says`,
      `${site}/fleet/gone.py is not there, and RECORD of fleet 1.0 lists it`,
      `${site}/fleet/x.py of fleet stands in no RECORD`,
      `${record} was changed or removed while the package was being built`,
      `${site}/fleet/b.py was changed or removed while the package was being built`,
    ]);
  });

  it('finds a second distribution in a wheel', async () => {
    const files = { 'evil-1.0.dist-info/METADATA': 'Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n' };
    const data = Object.fromEntries(Object.entries(files).map(([name, text]) => [`purelib/${name}`, text]));
    expect(check(await treeOf({ files: { 'fleet.py': '' }, data }))).toEqual([
      `${site}/evil-1.0.dist-info says that evil is installed, and came with fleet`,
      `evil 1.0 has no RECORD in ${site}/evil-1.0.dist-info`,
    ]);
  });
});

const platform: TargetPlatform = { title: 'Debian 12', pythonVersion: '3.11.2', glibc: '2.36', architecture: 'x86_64' };

describe('checkRequirements', () => {
  it('is what pip check says, for the target', async () => {
    const tree = await treeOf(
      {
        requires: [
          'dep >= 2',
          'absent',
          'gone; python_version < "3"',
          'arm; platform_machine == "aarch64"',
          'Other.Dep',
          'extra-dep; extra == "more"',
        ],
        extras: ['more'],
      },
      { name: 'dep', version: '1.5' },
      { name: 'other-dep', version: '0.1b1' },
    );
    expect(checkRequirements(readInstalled(tree, site), platform).map(({ message }) => message)).toEqual([
      'fleet 1.0 requires dep>=2, and 1.5 is installed',
      'fleet 1.0 requires absent, which is not installed',
    ]);
  });

  it('knows which extra would bring a module', async () => {
    const requires = ['click; extra == "cli"', 'PyYAML; extra == "yaml"', 'dep; extra == "there"'];
    const tree = await treeOf({ requires, extras: ['cli', 'yaml', 'there'] }, { name: 'dep', version: '1' });
    const installed = readInstalled(tree, site);
    const fleet = installed.find(({ distribution }) => distribution === 'fleet')!;
    expect(absentExtras(fleet, 'click.core', installed, markersOf(platform))).toEqual({
      extras: ['cli'],
      exact: true,
    });
    expect(absentExtras(fleet, 'yaml', installed, markersOf(platform))).toEqual({
      extras: ['cli', 'yaml'],
      exact: false,
    });
    expect(absentExtras(installed[0]!, 'yaml', installed, markersOf(platform)).extras).toEqual([]);
  });
});

it('finds names that differ in case or normalisation only', async () => {
  const tree = await treeOf({
    files: { 'fleet/Readme': '', 'fleet/README': '', 'fleet/\u00e9': '', 'fleet/e\u0301': '' },
  });
  expect(findTwinNames(tree).map(({ message }) => message)).toEqual([
    `${site}/fleet/Readme (of fleet) differs from ${site}/fleet/README in case only`,
    `${site}/fleet/\u00e9 (of fleet) differs from ${site}/fleet/e\u0301 in the normalisation of Unicode only`,
  ]);
});

describe('what is accepted', () => {
  const finding = (path: string, check: HealthFinding['check'] = 'caches'): HealthFinding => ({
    check,
    severity: 'error',
    path,
    message: path,
  });
  const rule = (path: string, check: HealthFinding['check'] = 'caches') => ({ check, path, reason: 'why' });
  const places = placesOf('/opt/fleet', '3.11');

  it('is of the same check, below site-packages, below the prefix or absolute', () => {
    const findings = [
      finding(`${site}/a/x`),
      finding('/opt/fleet/bin/b'),
      finding(`${site}/c`),
      finding(`${site}/d`, 'links'),
    ];
    const accept = [rule('a'), rule('bin/*'), rule(`${site}/c`), rule('d')];
    const { errors, accepted, idle } = sift(findings, accept, places);
    expect(errors.map(({ path }) => path)).toEqual([`${site}/d`]);
    expect(accepted.map(({ reason }) => reason)).toEqual(['why', 'why', 'why']);
    expect(idle).toEqual([rule('d')]);
  });

  it('leaves one error for all the rest', () => {
    expect(healthError([], 'Debian 12')).toBeUndefined();
    const error = healthError(
      [finding('/x'), ...Array.from({ length: 25 }, (_, i) => finding(`/${String(i)}`, 'links'))],
      'D',
    );
    expect(error).toMatchObject({
      code: 'health-check-failed',
      message: expect.stringContaining('26 findings') as unknown,
    });
    expect(error?.details.at(0)).toBe('caches: /x');
    expect(error?.details.at(-1)).toBe('links: and 5 more');
  });
});

it('refuses a tree that is larger than its budget, naming who takes how much', async () => {
  const tree = await treeOf(
    { files: { 'fleet/a': 'x'.repeat(5000) } },
    { name: 'dep', files: { 'dep/a': 'x'.repeat(9000) } },
  );
  expect([oversizeError(tree, undefined), oversizeError(tree, 1e6)]).toEqual([undefined, undefined]);
  const error = oversizeError(tree, 10_000);
  expect(error).toMatchObject({
    code: 'too-large',
    details: [
      expect.stringMatching(/^9\.\d kB {2}dep$/) as unknown,
      expect.stringMatching(/^5\.\d kB {2}fleet$/) as unknown,
      expect.stringContaining('the virtual environment itself') as unknown,
    ],
  });
});
