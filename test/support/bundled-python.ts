import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, readdirSync, realpathSync } from 'node:fs';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { mustRun, requireTools } from './machine.ts';

/** An archive of the kind that a manifest can bundle. */
export interface BundledPython {
  readonly path: string;
  readonly sha256: string;
  /** `3.11.2`. */
  readonly version: string;
}

/** Parts of glibc stay the system's: only they fit its kernel and each other. */
const ofGlibc = /^(?:ld-linux.*|lib(?:c|m|dl|pthread|rt|util|resolv))\.so/;

/** The libraries beside glibc that a program or a module loads, as ldd finds them. */
async function librariesOf(path: string): Promise<readonly string[]> {
  const { stdout } = await mustRun(['ldd', path]);
  return [...stdout.matchAll(/=> (\/\S+)/g)]
    .map((match) => match[1] ?? '')
    .filter((file) => !ofGlibc.test(basename(file)));
}

async function relocate(path: string, directory: string): Promise<void> {
  chmodSync(path, 0o755);
  await mustRun(['patchelf', '--set-rpath', directory, path]);
}

/** Why {@link bundleDebianPython} cannot be used here; undefined when it can. */
export function whyNoDebianPython(): string | undefined {
  return existsSync('/usr/bin/python3.11') && existsSync('/usr/lib/python3.11/os.py')
    ? undefined
    : "Debian's python3.11 with libpython3.11-stdlib is not installed";
}

/**
 * Makes a relocatable archive, of the shape of python-build-standalone's `install_only`, of Debian's python3.11: with its
 * libraries beside it, and with the marks of the machine that builds those archives.
 * @param directory an empty one of the test's own
 */
export async function bundleDebianPython(directory: string): Promise<BundledPython> {
  await requireTools('patchelf');
  const home = join(directory, 'python');
  const library = join(home, 'lib/python3.11');
  await mkdir(join(home, 'bin'), { recursive: true });
  await cp('/usr/lib/python3.11', library, {
    recursive: true,
    dereference: true,
    filter: (path) => !/\/(?:__pycache__|sitecustomize\.py|EXTERNALLY-MANAGED)$/.test(path),
  });
  const program = join(home, 'bin/python3.11');
  await cp(realpathSync('/usr/bin/python3.11'), program);
  await symlink('python3.11', join(home, 'bin/python3'));
  await symlink('python3', join(home, 'bin/python'));

  const modules = readdirSync(join(library, 'lib-dynload')).map((name) => join(library, 'lib-dynload', name));
  const libraries = new Set<string>();
  for (const file of [program, ...modules]) for (const path of await librariesOf(file)) libraries.add(path);
  for (const path of libraries) {
    const copy = join(home, 'lib', basename(path));
    // OpenSSL looks for certificates where the machine that built it has them; both paths are as long.
    const bytes = await readFile(realpathSync(path), 'latin1');
    await writeFile(copy, bytes.replaceAll('/usr/lib/ssl', '/install/ssl'), 'latin1');
    await relocate(copy, '$ORIGIN');
  }
  await relocate(program, '$ORIGIN/../lib');
  for (const path of modules) await relocate(path, '$ORIGIN/../..');

  // What a build elsewhere leaves behind.
  for (const name of readdirSync(library).filter((each) => each.startsWith('_sysconfigdata'))) {
    const path = join(library, name);
    if (!lstatSync(path).isFile()) continue;
    const text = (await readFile(path, 'utf8'))
      .replace(/'prefix': '\/usr'/, "'prefix': '/install'")
      .replace(/'CC': '[^']*'/, "'CC': '/tools/clang-linux64/bin/clang -pthread'")
      .replace(/'LIBDIR': '[^']*'/, "'LIBDIR': '/install/lib'");
    await writeFile(path, text);
  }
  await writeFile(join(home, 'bin/pip3'), '#!/install/bin/python3.11\nprint("pip")\n', { mode: 0o755 });
  const { stdout } = await mustRun([program, '-I', '-B', '-c', 'import platform; print(platform.python_version())']);

  const path = join(directory, 'cpython-install_only.tar.gz');
  await mustRun(['tar', '--create', '--gzip', '--owner=0', '--group=0', '--numeric-owner', '--file', path, 'python'], {
    cwd: directory,
  });
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  return { path, sha256, version: stdout.trim() };
}
