import { basename } from 'node:path/posix';

import type { Finding } from '../finding.ts';
import { manPagePath } from '../integration/paths.ts';
import { parsePort } from '../integration/ports.ts';
import { completedShells } from '../integration/settings.ts';
import type { ManifestPath } from '../places.ts';
import type { WrittenPackageOverride } from '../schema.ts';
import { trimSlashes } from '../source-files.ts';
import { checkPath } from './path-rules.ts';
import { keyProblem, packageParts, problem, type Rule } from './rule.ts';
import { checkOwnership, checkSource } from './source-rules.ts';
import { packageViews } from './view.ts';

type Settings = WrittenPackageOverride;

/** Names of files, of the characters that every reader of their directories takes. */
const fileName = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;

/** What ufw (`valid_profile_name`) and firewalld (`IO_Object.check_name`) both take; the former stops at 64. */
const firewallName = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** A command, as a person types it. */
const commandName = /^[A-Za-z0-9_][\w.+-]*$/;

/** Each name becomes a file's; a name with a dot would be skipped by some that read the directory. */
export const integrationNamesAreValid: Rule = ({ written }) =>
  packageParts(written).flatMap(({ path, settings }) => [
    ...(['logrotate', 'rsyslog', 'environment-files'] as const).flatMap((key) =>
      Object.keys(settings[key] ?? {})
        .filter((name) => !fileName.test(name))
        .map((name) =>
          keyProblem(
            [...path, key, name],
            `"${name}" is no name for a file of "${key}"`,
            'use letters, digits, "-" and "_"; the directory and the suffix come by themselves',
          ),
        ),
    ),
    ...Object.keys(settings.firewall ?? {})
      .filter((name) => !firewallName.test(name) || name === 'all')
      .map((name) =>
        keyProblem(
          [...path, 'firewall', name],
          `"${name}" is not a name that firewalld and ufw take`,
          'use up to 64 letters, digits, "-" and "_", a letter first; "all" has a meaning of its own',
        ),
      ),
    ...Object.keys(settings.completions ?? {})
      .filter((name) => !commandName.test(name))
      .map((name) => keyProblem([...path, 'completions', name], `"${name}" is not the name of a command`)),
  ]);

function sourcesOf(settings: Settings): readonly (readonly [ManifestPath, string])[] {
  const { logrotate, rsyslog, firewall, tmpfiles, completions } = settings;
  const plain = (key: 'logrotate' | 'rsyslog', map: typeof logrotate): (readonly [ManifestPath, string])[] =>
    Object.entries(map ?? {}).flatMap(([name, entry]) => (typeof entry === 'string' ? [[[key, name], entry]] : []));
  const sourced = (
    place: ManifestPath,
    entry: string | { readonly source: string } | null,
  ): (readonly [ManifestPath, string])[] => {
    if (entry === null) return [];
    return typeof entry === 'string' ? [[place, entry]] : [[[...place, 'source'], entry.source]];
  };
  return [
    ...plain('logrotate', logrotate),
    ...plain('rsyslog', rsyslog),
    ...Object.entries(firewall ?? {}).flatMap(([name, entry]) =>
      (['firewalld', 'ufw'] as const).flatMap((key): (readonly [ManifestPath, string])[] => {
        const source = entry?.[key];
        return source === undefined ? [] : [[['firewall', name, key], source]];
      }),
    ),
    ...(typeof tmpfiles === 'string' ? [[['tmpfiles'], tmpfiles] as const] : []),
    ...Object.entries(settings['environment-files'] ?? {}).flatMap(([name, entry]) =>
      sourced(['environment-files', name], entry),
    ),
    ...(settings['man-pages'] ?? []).flatMap((entry, index) => sourced(['man-pages', index], entry)),
    ...Object.entries(completions ?? {}).flatMap(([command, files]) =>
      completedShells.flatMap((shell): (readonly [ManifestPath, string])[] => {
        const source = files?.[shell];
        return typeof source === 'string' ? [[['completions', command, shell], source]] : [];
      }),
    ),
  ];
}

/** Every file that is named is there. */
export const integrationSourcesExist: Rule = (input) =>
  packageParts(input.written).flatMap(({ path, settings }) =>
    sourcesOf(settings).flatMap(([place, source]) => checkSource(input, [...path, ...place], { source, kind: 'file' })),
  );

/** Ports that are ports, and words that stay in their line. */
export const firewallServicesAreValid: Rule = ({ written }) =>
  packageParts(written).flatMap(({ path, settings }) =>
    Object.entries(settings.firewall ?? {}).flatMap(([name, entry]): Finding[] => {
      if (entry === null) return [];
      const place = [...path, 'firewall', name];
      const findings = (entry.ports ?? []).flatMap((text, index) => {
        const port = parsePort(text);
        return 'message' in port ? [problem([...place, 'ports', index], port.message, port.hint)] : [];
      });
      // ufw skips an application with a longer text (applications.py).
      for (const key of ['title', 'description'] as const) {
        const text = entry[key]?.trim() ?? '-';
        if (text === '' || text.length > 1024 || /[\u0000-\u001f\u007f]/.test(text)) {
          findings.push(
            problem([...place, key], `the ${key} of "${name}" must be one line of at most 1024 characters`),
          );
        }
      }
      if (entry.firewalld !== undefined && !entry.firewalld.endsWith('.xml')) {
        findings.push(
          problem([...place, 'firewalld'], `"${entry.firewalld}" is not called as files of firewalld are: .xml`),
        );
      }
      return findings;
    }),
  );

/** What an entry lacks is seen only when the overrides are laid over it. */
export const integrationsAreComplete: Rule = (input) => {
  if (!input.complete) return [];
  return packageViews(input).flatMap((view) =>
    view.flatMap(({ settings, formats, where }) => [
      ...Object.entries(settings.firewall ?? {}).flatMap(([name, entry]) => {
        if (entry === null || (entry.ports ?? []).length > 0) return [];
        const missing = formats.some((format) => (format === 'rpm' ? entry.firewalld : entry.ufw) === undefined);
        return missing
          ? [
              problem(
                where('firewall', name),
                `the firewall service "${name}" has no ports`,
                'add "ports", such as [4523/tcp]',
              ),
            ]
          : [];
      }),
      ...Object.entries(settings.logrotate ?? {}).flatMap(([name, entry]) =>
        entry === null || typeof entry === 'string' || (entry.paths ?? []).length > 0
          ? []
          : [problem(where('logrotate', name), `"${name}" names no log files to rotate`, 'add "paths"')],
      ),
    ]),
  );
};

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
