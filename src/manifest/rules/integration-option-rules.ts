import { basename } from 'node:path/posix';

import type { Finding } from '../finding.ts';
import { manPagePath } from '../integration/paths.ts';
import { trimSlashes } from '../source-files.ts';
import { checkPath } from './path-rules.ts';
import { packageParts, problem, type Rule } from './rule.ts';
import { checkOwnership } from './source-rules.ts';

/** logrotate(8): what would end a word, a line or the script too early. */
export const logrotateOptionsAreValid: Rule = ({ written }) =>
  packageParts(written).flatMap(({ path, settings }) =>
    Object.entries(settings.logrotate ?? {}).flatMap(([name, entry]): Finding[] => {
      if (entry === null || typeof entry === 'string') return [];
      const place = [...path, 'logrotate', name];
      const size = entry['max-size'];
      return [
        ...(entry.paths ?? []).flatMap((log, index) =>
          /["\\{}]/.test(log)
            ? [problem([...place, 'paths', index], `"${log}" has a character that logrotate does not take in paths`)]
            : checkPath(problem, [...place, 'paths', index], log),
        ),
        ...(size === undefined || /^[1-9]\d*[kMG]?$/.test(size)
          ? []
          : [problem([...place, 'max-size'], `"${size}" is not a size`, 'write a number with "k", "M" or "G": 100M')]),
        ...(/^\s*endscript\b/m.test(entry.postrotate ?? '')
          ? [
              problem(
                [...place, 'postrotate'],
                '"endscript" would end the script of "postrotate" too early',
                'leave it out',
              ),
            ]
          : []),
        ...(['mode', 'owner', 'group'] as const)
          .filter((key) => entry['copy-truncate'] === true && entry[key] !== undefined)
          .map((key) =>
            problem([...place, key], '"copy-truncate" keeps the log file as it is', `leave "${key}" out, or the other`),
          ),
        ...checkOwnership(place, entry),
      ];
    }),
  );

/** Directories of everybody: what a package does with them at its removal or by their age would hurt others. */
const sharedDirectories = new Set(
  ['bin', 'boot', 'dev', 'etc', 'home', 'lib', 'lib64', 'media', 'mnt', 'opt', 'proc', 'root', 'run', 'sbin', 'srv']
    .concat(['sys', 'tmp', 'usr', 'var'])
    .map((name) => `/${name}`)
    .concat(
      ['cache', 'lib', 'local', 'lock', 'log', 'mail', 'opt', 'run', 'spool', 'tmp'].map((name) => `/var/${name}`),
    )
    .concat('/run/lock', '/run/user', '/run/systemd', '/dev/shm'),
);

/** tmpfiles.d(5): a line's words end at white space, and `%` begins a specifier. */
export const tmpfilesAreValid: Rule = ({ written }) =>
  packageParts(written).flatMap(({ path, settings }) => {
    if (typeof settings.tmpfiles === 'string') return [];
    return (settings.tmpfiles ?? []).flatMap((entry, index): Finding[] => {
      const place = [...path, 'tmpfiles', index];
      const directory = typeof entry === 'string' ? { path: entry, age: undefined } : entry;
      const at = typeof entry === 'string' ? place : [...place, 'path'];
      const findings = checkPath(problem, at, directory.path);
      if (findings.length === 0 && /[\s%"'\\*?[\]]/.test(directory.path)) {
        findings.push(problem(at, `"${directory.path}" has a character that means something else in tmpfiles.d`));
      }
      if (directory.path.startsWith('/var/run/') || directory.path.startsWith('/var/lock/')) {
        const today = directory.path.replace('/var/run/', '/run/').replace('/var/lock/', '/run/lock/');
        findings.push(problem(at, `"${directory.path}" is below a name of former times`, `write "${today}"`));
      }
      if (sharedDirectories.has(trimSlashes(directory.path))) {
        findings.push(
          problem(at, `"${directory.path}" is a directory that other packages use`, 'name one of your own in it'),
        );
      }
      if (directory.age !== undefined && !/^(?:\d+(?:us|ms|s|m|min|h|d|w|month|y)?)+$/.test(directory.age)) {
        findings.push(
          problem([...place, 'age'], `"${directory.age}" is not an age`, 'write a number with a unit: 10d'),
        );
      }
      return typeof entry === 'string' ? findings : [...findings, ...checkOwnership(place, entry)];
    });
  });

/** Settings may hold secrets, and belong to somebody. */
export const environmentFilesAreOwned: Rule = ({ written }) =>
  packageParts(written).flatMap(({ path, settings }) =>
    Object.entries(settings['environment-files'] ?? {}).flatMap(([name, entry]) =>
      entry === null || typeof entry === 'string' ? [] : checkOwnership([...path, 'environment-files', name], entry),
    ),
  );

/** A page's name says its section; man looks for nothing else. */
export const manPagesAreNamed: Rule = ({ written }) =>
  packageParts(written).flatMap(({ path, settings }) =>
    (settings['man-pages'] ?? []).flatMap((entry, index): Finding[] => {
      const place = [...path, 'man-pages', index];
      const { source, language } = typeof entry === 'string' ? { source: entry, language: undefined } : entry;
      const at = typeof entry === 'string' ? place : [...place, 'source'];
      const findings: Finding[] = [];
      if (/\.(?:gz|bz2|xz|zst)$/.test(source)) {
        findings.push(
          problem(at, `"${source}" is compressed already`, 'name the page itself: it is compressed in the package'),
        );
      } else if (manPagePath(source, undefined) === undefined) {
        findings.push(
          problem(
            at,
            `the name "${basename(source)}" does not end in a section of the manual`,
            'call it <page>.1 for a command, <page>.5 for a file, <page>.8 for what administrators run',
          ),
        );
      }
      // Locales as directories of man are called: FHS 4.11.6.
      if (language !== undefined && !/^[a-z]{2,3}(?:_[A-Z]{2})?(?:\.[\w-]+)?(?:@[a-z]+)?$/.test(language)) {
        findings.push(
          problem(
            [...place, 'language'],
            `"${language}" is not a language as locales name them`,
            'write "de" or "pt_BR"',
          ),
        );
      }
      return findings;
    }),
  );
