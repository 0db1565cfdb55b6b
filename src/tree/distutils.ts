/** `import distutils…` or `from distutils… import`, as a statement of its own, with its indentation. */
const statement = /^([ \t]*)(?:from|import)[ \t]+distutils\b/gm;

/**
 * Distributions that bring their own copy of distutils, or use it only to build something; and files that no running
 * application loads.
 */
const exempt =
  /(?:^|\/)(?:setuptools|pkg_resources|_distutils_hack|distutils|_distutils|pip|wheel|Cython|pybind11|cffi|tests?|testing)\/|(?:^|\/)(?:setup|conftest|test_[^/]*|[^/]*_test)\.py$/;

/** Whether the statement at `start` stands directly in a `try:` block: the module has an answer to its absence. */
function isGuarded(text: string, start: number, indentation: string): boolean {
  let end = start - 1;
  while (end > 0) {
    const begin = text.lastIndexOf('\n', end - 1) + 1;
    const line = text.slice(begin, end).trimEnd();
    const content = line.trimStart();
    if (content !== '' && line.length - content.length < indentation.length) return /^try\s*:/.test(content);
    end = begin - 1;
  }
  return false;
}

/**
 * Whether a module needs distutils of the standard library, which Debian packages apart from the interpreter and which
 * Python 3.12 dropped (PEP 632). A wrong yes costs a small dependency, a wrong no a program that does not start, and so
 * only what is clear is left out: imports that `try:` guards, tests, and what brings or builds with its own.
 * @param path in site-packages, relative
 * @param content of the module
 */
export function needsDistutils(path: string, content: Buffer): boolean {
  // Most modules never name it; looking at bytes is much faster than decoding them.
  if (!path.endsWith('.py') || !content.includes('distutils') || exempt.test(path)) return false;
  const text = content.toString('latin1');
  for (const match of text.matchAll(statement)) {
    const [, indentation = ''] = match;
    if (indentation === '' || !isGuarded(text, match.index, indentation)) return true;
  }
  return false;
}
