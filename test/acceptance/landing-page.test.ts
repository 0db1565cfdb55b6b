import { readFileSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { findArchitecture } from '../../src/model/architecture.ts';
import { formatArchitecture } from '../../src/model/format.ts';
import { makeDeb } from '../support/apt-repository.ts';
import { serveDirectory, type DirectoryServer } from '../support/directory-server.ts';
import { makeTestKey, type TestKey } from '../support/keys.ts';
import { failureText, mustRun, requireTools, type Outcome } from '../support/machine.ts';
import { aDistribution } from '../support/manifest.ts';
import { debianRoot, describeWithRoots, type DebianRelease, type Root } from '../support/roots.ts';
import { makeRpm } from '../support/rpms.ts';

/*
 * The commands of the landing page, typed as they stand there into root's shell on systems that know nothing of the
 * repository, which is published by our own program and served over HTTP.
 */

const command = (name: string): string => join(import.meta.dirname, '../../admin', name);
const releases = ['debian-11', 'debian-12', 'debian-13'] as const satisfies readonly DebianRelease[];
const rpmSystems = ['rocky-9', 'opensuse-leap-15.6'] as const;
const native = findArchitecture(process.arch === 'arm64' ? 'aarch64' : 'x86_64')!;
const versions = ['1.0.0', '1.1.0', '1.2.0~rc1'] as const;

let directory: string;
let server: DirectoryServer;
let key: TestKey;

async function makeDebs(output: string, release: DebianRelease): Promise<void> {
  const { tag } = aDistribution(release);
  const architecture = formatArchitecture('deb', 'native', native);
  for (const upstream of versions) {
    const version = `${upstream}-1${tag}`;
    const main = await makeDeb(directory, { name: 'acme-python-fleet', version, architecture });
    await rename(main.path, join(output, `acme-python-fleet_${version}_${architecture}.deb`));
    const fields = [`Depends: acme-python-fleet (= ${version})`];
    const client = await makeDeb(directory, { name: 'acme-fleet-cli', version, architecture: 'all', fields });
    await rename(client.path, join(output, `acme-fleet-cli_${version}_all.deb`));
  }
}

async function makeRpms(output: string, id: (typeof rpmSystems)[number]): Promise<void> {
  const architecture = formatArchitecture('rpm', 'native', native);
  for (const version of versions) {
    const release = `1${aDistribution(id).tag}`;
    await makeRpm(output, { name: 'acme-python-fleet', version, release, architecture });
    const preamble = [`Requires: acme-python-fleet = ${version}-${release}`];
    await makeRpm(output, { name: 'acme-fleet-cli', version, release, preamble });
  }
}

beforeAll(async () => {
  await requireTools('gpg', 'dpkg-deb', 'rpmbuild', 'createrepo_c');
  directory = await mkdtemp(join(tmpdir(), 'cbland-'));
  key = await makeTestKey({ algorithm: 'rsa3072' });
  const [store, project, packages] = ['web', 'project', 'packages'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [store, project, packages]) await mkdir(path);
  server = await serveDirectory(store);
  await writeFile(join(project, 'acme.asc'), key.publicKey);
  const manifest = [
    'name: acme',
    'vendor: Acme',
    'maintainer: Acme Packaging <packaging@example.com>',
    'license: Apache-2.0',
    'url: https://example.com/acme',
    'package-prefix: acme',
    `release: {id: acme, name: Acme packages, baseurl: "${server.address}", key: acme.asc}`,
    `repository: {store: ${store}}`,
    '',
  ];
  await writeFile(join(project, 'coachbuilder.yaml'), manifest.join('\n'));
  const makeReleasePackages = async (ids: readonly string[], output: string): Promise<void> => {
    const options = [`--distribution=${ids.join(',')}`, '--lint=off', '-d', output];
    await mustRun([command('build-release-package'), ...options, project]);
  };
  await makeReleasePackages(releases, packages);
  for (const release of releases) await makeDebs(packages, release);
  for (const id of rpmSystems) {
    // Called by the distribution: the tag .el9 is that of several.
    const rpms = join(packages, id);
    await mkdir(rpms);
    await makeReleasePackages([id], rpms);
    await makeRpms(rpms, id);
  }
  const build = `--build-directory=${join(directory, 'build')}`;
  await mustRun([command('publish-packages'), '--progress=plain', build, packages], {
    cwd: project,
    env: { GNUPGHOME: key.gpgHome, XDG_CACHE_HOME: join(directory, 'cache') },
  });
}, 300_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await key[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

/** Commands with the heading above them. */
type Blocks = ReadonlyMap<string, string>;

function unescape(text: string): string {
  return text.replaceAll(/<[^>]*>/g, '').replaceAll(/&(lt|gt|quot|#39|#96|amp);/g, (_whole, name: string) => {
    return { lt: '<', gt: '>', quot: '"', '#39': "'", '#96': '`', amp: '&' }[name] ?? '';
  });
}

function page(name: string): string {
  return readFileSync(join(directory, 'web', name), 'utf8');
}

/** The commands of a distribution, from the landing page: all that stands in `<pre>`. */
function blocksOfPage(id: string): Blocks {
  const section = page('index.html').split(`<section id="${id}"`)[1]?.split('</section>')[0] ?? '';
  return new Map(
    [...section.matchAll(/<h3>([^<]*)<\/h3>\n(?:<p>[^<]*<\/p>\n)?<pre[^>]*>([\s\S]*?)<\/pre>/g)].map(
      ([, title = '', code = '']) => [title, unescape(code)],
    ),
  );
}

/** The same from install.md: all that stands in fences. */
function blocksOfMarkdown(title: string): Blocks {
  const section = page('install.md').split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
  return new Map(
    [...section.matchAll(/^### (.*)\n+(?:[^`#\n].*\n+)?```sh\n([\s\S]*?)^```$/gm)].map(
      ([, heading = '', code = '']) => [heading, code],
    ),
  );
}

const headings = [
  'Add the repository',
  'Install acme-fleet-cli',
  'Install a certain version',
  'Upgrade it',
  'Try what is not released yet',
  'Remove it',
  'Remove the repository',
] as const;
type Heading = (typeof headings)[number];

/** Pastes commands into a shell: what one of them reads from the terminal would be gone for the next. */
async function paste(root: Root, commands: string | undefined): Promise<Outcome> {
  if (commands === undefined) throw new Error('the page has no such commands');
  return root.run(['bash', '-e'], { input: commands });
}

async function carryOut(root: Root, blocks: Blocks, heading: Heading): Promise<void> {
  const commands = blocks.get(heading);
  const outcome = await paste(root, commands);
  if (outcome.exitCode !== 0) throw new Error(failureText([heading, commands ?? ''], outcome));
}

it.each([
  ['debian-11', 'Debian 11'],
  ['debian-12', 'Debian 12'],
  ['debian-13', 'Debian 13'],
  ['rocky-9', 'Rocky Linux 9'],
  ['opensuse-leap-15.6', 'openSUSE Leap 15.6'],
])('the page and install.md have the same commands for %s', (id, title) => {
  const blocks = blocksOfPage(id);
  expect([...blocks.keys()]).toEqual(headings);
  expect(blocksOfMarkdown(title)).toEqual(blocks);
});

it('the page tells the fingerprint that gpg tells of the published key', async () => {
  const section = page('index.html').split('<section id="key"')[1] ?? '';
  const shown = /class="fingerprint">([^<]*)</.exec(section)?.[1];
  const { stdout } = await mustRun(['gpg', '--show-keys', '--with-fingerprint', join(directory, 'web/acme.asc')], {
    env: { GNUPGHOME: key.gpgHome },
  });
  // gpg sets two spaces in the middle.
  expect(stdout.replaceAll(/ +/g, ' ')).toContain(shown);
  expect(shown?.replaceAll(' ', '')).toBe(key.fingerprint);
});

describeWithRoots('the commands of the landing page', () => {
  async function openDebian(release: DebianRelease): Promise<Root> {
    const root = await debianRoot(release);
    // This machine's way to the archive may be a proxy; the repository is here.
    await writeFile(join(root.path, 'etc/apt/apt.conf.d/99direct'), 'Acquire::http::Proxy::127.0.0.1 "DIRECT";\n');
    return root;
  }

  async function debVersion(root: Root, name: string): Promise<string> {
    const { stdout } = await root.run(['dpkg-query', '--show', '--showformat=${db:Status-Abbrev}${Version}', name]);
    return stdout.startsWith('ii ') ? stdout.slice(3) : 'none';
  }

  it.each(releases)(
    'install, go back, upgrade, try and remove on %s',
    async (release) => {
      await using root = await openDebian(release);
      const blocks = blocksOfPage(release);
      const { tag } = aDistribution(release);
      const expectVersion = async (upstream: string): Promise<void> => {
        const version = upstream === 'none' ? upstream : `${upstream}-1${tag}`;
        expect(await debVersion(root, 'acme-fleet-cli')).toBe(version);
        expect(await debVersion(root, 'acme-python-fleet')).toBe(version);
      };

      // Another file than the one that the page names is not installed.
      const stable = `/debian/acme-release.${release.replace('-', '')}.all.deb`;
      const content = readFileSync(join(directory, 'web', stable));
      server.replace(stable, Buffer.concat([content, Buffer.from('\n')]));
      const refused = await paste(root, blocks.get('Add the repository'));
      server.replace(stable, undefined);
      expect(`${refused.stdout}${refused.stderr}`).toContain('FAILED');
      expect(await debVersion(root, 'acme-release')).toBe('none');

      await carryOut(root, blocks, 'Add the repository');
      expect(await debVersion(root, 'acme-release')).toMatch(/^1-1\+/);
      await carryOut(root, blocks, 'Install acme-fleet-cli');
      await expectVersion('1.1.0');
      await carryOut(root, blocks, 'Install a certain version');
      await expectVersion('1.0.0');
      await carryOut(root, blocks, 'Upgrade it');
      await expectVersion('1.1.0');
      await carryOut(root, blocks, 'Try what is not released yet');
      await expectVersion('1.2.0~rc1');
      await carryOut(root, blocks, 'Remove it');
      await expectVersion('none');
      await carryOut(root, blocks, 'Remove the repository');
      expect(await debVersion(root, 'acme-release')).toBe('none');
      expect((await root.run(['apt-cache', 'policy', 'acme-fleet-cli'])).stdout).not.toContain(server.address);
      expect(root.filesBelow('/etc/apt/sources.list.d').filter((name) => name.startsWith('acme'))).toEqual([]);
    },
    600_000,
  );

  /** Debian with dnf and zypper, told what a system with rpm is told: its name for itself, a keyring for rpm. */
  async function openRpm(version: string): Promise<Root> {
    const root = await debianRoot('debian-12', ['curl', 'dnf', 'gpg', 'rpm', 'zypper']);
    await writeFile(join(root.path, 'root/.rpmmacros'), '%_dbpath /var/lib/rpm\n');
    await root.must(['rpm', '--initdb']);
    const base = await makeRpm(directory, {
      ...{ name: 'standin-release', version },
      preamble: [
        ...[`Provides: system-release = ${version}`, `Provides: system-release(releasever) = ${version}`],
        'Provides: /bin/sh',
      ],
    });
    await root.must(['rpm', '--install', ...(await root.copyIn([base.path]))]);
    rmSync(base.path);
    return root;
  }

  async function rpmVersion(root: Root, name: string): Promise<string> {
    const { exitCode, stdout } = await root.run(['rpm', '--query', '--queryformat', '%{VERSION}', name]);
    return exitCode === 0 ? stdout : 'none';
  }

  /** All blocks, one after the other, after another key and a package that nobody has signed were refused. */
  async function carryAllOut(root: Root, id: (typeof rpmSystems)[number], refusal: string): Promise<void> {
    const blocks = blocksOfPage(id);
    const expectVersion = async (version: string): Promise<void> => {
      expect(await rpmVersion(root, 'acme-fleet-cli')).toBe(version);
      expect(await rpmVersion(root, 'acme-python-fleet')).toBe(version);
    };

    // Neither another key than the one that the page names is trusted, nor a package that it has not signed.
    server.replace('/acme.asc', Buffer.from('another key'));
    const refused = await paste(root, blocks.get('Add the repository'));
    server.replace('/acme.asc', undefined);
    expect(`${refused.stdout}${refused.stderr}`).toContain('FAILED');
    expect(await rpmVersion(root, 'acme-release')).toBe('none');
    const { tag, vendor } = aDistribution(id);
    const stable = `/${vendor}/acme-release${tag}.noarch.rpm`;
    server.replace(stable, readFileSync(join(directory, `packages/${id}/acme-release-1-1${tag}.noarch.rpm`)));
    const doubted = await paste(root, blocks.get('Add the repository'));
    server.replace(stable, undefined);
    expect(`${doubted.stdout}${doubted.stderr}`).toContain(refusal);
    expect(await rpmVersion(root, 'acme-release')).toBe('none');

    await carryOut(root, blocks, 'Add the repository');
    expect(await rpmVersion(root, 'acme-release')).toBe('1');
    await carryOut(root, blocks, 'Install acme-fleet-cli');
    await expectVersion('1.1.0');
    await carryOut(root, blocks, 'Install a certain version');
    await expectVersion('1.0.0');
    await carryOut(root, blocks, 'Upgrade it');
    await expectVersion('1.1.0');
    await carryOut(root, blocks, 'Try what is not released yet');
    await expectVersion('1.2.0~rc1');
    await carryOut(root, blocks, 'Remove it');
    await expectVersion('none');
    await carryOut(root, blocks, 'Remove the repository');
    expect(await rpmVersion(root, 'acme-release')).toBe('none');
    expect((await root.run(['rpm', '--query', 'gpg-pubkey'])).stdout).toContain('is not installed');
  }

  it('install, go back, upgrade, try and remove on a system with dnf', async () => {
    await using root = await openRpm('9');
    // What an EL 9 has in it.
    const configuration = [
      'gpgcheck=True',
      'clean_requirements_on_remove=True',
      'best=True',
      'skip_if_unavailable=False',
    ];
    await writeFile(join(root.path, 'etc/dnf/dnf.conf'), `${['[main]', ...configuration].join('\n')}\n`);
    await carryAllOut(root, 'rocky-9', 'is not signed');
    expect(root.filesBelow('/etc/yum.repos.d')).toEqual([]);
  }, 600_000);

  it('install, go back, upgrade, try and remove on a system with zypper', async () => {
    await using root = await openRpm('15.6');
    await carryAllOut(root, 'opensuse-leap-15.6', 'is not signed');
    expect((await root.run(['zypper', 'repos'])).stdout).not.toContain('acme');
  }, 600_000);
});
