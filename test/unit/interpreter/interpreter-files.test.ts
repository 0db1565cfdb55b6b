import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openInterpreter, type InterpreterFiles } from '../../../src/interpreter/interpreter-files.ts';
import { interpreterParts, type InterpreterPart } from '../../../src/manifest/manifest.ts';
import { inventory } from '../../../src/tree/inventory.ts';
import { elfLibrary } from '../../support/elf.ts';
import { tarball, type TarPart } from '../../support/tar.ts';
import { assemble, targetOf, wheelhouseOf } from '../../support/trees.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-interpreter-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

const elf = elfLibrary({ needed: ['libc.so.6'] });
/** A program whose OpenSSL was configured elsewhere. */
const program = Buffer.concat([elf, Buffer.from('OPENSSLDIR: "/install/ssl"\0')]);

const usual: readonly TarPart[] = [
  { path: 'python/', type: '5', mode: 0o755 },
  { path: 'python/bin/python3', type: '2', target: 'python3.12' },
  { path: 'python/bin/python', type: '1', target: 'python/bin/python3.12' },
  { path: 'python/bin/python3.12', content: program, mode: 0o755 },
  { path: 'python/bin/pip3', content: '#!/install/bin/python3.12\n', mode: 0o755 },
  { path: 'python/bin/2to3', type: '2', target: '2to3-3.12' },
  { path: 'python/bin/2to3-3.12', content: '#!/install/bin/python3.12\n', mode: 0o755 },
  { path: 'python/include/python3.12/patchlevel.h', content: '#define PY_VERSION              "3.12.3"\n' },
  { path: 'python/lib/libpython3.12.so.1.0', content: elf, mode: 0o775 },
  { path: 'python/lib/libpython3.12.so', type: '2', target: 'libpython3.12.so.1.0' },
  { path: 'python/lib/python3.12/LICENSE.txt', content: 'PSF\n' },
  { path: 'python/lib/python3.12/os.py', content: '#! /usr/local/bin/python\n', mode: 0o755 },
  { path: 'python/lib/python3.12/__pycache__/os.cpython-312.pyc', content: 'code' },
  { path: 'python/lib/python3.12/test/test_os.py', content: '' },
  { path: 'python/lib/python3.12/_sysconfigdata__linux.py', content: "build_time_vars = {'prefix': '/install'}\n" },
];

async function open(
  parts: readonly TarPart[] = usual,
  { version = '3.12.3', prune = interpreterParts }: { version?: string; prune?: readonly InterpreterPart[] } = {},
): Promise<InterpreterFiles> {
  const archive = join(directory, 'cpython.tar.gz');
  writeFileSync(archive, tarball(parts));
  const minor = version.split('.').slice(0, 2).join('.');
  const path = `/opt/fleet/python/bin/python${minor}`;
  return openInterpreter({
    archive,
    prefix: '/opt/fleet',
    interpreter: { version, minor, path, bundle: { archive, sha256: '', prune } },
  });
}

async function contents(files: InterpreterFiles): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for await (const { path, content } of files.contents()) found.set(path, content.toString());
  return found;
}

