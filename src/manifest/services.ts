import { resolve } from 'node:path';

import type { Distribution } from '../distributions/distribution.ts';
import { environmentFileOf } from './integration/environment-file.ts';
import type { WrittenPackageOverride, WrittenService } from './schema.ts';
import { splitWords } from './service-words.ts';
import {
  unitSuffixes,
  type GroupSettings,
  type ServiceCommand,
  type ServiceDirectory,
  type ServiceDirectoryKind,
  type ServicePolicy,
  type ServiceSettings,
  type UserSettings,
} from './service-settings.ts';
import { trimSlashes } from './source-files.ts';

/** The kinds of directories and their keys in a manifest. */
export const directoryKeys = {
  state: 'state-directory',
  log: 'log-directory',
  cache: 'cache-directory',
  runtime: 'runtime-directory',
} as const satisfies Record<ServiceDirectoryKind, keyof WrittenService>;

/** The keys that a unit file of the application's says itself. */
export const commandKeys = [
  ...(['description', 'type', 'environment', 'environment-file', 'working-directory'] as const),
  ...(['restart', 'after', 'hardening', 'runtime-directory'] as const),
] as const satisfies readonly (keyof WrittenService)[];

/** A key of `services`, taken apart. */
export interface UnitName {
  /** `fleet-control`, or `fleet@` for a template. */
  readonly name: string;
  /** Without a dot; undefined when the name has none. */
  readonly suffix: string | undefined;
}

/** Takes the name of a unit apart: what comes after the last dot is its suffix, known or not. */
export function parseUnitName(key: string): UnitName {
  const dot = key.lastIndexOf('.');
  return dot === -1 ? { name: key, suffix: undefined } : { name: key.slice(0, dot), suffix: key.slice(dot + 1) };
}

/** Whether systemd reads files with this suffix; the dot is not part of it. */
export function isUnitSuffix(suffix: string): boolean {
  return (unitSuffixes as readonly string[]).includes(suffix);
}

/** The name of the unit that a service is installed as: the suffix is the key's, else that of its own file. */
export function unitNameOf(key: string, unit: string | null | undefined): UnitName {
  const { name, suffix } = parseUnitName(key);
  if (suffix !== undefined || typeof unit !== 'string') return { name, suffix: suffix ?? 'service' };
  return { name, suffix: parseUnitName(unit.slice(unit.lastIndexOf('/') + 1)).suffix };
}

/** One value or several. */
export function listOf(written: string | readonly string[] | undefined): readonly string[] {
  return written === undefined ? [] : typeof written === 'string' ? [written] : written;
}

/** The directories that a service writes to, in the order of their kinds. */
export function directoriesOf(written: WrittenService): readonly ServiceDirectory[] {
  return (Object.keys(directoryKeys) as ServiceDirectoryKind[]).flatMap((kind) =>
    listOf(written[directoryKeys[kind]]).map((name) => ({ kind, name: trimSlashes(name) })),
  );
}

/**
 * What confines a service that says nothing about it (systemd.exec(5)): what a network service gets along with, as it
 * neither becomes another user nor writes to the system or to homes. PrivateDevices= is not among them: in a container
 * without rights the systemd of Debian 13 (257) starts no such service of an ordinary user (measured). A release that
 * does not know a directive ignores it with a line in its journal.
 */
const defaultHardening = {
  NoNewPrivileges: 'yes',
  PrivateTmp: 'yes',
  ProtectHome: 'yes',
  ProtectSystem: 'full',
} as const;

function hardeningOf(written: WrittenService['hardening']): Readonly<Record<string, string>> {
  if (written === false) return {};
  const own = typeof written === 'object' ? written : {};
  const merged: Record<string, string | boolean | null> = { ...defaultHardening, ...own };
  return Object.fromEntries(
    Object.entries(merged)
      .filter((entry): entry is [string, string | boolean] => entry[1] !== null)
      .map(([key, value]): readonly [string, string] => [key, typeof value === 'string' ? value : value ? 'yes' : 'no'])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function commandOf(written: WrittenService, { format }: Distribution): ServiceCommand | undefined {
  const { command } = written;
  if (command === undefined || command === null) return undefined;
  const type = written.type ?? 'simple';
  return {
    words: typeof command === 'string' ? (splitWords(command) ?? []) : command,
    type,
    environment: written.environment ?? {},
    environmentFiles: listOf(written['environment-file']).map((each) => environmentFileOf(each, format)),
    workingDirectory: written['working-directory'],
    // What ends by itself has not failed (systemd.service(5), Restart=).
    restart: written.restart ?? (type === 'oneshot' ? 'no' : 'on-failure'),
    after: written.after === undefined ? ['network-online.target'] : listOf(written.after),
    hardening: hardeningOf(written.hardening),
  };
}

/**
 * What the families do: a Debian package enables and starts (Policy 9.3.3, debhelper's dh_installsystemd), an rpm
 * leaves that to presets and to the administrator (Fedora's packaging guidelines, "Scriptlets: Systemd").
 */
function policyOf(written: WrittenService, { format }: Distribution): ServicePolicy {
  const enable = written.enable ?? (format === 'deb' ? true : 'preset');
  return {
    enable: format === 'deb' && enable === 'preset' ? true : enable,
    start: written.start ?? (format === 'deb' && enable !== false),
    restartOnUpgrade: written['restart-on-upgrade'] ?? true,
    stopOnUpgrade: written['stop-on-upgrade'] ?? false,
  };
}

interface ServicesContext {
  readonly distribution: Distribution;
  /** Where relative paths of the manifest start: absolute. */
  readonly directory: string;
  /** The package's. */
  readonly summary: string;
}

/** The services of a package, in the order of the manifest. */
export function normalizeServices(
  settings: WrittenPackageOverride,
  { distribution, directory, summary }: ServicesContext,
): readonly ServiceSettings[] {
  return Object.entries(settings.services ?? {}).flatMap(([key, written]): readonly ServiceSettings[] => {
    if (written === null) return [];
    const { name, suffix = 'service' } = unitNameOf(key, written.unit);
    const file = (path: string | null | undefined): string | undefined =>
      typeof path === 'string' ? resolve(directory, path) : undefined;
    const files = { systemd: file(written.unit), upstart: file(written.upstart), sysv: file(written.sysv) };
    return [
      {
        name,
        suffix,
        description: written.description ?? `${summary} (${name})`,
        files: Object.fromEntries(Object.entries(files).filter(([, path]) => path !== undefined)),
        command: commandOf(written, distribution),
        user: written.user,
        group: written.group,
        directories: directoriesOf(written),
        ...policyOf(written, distribution),
      },
    ];
  });
}

/** The system users of a package, sorted as written. */
export function normalizeUsers(settings: WrittenPackageOverride, summary: string): readonly UserSettings[] {
  return Object.entries(settings.users ?? {}).flatMap(([name, written]): readonly UserSettings[] =>
    written === null
      ? []
      : [
          {
            name,
            uid: written.uid,
            group: written.group ?? name,
            groups: written.groups ?? [],
            comment: written.comment ?? summary,
            home: trimSlashes(written.home ?? '/nonexistent'),
            shell: written.shell,
          },
        ],
  );
}

/** The system groups of a package. */
export function normalizeGroups(settings: WrittenPackageOverride): readonly GroupSettings[] {
  return Object.entries(settings.groups ?? {}).flatMap(([name, written]) =>
    written === null ? [] : [{ name, gid: written.gid }],
  );
}
