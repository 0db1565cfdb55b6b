import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { readManifest } from '../../../src/manifest/read.ts';
import { explain, type Sources } from '../../../src/verification/explain/explain.ts';
import { ManifestPlaces } from '../../../src/verification/explain/written.ts';

const directory = mkdtempSync(join(tmpdir(), 'coachbuilder-explain-'));

afterAll(() => {
  rmSync(directory, { recursive: true });
});

function sources(paths: readonly string[], depends: readonly string[], manifest?: ManifestPlaces): Sources {
  const kind = (path: string): 'file' | 'directory' => (path.endsWith('/') ? 'directory' : 'file');
  const entries = paths.map((each) => ({
    path: each.replace(/\/$/, ''),
    kind: kind(each),
    mode: 0o644,
    target: undefined,
  }));
  const content: Sources['content'] = {
    file: '/packages/a.rpm',
    format: 'rpm',
    name: 'a',
    version: '1-1',
    architecture: 'x86_64',
    relations: depends.map((name) => ({ field: 'Requires', names: [name], text: name })),
    entries: new Map(entries.map((entry) => [entry.path, entry])),
    read: () => Promise.resolve(new Map()),
  };
  return { content, held: undefined, targets: [], manifest, lock: undefined };
}

describe('why something is in a package', () => {
  test.each([
    ['shadow-utils', '/usr/lib/sysusers.d/a.conf', 'the scripts of the package make users or groups with its tools'],
    ['passwd', '/usr/lib/sysusers.d/a.conf', 'the scripts of the package make users or groups with its tools'],
    ['logrotate', '/etc/logrotate.d/a', 'it rotates the logs that a file of the package names'],
  ])('%s: what needs it is in the package', (name, path, reason) => {
    expect(explain(name, sources([path], [name]))).toMatchObject({ reason });
    expect(explain(name, sources([], [name]))).not.toMatchObject({ reason });
  });

  test('a directory of a service: the line of the manifest', async () => {
    const file = join(directory, 'coachbuilder.yaml');
    writeFileSync(
      file,
      'packages:\n  node:\n    services:\n      fleet:\n        command: fleet\n        state-directory: [fleet, other/fleet]\n',
    );
    const manifest = await readManifest({ startDirectory: directory });
    const held = sources(
      ['/var/lib/fleet/', '/var/lib/other/', '/var/lib/fleetx/'],
      [],
      await ManifestPlaces.read(manifest!),
    );
    const said = { manifest: { file, line: 6, what: 'packages.node.services.fleet.state-directory' } };
    expect(explain('/var/lib/fleet', held)).toMatchObject(said);
    expect(explain('/var/lib/other', held)).toMatchObject(said);
    expect(explain('/var/lib/fleetx', held)).not.toMatchObject(said);
  });

  test('the changelog of an application, by whatever name', () => {
    const reason = 'what changed, from the changelog of the application (Debian Policy 12.7)';
    expect(explain('/usr/share/doc/a/NEWS.rst', sources(['/usr/share/doc/a/NEWS.rst'], []))).toMatchObject({ reason });
  });
});
