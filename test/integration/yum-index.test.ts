import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { PackageFile, RpmEntry } from '../../src/repository/index-format.ts';
import { kinds, readRepomd, type Kind } from '../../src/repository/yum/repomd.ts';
import { readTree, type XmlTree } from '../../src/repository/yum/xml.ts';
import { yumIndex } from '../../src/repository/yum/yum-index.ts';
import { mustRun, requireTools, run } from '../support/machine.ts';
import { makeRpm } from '../support/rpms.ts';
import { testPorts } from '../support/tool-ports.ts';
import { fakeSigner, yumPlace, YumStore } from '../support/yum-store.ts';

const scratch = await mkdtemp(join(tmpdir(), 'cb-yum-'));
const { commands, environments } = testPorts({ cacheDirectory: scratch });
const format = yumIndex({ commands, environments, scratch: join(scratch, 'work') });
const place = yumPlace();
const signer = fakeSigner();
const packages = join(scratch, 'packages');
const files: PackageFile[] = [];

beforeAll(async () => {
  await requireTools('rpmbuild', 'createrepo_c', 'dnf', 'xmllint');
  await mkdir(packages);
  const changelog = ['* Mon Jan 01 2024 Zoë <zoe@example.com> - 1.0-1', '- Less < more & "quotes"'];
  files.push(
    await makeRpm(packages, {
      name: 'acme-app',
      version: '1.10',
      description: 'Umlauts äöü, <tags>, &amp; and ]]> "quotes".\n\nAnother paragraph.',
      preamble: [
        'URL: https://example.com/?a=1&b=2',
        'Vendor: Acme & Sons',
        'Requires: acme-libs >= 1:2.0-1, /bin/sh',
        'Requires(pre): shadow-utils',
        'Provides: bundled(x) = 1.0~rc1',
        'Conflicts: old-app < 1',
        'Obsoletes: older-app <= 0.9',
        'Recommends: nice',
        'Suggests: (one or two)',
        'Supplements: three',
        'Enhances: four',
      ],
      files: { '/usr/bin/acme': 'a', '/opt/acme/lib/a & b.py': 'b', '/etc/acme.conf': 'c', '/opt/acme/ü': 'd' },
      filesLines: ['%dir /opt/acme', '%ghost /opt/acme/lib/a.pyc', '%ghost %dir /opt/acme/cache'],
      changelog,
    }),
    await makeRpm(packages, { name: 'acme-app', version: '1.9', files: { '/usr/bin/acme': 'a' }, changelog }),
    await makeRpm(packages, { name: 'acme-app', version: '0.1', epoch: 2 }),
    await makeRpm(packages, { name: 'acme-libs', version: '2.0+local.1~rc1', epoch: 1, architecture: 'x86_64' }),
    await makeRpm(packages, { name: 'Acme-Caps', version: '1.0^git1', release: '0.1.el7' }),
  );
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

/** The name under which a document lists a package, its text, and everything in it, but without layout. */
function canonical(tree: XmlTree): unknown {
  const { name, namespace, attributes, children } = tree;
  const declarations = Object.keys(attributes).filter((key) => key === 'xmlns' || key.startsWith('xmlns:'));
  const own = Object.fromEntries(Object.entries(attributes).filter(([key]) => !declarations.includes(key)));
  if (name === 'location') return { name, href: basename(attributes['href'] ?? '') };
  // When the file came to lie where createrepo_c found it.
  if (name === 'time') delete own['file'];
  return { name, namespace, own, text: children.length === 0 ? tree.text : '', children: children.map(canonical) };
}

/** The packages of a document in an order of their own. */
function packagesIn(document: string): readonly string[] {
  return readTree(document, 'document')
    .children.map((tree) => JSON.stringify(canonical(tree)))
    .sort();
}

/** A directory as another tool sees it, with links to the packages under the names that we gave them. */
async function repositoryOf(name: string, which: readonly PackageFile[]): Promise<string> {
  const directory = join(scratch, name);
  await mkdir(directory);
  for (const file of which) await symlink(file.path, join(directory, format.fileOf(place, file)));
  return directory;
}

async function documentsIn(directory: string): Promise<Readonly<Record<Kind, string>>> {
  const repomd = readRepomd(await readFile(join(directory, 'repodata/repomd.xml'), 'utf8'), directory);
  const [primary = '', filelists = '', other = ''] = await Promise.all(
    kinds.map(async (kind) => gunzipSync(await readFile(join(directory, repomd.records[kind].href))).toString()),
  );
  return { primary, filelists, other };
}

async function publish(store: YumStore, which: readonly PackageFile[], date: number): Promise<void> {
  const published = await format.read(place, store, signer);
  const entries = [...(published?.entries ?? []), ...(await format.describe(place, which))];
  store.publish(await format.render({ place, entries, date, validUntil: undefined, signer }));
}

/** Writes what a store holds below a directory. */
async function writeOut(store: YumStore, directory: string): Promise<void> {
  for (const key of store.objects.keys()) {
    const path = join(directory, key.slice(place.root.length + 1));
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, store.bytes(key));
  }
}

function sorted(entries: readonly RpmEntry[]): readonly RpmEntry[] {
  return [...entries].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
}

describe('indexes of yum, made one package after another', () => {
  it('say the same as createrepo_c of all at once, and as mergerepo_c of each', async () => {
    const store = new YumStore();
    for (const [index, file] of files.entries()) await publish(store, [file], 1_760_000_000 + index);
    const [head = ''] = store.text(`${place.root}/mirrorlist`).trim().split('\n');
    const snapshot = head.slice(place.url.length + 1);
    const ours = join(scratch, 'ours');
    await writeOut(store, ours);

    const atOnce = await repositoryOf('at-once', files);
    await mustRun(['createrepo_c', '--quiet', '--no-database', '--general-compress-type=gz', atOnce]);
    const parts: string[] = [];
    for (const [index, file] of files.entries()) {
      const part = await repositoryOf(`part-${String(index)}`, [file]);
      await mustRun(['createrepo_c', '--quiet', '--no-database', '--general-compress-type=gz', part]);
      parts.push(`--repo=file://${part}`);
    }
    const merged = join(scratch, 'merged');
    await mustRun(['mergerepo_c', '--all', '--omit-baseurl', '--compress-type=gz', `--outputdir=${merged}`, ...parts]);

    const [expected, other, fixed, snapped] = await Promise.all(
      [atOnce, merged, ours, join(ours, snapshot)].map(documentsIn),
    );
    for (const kind of kinds) {
      const wanted = packagesIn(expected![kind]);
      expect(wanted).toHaveLength(files.length);
      expect(packagesIn(fixed![kind])).toEqual(wanted);
      expect(packagesIn(snapped![kind])).toEqual(wanted);
      expect(packagesIn(other![kind])).toEqual(wanted);
    }
    // The comparison bites: an attribute or a text that differs is seen.
    expect(packagesIn(expected!.primary.replace('Acme &amp; Sons', 'Acme'))).not.toEqual(packagesIn(expected!.primary));
    expect(packagesIn(expected!.primary.replace('epoch="2"', 'epoch="3"'))).not.toEqual(packagesIn(expected!.primary));
  });

  it('are well-formed for xmllint, and name files of the sizes and hashes that are there', async () => {
    const ours = join(scratch, 'ours');
    const repomd = await readFile(join(ours, 'repodata/repomd.xml'), 'utf8');
    await mustRun(['xmllint', '--noout', join(ours, 'repodata/repomd.xml')]);
    for (const [kind, document] of Object.entries(await documentsIn(ours))) {
      const path = join(scratch, `${kind}.xml`);
      await writeFile(path, document);
      await mustRun(['xmllint', '--noout', path]);
      const { stdout } = await mustRun(['sha256sum', path]);
      expect(repomd).toContain(`<open-checksum type="sha256">${stdout.split(' ')[0] ?? ''}</open-checksum>`);
      expect(repomd).toContain(`<open-size>${String(Buffer.byteLength(document))}</open-size>`);
    }
    expect((await run(['xmllint', '--noout', '-'], { input: '<a>' })).exitCode).not.toBe(0);
  });

  it('tell dnf the same as those of createrepo_c', async () => {
    const query = async (directory: string, ...options: readonly string[]): Promise<string> => {
      const { stdout } = await mustRun([
        'dnf',
        '--quiet',
        '--noplugins',
        '--forcearch=x86_64',
        '--releasever=1',
        `--installroot=${join(scratch, 'dnf-root')}`,
        `--setopt=cachedir=${join(scratch, `dnf-${basename(directory)}`)}`,
        `--repofrompath=local,file://${directory}`,
        '--disablerepo=*',
        '--enablerepo=local',
        '--setopt=reposdir=/nonexistent',
        '--setopt=skip_if_unavailable=False',
        '--setopt=local.skip_if_unavailable=False',
        'repoquery',
        ...options,
      ]);
      return stdout.split('\n').sort().join('\n');
    };
    const fields = '%{evr} %{name} %{arch} %{size} %{installsize} %{buildtime} %{license} %{url} %{vendor} %{summary}';
    for (const options of [
      ['--queryformat', fields],
      ['--list', 'acme-app'],
      ['--requires', 'acme-app'],
      ['--provides', 'acme-app'],
      ['--recommends', 'acme-app'],
      ['--changelogs', 'acme-app'],
      ['--latest-limit=1', 'acme-app'],
    ]) {
      const ours = await query(join(scratch, 'ours'), ...options);
      expect(ours).toEqual(await query(join(scratch, 'at-once'), ...options));
      expect(ours).not.toBe('');
    }
    expect(await query(join(scratch, 'ours'), '--latest-limit=1', 'acme-app')).toContain('acme-app-2:0.1-1.noarch');
  });

  it('are read as they were written, whatever the order of the publications', async () => {
    const [forwards, backwards] = [new YumStore(), new YumStore()];
    for (const file of files) await publish(forwards, [file], 1_760_000_000);
    await publish(backwards, [...files].reverse(), 1_760_000_000);
    const [one, other] = [await format.read(place, forwards, signer), await format.read(place, backwards, signer)];
    expect(one?.entries).toEqual(other?.entries);
    expect(backwards.text(`${place.root}/repodata/repomd.xml`)).toBe(
      forwards.text(`${place.root}/repodata/repomd.xml`),
    );
    const described = await format.describe(place, files);
    expect(sorted(one!.entries as readonly RpmEntry[])).toEqual(sorted(described as readonly RpmEntry[]));
    expect(
      described.map(({ name, version, architecture, size, sha256 }) => [name, version, architecture, size, sha256]),
    ).toEqual(
      files.map(({ name, version, architecture, size, sha256 }) => [name, version, architecture, size, sha256]),
    );
    expect(described[3]?.file).toBe('acme-libs-2.0_local.1~rc1-1.x86_64.rpm');
  });
});

describe('packages that cannot be described', () => {
  it('names the file that is no rpm', async () => {
    const path = join(scratch, 'broken.rpm');
    await writeFile(path, 'no rpm');
    await expect(format.describe(place, [files[0]!, { ...files[1]!, path }])).rejects.toThrow(
      expect.objectContaining({ code: 'archive-invalid', message: expect.stringContaining(path) as string }) as Error,
    );
  });

  it('names the file that is another one than its facts say', async () => {
    await expect(format.describe(place, [{ ...files[0]!, path: files[1]!.path }])).rejects.toThrow(
      expect.objectContaining({ code: 'hash-mismatch' }) as Error,
    );
  });
});

describe('a repository that createrepo_c made', () => {
  it('is taken over once somebody has signed it', async () => {
    const store = new YumStore();
    const directory = join(scratch, 'at-once');
    const repomd = await readFile(join(directory, 'repodata/repomd.xml'), 'utf8');
    store.write(`${place.root}/repodata/repomd.xml`, repomd);
    for (const { href } of Object.values(readRepomd(repomd, 'repomd').records))
      store.write(`${place.root}/${href}`, await readFile(join(directory, href)));
    await expect(format.read(place, store, signer)).rejects.toThrow(
      expect.objectContaining({
        code: 'signature-invalid',
        hint: expect.stringContaining('--detach-sign') as string,
      }) as Error,
    );
    store.write(`${place.root}/repodata/repomd.xml.asc`, await signer.detachSign(Buffer.from(repomd)));
    const adopted = await format.read(place, store, signer);
    expect(adopted).toMatchObject({ etag: undefined, staleAliases: [] });
    expect(adopted?.entries).toHaveLength(files.length);
    store.publish(
      await format.render({ place, entries: adopted!.entries, date: adopted!.date + 1, validUntil: undefined, signer }),
    );
    const published = await format.read(place, store, signer);
    expect(published).toMatchObject({ date: adopted!.date + 1, staleAliases: [] });
    expect(sorted(published!.entries as readonly RpmEntry[])).toEqual(sorted(adopted!.entries as readonly RpmEntry[]));
  });
});
