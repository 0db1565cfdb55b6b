import type { DirectorySettings, PackageSettings } from '../../manifest/manifest.ts';
import {
  serviceDirectoryParents,
  type ServiceDirectory,
  type ServiceDirectoryKind,
  type ServiceSettings,
  type UserSettings,
} from '../../manifest/service-settings.ts';
import type { ContentEntry } from '../../packages/definition.ts';
import { octalMode } from '../../packages/scripts.ts';
import type { ServicePlan } from '../../packages/service-plan.ts';

/** What decides about the directories of services beside the services themselves. */
export interface DirectoryContext {
  /** What the package's manifest has under `directories`. */
  readonly written: readonly DirectorySettings[];
  /** Of all packages. */
  readonly users: readonly UserSettings[];
}

/** The modes of directories that the manifest does not list. */
const usualModes = { state: 0o750, log: 0o750, cache: 0o750, runtime: 0o755 } as const satisfies Record<
  ServiceDirectoryKind,
  number
>;

const directives = {
  state: 'StateDirectory',
  log: 'LogsDirectory',
  cache: 'CacheDirectory',
  runtime: 'RuntimeDirectory',
} as const satisfies Record<ServiceDirectoryKind, string>;

function pathOf({ kind, name }: ServiceDirectory): string {
  return `${serviceDirectoryParents[kind]}/${name}`;
}

/** The group of a service's user; undefined for a user that the manifest does not describe. */
function groupOf(
  { user = 'root', group }: Pick<ServiceSettings, 'user' | 'group'>,
  users: readonly UserSettings[],
): string | undefined {
  return group ?? (user === 'root' ? 'root' : users.find(({ name }) => name === user)?.group);
}

/**
 * The lines of a unit that have systemd make the service's directories. Whenever the service starts, systemd gives them the
 * service's owner and group and one mode for all of a kind, whatever they had (systemd.exec(5), `StateDirectory=` and
 * `StateDirectoryMode=`). So the mode is the one that the package gives them, and one that the manifest gives another
 * owner, group or mode than the rest is left to the package alone.
 * @param kinds that the distribution's systemd can make
 */
export function directoryLines(
  service: Pick<ServiceSettings, 'directories' | 'user' | 'group'>,
  { written, users }: DirectoryContext,
  kinds: readonly ServiceDirectoryKind[],
): readonly string[] {
  const { user = 'root' } = service;
  const group = groupOf(service, users);
  return kinds.flatMap((kind) => {
    const all = service.directories
      .filter((directory) => directory.kind === kind)
      .map((directory) => ({ ...directory, entry: written.find(({ path }) => path === pathOf(directory)) }));
    const made = all.filter(
      // Below /run nothing else makes them again when the machine has started.
      ({ entry }) => kind === 'runtime' || entry === undefined || (entry.owner === user && entry.group === group),
    );
    const modes = made.map(({ entry }) => entry?.mode ?? usualModes[kind]);
    const mode = modes.includes(usualModes[kind]) ? usualModes[kind] : modes[0];
    if (mode === undefined) return [];
    const names = made.filter((_, index) => kind === 'runtime' || modes[index] === mode).map(({ name }) => name);
    return [`${directives[kind]}=${names.join(' ')}`, `${directives[kind]}Mode=${octalMode(mode)}`];
  });
}

/**
 * The directories of a package's services, and those between them and the system's. The user owns them, with the group
 * that the manifest gives the service or the user; of a user that it does not describe the group is not known, and root's
 * stands in. What is written in the manifest under `directories` stands as it is.
 */
export function directoryEntries(settings: PackageSettings, users: readonly UserSettings[]): readonly ContentEntry[] {
  const written = new Set(settings.directories.map(({ path }) => path));
  // `fleet` and `fleet/cache`: what lies between the latter and the system's is a service's own.
  const own = new Set(settings.services.flatMap(({ directories }) => directories.map(pathOf)));
  const entries = settings.services.flatMap((service) => {
    const { directories, user = 'root' } = service;
    const group = groupOf(service, users) ?? 'root';
    return directories
      .filter(({ kind }) => kind !== 'runtime')
      .flatMap(({ kind, name }) => {
        const steps = name.split('/');
        return steps.flatMap((_, index): readonly ContentEntry[] => {
          const path = [serviceDirectoryParents[kind], ...steps.slice(0, index + 1)].join('/');
          if (index === steps.length - 1) {
            return [{ kind: 'directory', path, mode: usualModes[kind], owner: user, group }];
          }
          return own.has(path) ? [] : [{ kind: 'directory', path, mode: 0o755, owner: 'root', group: 'root' }];
        });
      });
  });
  const unique = new Map(entries.map((entry) => [JSON.stringify(entry), entry]));
  return [...unique.values()].filter(({ path }) => !written.has(path));
}

/** What a purge takes: what services keep belongs to them (Debian Policy 6.8, 10.8). */
export function purgedDirectories(settings: PackageSettings): Pick<ServicePlan, 'purged' | 'purgedParents'> {
  const kept = settings.services.flatMap(({ directories }) => directories).filter(({ kind }) => kind !== 'runtime');
  const purged = kept.map(pathOf);
  const parents = kept.flatMap(({ kind, name }) => {
    const steps = name.split('/').slice(0, -1);
    return steps.map((_, index) => [serviceDirectoryParents[kind], ...steps.slice(0, index + 1)].join('/'));
  });
  const between = new Set(parents.filter((path) => !purged.includes(path)));
  return { purged: [...new Set(purged)].sort(), purgedParents: [...between].sort().reverse() };
}
