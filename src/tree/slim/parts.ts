import type { SlimPart } from '../../manifest/tree-settings.ts';

const tests = 'tests';

/** By the end of its name, what a file in a package is for. */
const suffixes: readonly (readonly [SlimPart, RegExp])[] = [
  ['headers', /\.(?:h|hh|hpp|hxx|cuh)$/],
  ['static-libraries', /\.(?:a|la|lib)$/],
  ['sources', /\.(?:pyx|pxd|pxi|c|cc|cpp|cxx|pyx\.in|pyx\.tp|pxd\.in)$/],
  ['type-stubs', /(?:\.pyi|\/py\.typed)$/],
];

/**
 * Which directories hold tests: those called `tests`, and those called `test` with a module `test_….py` in them, since a
 * package `test` may well be what an application is made for (`django.test`).
 * @param paths relative to site-packages
 * @returns relative to site-packages; of nested ones only the outermost
 */
export function testDirectories(paths: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const withTests = new Set<string>();
  for (const path of paths) {
    const parts = path.split('/');
    const isTest = /^test_.*\.py$/.test(parts.at(-1) ?? '');
    for (let depth = 0; depth < parts.length - 1; depth += 1) {
      const directory = parts.slice(0, depth + 1).join('/');
      if (parts[depth] === tests) found.add(directory);
      else if (parts[depth] === 'test' && isTest) withTests.add(directory);
    }
  }
  for (const directory of withTests) found.add(directory);
  return new Set([...found].filter((each) => ![...found].some((other) => each.startsWith(`${other}/`))));
}

/** The outermost directory of tests that a path lies in. */
export function testDirectoryOf(path: string, directories: ReadonlySet<string>): string | undefined {
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    if (directories.has(path.slice(0, slash))) return path.slice(0, slash);
  }
  return undefined;
}

/** The part that the name of a file alone puts it in. */
export function partOfName(path: string): SlimPart | undefined {
  return suffixes.find(([, pattern]) => pattern.test(`/${path}`))?.[0];
}

/**
 * The locale that a file is a translation for: gettext's `<directory>/<locale>/LC_MESSAGES/<domain>.mo`, and what lies
 * beside it in the directory of the locale, as Django's `formats.py` does.
 * @param directories of locales, as {@link localeDirectories} finds them
 */
export function localeOf(path: string, directories: ReadonlyMap<string, string>): string | undefined {
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    const locale = directories.get(path.slice(0, slash));
    if (locale !== undefined) return locale;
  }
  return undefined;
}

/** Directories that hold the `LC_MESSAGES` of a locale, with the name of the locale. */
export function localeDirectories(paths: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const path of paths) {
    const match = /^(.*\/([A-Za-z]{2,3}(?:[_-][A-Za-z0-9]+)*(?:@[a-z]+)?))\/LC_MESSAGES\//.exec(path);
    if (match !== null) found.set(match[1] ?? '', match[2] ?? '');
  }
  return found;
}

function plainLocale(locale: string): string {
  return locale.toLowerCase().replaceAll('-', '_');
}

/**
 * Whether a translation stays. A language keeps its regions (`de` keeps `de_AT`), and a region the language that gettext falls
 * back to (`pt_BR` keeps `pt`). English is the language of the sources, and programs such as Django insist on it.
 */
export function keepsLocale(locale: string, kept: readonly string[]): boolean {
  const name = plainLocale(locale);
  return ['en', ...kept.map(plainLocale)].some(
    (each) =>
      name === each || name.startsWith(`${each}_`) || name.startsWith(`${each}@`) || each.startsWith(`${name}_`),
  );
}
