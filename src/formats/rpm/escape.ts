/** The words that begin a section of a spec (rpm's `partList`); a line of a text must not begin with one. */
const sections = new RegExp(
  `^%(${[
    ...['package', 'prep', 'generate_buildrequires', 'conf', 'build', 'install', 'check', 'clean', 'description'],
    ...['changelog', 'files', 'preun', 'postun', 'pretrans', 'posttrans', 'preuntrans', 'postuntrans', 'pre', 'post'],
    ...['triggerprein', 'triggerpostun', 'triggerun', 'triggerin', 'trigger', 'verifyscript', 'sepolicy'],
    ...['filetriggerin', 'filetriggerun', 'filetriggerpostun', 'transfiletriggerin', 'transfiletriggerun'],
    ...['transfiletriggerpostun', 'end', 'patchlist', 'sourcelist', 'preamble'],
  ].join('|')})`,
  'i',
);

/**
 * Text in a spec: `%` begins a macro wherever it stands, comments included, and is doubled to stand for itself (RPM
 * documentation, "Spec syntax"). rpm looks for sections after it has expanded macros, so a line that would begin one
 * gets a space before it.
 */
export function escapeSpec(text: string): string {
  return text
    .split('\n')
    .map((line) => (sections.test(line) ? ` ${line}` : line).replaceAll('%', '%%'))
    .join('\n');
}

/**
 * What a path is in `%files`. rpm reads a line there in several passes (macros, words, glob patterns) that differ
 * between releases: only 4.19 and later know a backslash as an escape everywhere. A bracket expression that matches the
 * one character goes through all of them unchanged. The braces, which rpm expands before it looks at brackets, are
 * given as the narrowest ranges that do not name them; rpm refuses tabs in names, so `[:blank:]` is the space.
 * Measured with rpm 4.18; the file list of the finished package is compared with the definition in any case.
 */
const patterns: Readonly<Record<string, string>> = {
  '%': '[%]',
  '*': '[*]',
  '?': '[?]',
  '[': '[[]',
  ']': '[]]',
  '{': '[z-|]',
  '}': '[|-~]',
  '\\': '[\\\\\\\\]',
  '"': '[\\"]',
  "'": "[\\']",
  ' ': '[[:blank:]]',
};

/** A path as `%files` has to name it. */
export function escapeFileName(path: string): string {
  return path.replace(/[%*?[\]{}\\"' ]/g, (character) => patterns[character] ?? character);
}
