import type { InterpreterPart } from '../manifest/manifest.ts';

/**
 * Which members belong to which part; `@` stands for the directory of the standard library, `lib/python3.12`. Paths are
 * relative to the interpreter's own directory, and directories are meant with all that is in them.
 */
const partPatterns = {
  tests: [
    '@/test/',
    '@/(?:[^/]+/)+tests?/',
    '@/idlelib/idle_test/',
    '@/lib-dynload/_?test[^/]*',
    '@/lib-dynload/(?:_test|_xxtest|_ctypes_test|xxlimited|xxsubtype)[^/]*',
  ],
  idle: ['@/idlelib/', 'bin/idle[^/]*$'],
  tkinter: [
    '@/tkinter/',
    '@/turtledemo/',
    '@/turtle\\.py$',
    '@/lib-dynload/_tkinter[^/]*$',
    'lib/(?:lib)?(?:tcl|tk|itcl|tdbc|thread|Tix)[^/]*',
  ],
  // What is installed beside the interpreter is not seen from a virtual environment; pip and setuptools come with it.
  ensurepip: ['@/ensurepip/', '@/site-packages/', 'bin/(?:pip|easy_install|wheel)[^/]*$'],
  // pyconfig.h is data of sysconfig, and stays.
  development: [
    'include/(?!python[^/]*/pyconfig\\.h$)',
    '@/config-[^/]*/',
    'lib/pkgconfig/',
    '.*\\.a$',
    'bin/(?:[^/]*-config|2to3[^/]*|pydoc[^/]*)$',
    'share/(?:man|doc)/',
  ],
} as const satisfies Record<InterpreterPart, readonly string[]>;

/** Bytecode that came with an archive names where it was made, and is valid for other dates than the files will have. */
const bytecode = /(?:^|\/)__pycache__\/|\.py[co]$/;

/**
 * Decides what of an interpreter is taken.
 * @param minor such as `3.12`
 * @returns says of a path, relative to the interpreter's directory, whether it is left out
 */
export function pruner(minor: string, parts: readonly InterpreterPart[]): (path: string) => boolean {
  const library = `lib/python${minor.replace('.', '\\.')}`;
  const patterns = parts.flatMap((part) => partPatterns[part]).map((pattern) => pattern.replaceAll('@', library));
  const pruned = patterns.length === 0 ? undefined : new RegExp(`^(?:${patterns.join('|')})`);
  return (path) => bytecode.test(path) || (pruned?.test(path) ?? false);
}
