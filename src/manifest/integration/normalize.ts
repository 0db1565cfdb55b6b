import { resolve } from 'node:path';

import { parseMode } from '../mode.ts';
import type { WrittenPackageOverride } from '../schema.ts';
import { trimSlashes } from '../source-files.ts';
import { parsePort } from './ports.ts';
import {
  completedShells,
  type FirewallSettings,
  type IntegrationSettings,
  type LogrotateOptions,
  type PortRange,
  type TmpfilesSettings,
} from './settings.ts';

type WrittenLogrotate = NonNullable<NonNullable<WrittenPackageOverride['logrotate']>[string]>;

interface Context {
  /** Absolute: where relative paths of the manifest start. */
  readonly directory: string;
  /** The package's. */
  readonly summary: string;
}

/** The entries of a map that no override has taken out. */
function entriesOf<Value>(map: Readonly<Record<string, Value | null>> | undefined): (readonly [string, Value])[] {
  return Object.entries(map ?? {}).flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
}

/**
 * What a package tells the programs of the system, with defaults filled in.
 * @param written with the distribution's overrides; has passed the rules
 */
export function normalizeIntegration(written: WrittenPackageOverride, context: Context): IntegrationSettings {
  const at = (path: string): string => resolve(context.directory, path);
  return {
    logrotate: entriesOf(written.logrotate).map(([name, entry]) =>
      typeof entry === 'string'
        ? { name, source: at(entry) }
        : { name, source: undefined, options: logrotateOptions(entry) },
    ),
    rsyslog: entriesOf(written.rsyslog).map(([name, source]) => ({ name, source: at(source) })),
    firewall: entriesOf(written.firewall).map(([name, entry]): FirewallSettings => {
      const title = entry.title ?? context.summary;
      return {
        name,
        title,
        description: entry.description?.trim() ?? title,
        ports: (entry.ports ?? []).map(parsePort).filter((port): port is PortRange => 'first' in port),
        firewalld: entry.firewalld === undefined ? undefined : at(entry.firewalld),
        ufw: entry.ufw === undefined ? undefined : at(entry.ufw),
      };
    }),
    tmpfiles: normalizeTmpfiles(written.tmpfiles, at),
    environmentFiles: entriesOf(written['environment-files']).map(([name, entry]) => {
      const settings = typeof entry === 'string' ? { source: entry } : entry;
      return { name, source: at(settings.source), ...ownership(settings, 0o644) };
    }),
    manPages: (written['man-pages'] ?? []).map((entry) =>
      typeof entry === 'string'
        ? { source: at(entry), language: undefined }
        : { source: at(entry.source), language: entry.language },
    ),
    completions: entriesOf(written.completions).flatMap(([command, files]) =>
      completedShells.flatMap((shell) => {
        const source = files[shell];
        return typeof source === 'string' ? [{ command, shell, source: at(source) }] : [];
      }),
    ),
  };
}

interface WrittenOwnership {
  readonly mode?: string | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
}

function ownership(
  { mode, owner, group }: WrittenOwnership,
  usual: number,
): { readonly mode: number; readonly owner: string; readonly group: string } {
  return {
    mode: (mode === undefined ? undefined : parseMode(mode)) ?? usual,
    owner: owner ?? 'root',
    group: group ?? 'root',
  };
}

function logrotateOptions(written: Exclude<WrittenLogrotate, string>): LogrotateOptions {
  const { mode, owner, group } = written;
  const owned = mode !== undefined || owner !== undefined || group !== undefined;
  return {
    paths: written.paths ?? [],
    frequency: written.frequency ?? 'weekly',
    rotate: written.rotate ?? 4,
    maxSize: written['max-size'],
    compress: written.compress ?? true,
    copyTruncate: written['copy-truncate'] ?? false,
    create: owned ? ownership(written, 0o640) : undefined,
    postrotate: written.postrotate,
  };
}

function normalizeTmpfiles(
  written: WrittenPackageOverride['tmpfiles'],
  at: (path: string) => string,
): TmpfilesSettings | undefined {
  if (written === undefined || (Array.isArray(written) && written.length === 0)) return undefined;
  if (typeof written === 'string') return { kind: 'file', source: at(written) };
  const directories = written.map((entry) => {
    const settings = typeof entry === 'string' ? { path: entry } : entry;
    const age = 'age' in settings ? settings.age : undefined;
    return { path: trimSlashes(settings.path), ...ownership(settings, 0o755), age };
  });
  return { kind: 'directories', directories };
}