describe('openInterpreter', () => {
  it('takes what an application needs, with modes of ours, and nothing that leads nowhere', async () => {
    const { members } = await open();
    const listed = members.map((member) =>
      member.kind === 'file' ? `${member.path} ${member.mode.toString(8)}` : `${member.path} -> ${member.target}`,
    );
    expect(listed.sort()).toEqual([
      'lib/python3.12/site-packages/_coachbuilder_runtime.pth 644',
      'lib/python3.12/site-packages/_coachbuilder_runtime.py 644',
      'python/LICENSE.txt -> lib/python3.12/LICENSE.txt',
      'python/bin/python -> python3.12',
      'python/bin/python3 -> python3.12',
      'python/bin/python3.12 755',
      'python/lib/libpython3.12.so -> libpython3.12.so.1.0',
      'python/lib/libpython3.12.so.1.0 755',
      'python/lib/python3.12/LICENSE.txt 644',
      'python/lib/python3.12/_sysconfigdata__linux.py 644',
      'python/lib/python3.12/os.py 644',
    ]);
  });

  it('takes the machine that built it out of what it lays down', async () => {
    const found = await contents(await open());
    expect(found.get('python/lib/python3.12/_sysconfigdata__linux.py')).toBe(
      "build_time_vars = {'prefix': '/opt/fleet/python'}\n",
    );
    expect(found.get('python/lib/python3.12/os.py')).toBe('#! /usr/local/bin/python\n');
    expect(found.get('lib/python3.12/site-packages/_coachbuilder_runtime.py')).toContain('"/install/ssl/cert.pem"');
  });

  it('keeps everything but bytecode when nothing is pruned, and gives its scripts the interpreter', async () => {
    const files = await open(usual, { prune: [] });
    const paths = files.members.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining(['python/bin/pip3', 'python/bin/2to3', 'python/lib/python3.12/test/test_os.py']),
    );
    expect(paths.filter((path) => path.includes('__pycache__'))).toEqual([]);
    expect((await contents(files)).get('python/bin/pip3')).toBe('#!/opt/fleet/python/bin/python3.12\n');
  });

  it('lays a licence that lies at the top beside the interpreter', async () => {
    const files = await open([...usual, { path: 'python/LICENSE.rst', content: 'all of them\n' }]);
    const licenses = files.members.map(({ path }) => path).filter((path) => path.startsWith('python/LICENSE'));
    expect(licenses).toEqual(['python/LICENSE.rst']);
  });

  it('becomes a part of a tree, whose inventory is true', async () => {
    const interpreter = await open();
    const root = join(directory, 'root');
    const path = '/opt/fleet/python/bin/python3.12';
    const bundle = { archive: '', sha256: '', prune: [] };
    const target = { ...targetOf(), interpreter: { version: '3.12.3', minor: '3.12', path, bundle } };
    const tree = await assemble({ root, wheelhouse: wheelhouseOf(), target, interpreter });
    expect(await inventory(root, '/opt/fleet')).toEqual(tree.entries);
    const at = new Map(tree.entries.map((entry) => [entry.path, entry]));
    expect(at.get('/opt/fleet/bin/python3.12')).toMatchObject({ target: '../python/bin/python3.12' });
    expect(at.get(path)).toMatchObject({ mode: 0o755, elf: { machine: 62, elfClass: 64 } });
  });

  it.each([
    ['of another version', usual, '3.12.4', 'cpython.tar.gz holds CPython 3.12.3, and the manifest says 3.12.4'],
    [
      'without the interpreter of the minor version',
      usual,
      '3.11.9',
      'cpython.tar.gz holds no CPython 3.11 (python/bin/python3.11 and its library)',
    ],
    [
      'of another shape',
      [{ path: 'bin/python3.12' }],
      '3.12.3',
      'cpython.tar.gz has members outside of python/, such as bin/python3.12',
    ],
    [
      'that is the full one',
      [{ path: 'python/PYTHON.json', content: '{}' }],
      '3.12.3',
      'cpython.tar.gz is a full archive of python-build-standalone',
    ],
    [
      'that writes outside',
      [{ path: 'python/../../etc/passwd' }],
      '3.12.3',
      'cpython.tar.gz has a member that leads out of its directory: "python/../../etc/passwd"',
    ],
    [
      'with a link that leads outside',
      [...usual, { path: 'python/lib/x', type: '2', target: '../../../etc/passwd' }],
      '3.12.3',
      'cpython.tar.gz has a link that leads out of it: lib/x -> ../../../etc/passwd',
    ],
    [
      'with an absolute link',
      [...usual, { path: 'python/lib/x', type: '2', target: '/etc/passwd' }],
      '3.12.3',
      'cpython.tar.gz has a link that leads out of it: lib/x -> /etc/passwd',
    ],
    [
      'with a device',
      [...usual, { path: 'python/lib/x', type: '3' }],
      '3.12.3',
      'cpython.tar.gz has a member that is no file: lib/x',
    ],
  ] as const)('refuses an archive %s', async (_title, parts, version, message) => {
    await expect(open(parts, { version })).rejects.toMatchObject({ code: 'interpreter-invalid', message });
  });
});
