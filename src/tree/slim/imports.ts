/*
 * What the modules of a tree import, read from their text: enough to know which modules of a directory of tests a program
 * needs. No interpreter is asked, because the target's may not be on this machine.
 */

const statement =
  /^[ \t]*(?:from[ \t]+(\.*)[ \t]*([\p{L}\p{N}_.]*)[ \t]+import[ \t]*(\([^)]*\)|[^\n#;]*)|import[ \t]+([^\n#;]+))/gmu;

/** Names in `a as b, c`, without what they are called. */
function names(list: string): readonly string[] {
  return list
    .replaceAll(/#[^\n]*/g, '')
    .replaceAll(/[()\\]/g, ' ')
    .split(',')
    .map((item) => item.trim().split(/\s/)[0] ?? '')
    .filter((name) => /^[\p{L}\p{N}_.]+$/u.test(name));
}

/** The package that relative imports of a module begin at: `a.b` for `a/b/c.py` and for `a/b/__init__.py`. */
function packageOf(path: string): readonly string[] {
  return path.split('/').slice(0, -1);
}

/**
 * The dotted names that a module may import; `from a import b` gives `a` and `a.b`, since nobody can tell from the text
 * whether `b` is a module.
 * @param path of the module, relative to site-packages
 */
export function importedNames(path: string, text: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [, dots = '', module = '', list = '', plain] of text.matchAll(statement)) {
    if (plain !== undefined) {
      for (const name of names(plain)) found.add(name);
      continue;
    }
    const own = packageOf(path);
    const base = dots === '' ? [] : own.slice(0, own.length - (dots.length - 1));
    const from = [...base, ...module.split('.').filter((part) => part !== '')].join('.');
    if (from !== '') found.add(from);
    for (const name of names(list)) found.add(from === '' ? name : `${from}.${name}`);
  }
  return found;
}

/** Files that a dotted name may stand for, relative to site-packages, the packages above it included. */
export function filesOfName(name: string): readonly string[] {
  const parts = name.split('.');
  return [...parts.map((_, index) => `${parts.slice(0, index + 1).join('/')}/__init__.py`), `${parts.join('/')}.py`];
}

/** Whether a module reads its stub at run time (lazy_loader, which scikit-image and others are built on). */
export function readsOwnStub(text: string): boolean {
  return text.includes('attach_stub(');
}
