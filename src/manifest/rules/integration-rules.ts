import { didYouMean } from '../../errors/suggest.ts';
import type { Finding } from '../finding.ts';
import { parseEnvironmentFile } from '../integration/environment-file.ts';
import { parsePort } from '../integration/ports.ts';
import { completedShells } from '../integration/settings.ts';
import type { ManifestPath } from '../places.ts';
import type { WrittenPackageOverride } from '../schema.ts';
import { listOf } from '../services.ts';
import { keyProblem, packageParts, problem, type Rule } from './rule.ts';
import { checkSource } from './source-rules.ts';
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

/** A name of an environment file means one that a package has, because the directory depends on the family. */
export const serviceEnvironmentFilesAreKnown: Rule = (input) => {
  if (!input.complete) return [];
  return packageViews(input).flatMap((view) => {
    const known = view.flatMap(({ settings }) =>
      Object.entries(settings['environment-files'] ?? {}).flatMap(([name, entry]) => (entry === null ? [] : [name])),
    );
    return view.flatMap(({ settings, where }) =>
      Object.entries(settings.services ?? {}).flatMap(([service, written]) =>
        listOf(written?.['environment-file']).flatMap((text) => {
          const { target, isName } = parseEnvironmentFile(text);
          if (!isName || known.includes(target)) return [];
          return [
            problem(
              where('services', service, 'environment-file'),
              `no package has the environment file "${target}".${didYouMean(target, known)}`,
              'name one of "environment-files", or write an absolute path',
            ),
          ];
        }),
      ),
    );
  });
};
