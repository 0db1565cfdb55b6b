import {
  completionPath,
  environmentFilePath,
  firewallPath,
  logrotatePath,
  manPagePath,
  rsyslogPath,
} from '../integration/paths.ts';
import { completedShells } from '../integration/settings.ts';
import type { ManifestPath } from '../places.ts';
import type { PackageView } from './view.ts';

interface IntegratedPath {
  /** Absolute, where it is installed. */
  readonly path: string;
  readonly place: ManifestPath;
}

function namesOf(map: Readonly<Record<string, unknown>> | undefined): string[] {
  return Object.entries(map ?? {}).flatMap(([name, value]) => (value === null ? [] : [name]));
}

/** The files that a package has for programs of the system, on the targets of a view. */
export function integratedPaths({ settings, formats, where }: PackageView): IntegratedPath[] {
  const paths: IntegratedPath[] = [
    ...namesOf(settings.logrotate).map((name) => ({ path: logrotatePath(name), place: where('logrotate', name) })),
    ...namesOf(settings.rsyslog).map((name) => ({ path: rsyslogPath(name), place: where('rsyslog', name) })),
    ...formats.flatMap((format) => [
      ...namesOf(settings.firewall).map((name) => ({
        path: firewallPath(format, name),
        place: where('firewall', name),
      })),
      ...namesOf(settings['environment-files']).map((name) => ({
        path: environmentFilePath(format, name),
        place: where('environment-files', name),
      })),
    ]),
    ...(settings['man-pages'] ?? []).flatMap((entry, index) => {
      const page = typeof entry === 'string' ? { source: entry, language: undefined } : entry;
      const path = manPagePath(page.source, page.language);
      return path === undefined ? [] : [{ path, place: where('man-pages', index) }];
    }),
    ...Object.entries(settings.completions ?? {}).flatMap(([command, files]) =>
      completedShells
        .filter((shell) => typeof files?.[shell] === 'string')
        .flatMap((shell) =>
          formats.map((format) => ({
            path: completionPath(format, shell, command),
            place: where('completions', command, shell),
          })),
        ),
    ),
  ];
  // What is the same in both families is one claim.
  return [...new Map(paths.map((each) => [JSON.stringify(each), each])).values()];
}
