import type { Distribution } from '../../distributions/distribution.ts';
import type { PackageSettings } from '../../manifest/manifest.ts';
import { serviceDirectoryParents, type ServiceSettings, type UserSettings } from '../../manifest/service-settings.ts';
import type { ServiceParts } from '../../packages/define.ts';
import type { ContentEntry } from '../../packages/definition.ts';
import { fileEntry } from '../../packages/file-entry.ts';
import type { PackagedService, ServicePlan } from '../../packages/service-plan.ts';
import type { PackageSources } from '../../packages/sources.ts';
import type { BuildTarget } from '../../plan/build-plan.ts';
import { planAccounts } from './accounts.ts';
import { renderServiceFile } from './files.ts';

/** What a service is called by its init system. */
function packagedService(service: ServiceSettings, init: Distribution['init']): PackagedService {
  const { name, suffix, enable, start, restartOnUpgrade, stopOnUpgrade } = service;
  const template = name.endsWith('@');
  const unit = init === 'systemd' ? `${name}.${suffix}` : name;
  return { unit, template, enable, start, restartOnUpgrade, stopOnUpgrade };
}

/**
 * Where a service's file lies. Units are the package's; jobs and init scripts below /etc are the administrator's to
 * change (Debian Policy 9.3.2 and 10.7; init(5) of upstart).
 */
function placeOf(
  { name, suffix }: ServiceSettings,
  distribution: Distribution,
): { readonly path: string; readonly mode: number } {
  switch (distribution.init) {
    case 'systemd':
      return { path: `${distribution.unitDirectory}/${name}.${suffix}`, mode: 0o644 };
    case 'upstart':
      return { path: `/etc/init/${name}.conf`, mode: 0o644 };
    case 'sysv':
      return { path: `/etc/init.d/${name}`, mode: 0o755 };
  }
}

/**
 * The directories of a package's services, and those between them and the system's. The user owns them, with the group
 * that the manifest gives the service or the user; of a user that it does not describe the group is not known, and root's
 * stands in. What is written in the manifest under `directories` stands as it is.
 */
function directoryEntries(settings: PackageSettings, users: readonly UserSettings[]): readonly ContentEntry[] {
  const written = new Set(settings.directories.map(({ path }) => path));
  // `fleet` and `fleet/cache`: what lies between the latter and the system's is a service's own.
  const own = new Set(
    settings.services.flatMap(({ directories }) =>
      directories.map(({ kind, name }) => `${serviceDirectoryParents[kind]}/${name}`),
    ),
  );
  const entries = settings.services.flatMap(({ directories, user = 'root', group: chosen }) => {
    const group = chosen ?? users.find(({ name }) => name === user)?.group ?? 'root';
    return directories
      .filter(({ kind }) => kind !== 'runtime')
      .flatMap(({ kind, name }) => {
        const steps = name.split('/');
        return steps.flatMap((_, index): readonly ContentEntry[] => {
          const path = [serviceDirectoryParents[kind], ...steps.slice(0, index + 1)].join('/');
          if (index === steps.length - 1) return [{ kind: 'directory', path, mode: 0o750, owner: user, group }];
          return own.has(path) ? [] : [{ kind: 'directory', path, mode: 0o755, owner: 'root', group: 'root' }];
        });
      });
  });
  const unique = new Map(entries.map((entry) => [JSON.stringify(entry), entry]));
  return [...unique.values()].filter(({ path }) => !written.has(path));
}

/** What a purge takes: what services keep belongs to them (Debian Policy 6.8, 10.8). */
function purgedDirectories(settings: PackageSettings): Pick<ServicePlan, 'purged' | 'purgedParents'> {
  const kept = settings.services.flatMap(({ directories }) => directories).filter(({ kind }) => kind !== 'runtime');
  const purged = kept.map(({ kind, name }) => `${serviceDirectoryParents[kind]}/${name}`);
  const parents = kept.flatMap(({ kind, name }) => {
    const steps = name.split('/').slice(0, -1);
    return steps.map((_, index) => [serviceDirectoryParents[kind], ...steps.slice(0, index + 1)].join('/'));
  });
  const between = new Set(parents.filter((path) => !purged.includes(path)));
  return { purged: [...new Set(purged)].sort(), purgedParents: [...between].sort().reverse() };
}

/**
 * How the packages of a target get their services and accounts: the files of the distribution's init system and of no
 * other, and what the scripts have to do.
 * @param sources has read the services' own files
 * @returns a function that throws CoachbuilderError `unsupported-by-target` for a service that the init system cannot run
 */
export function servicePlanner(
  target: Pick<BuildTarget, 'manifest' | 'distribution'>,
  sources: Pick<PackageSources, 'services'>,
): (settings: PackageSettings) => ServiceParts {
  const { distribution, manifest } = target;
  const users = manifest.packages.flatMap((each) => each.users);
  return (settings) => {
    const files = settings.services.map((service) => {
      const { path, ...facts } = placeOf(service, distribution);
      const text = renderServiceFile(service, { distribution, prefix: manifest.prefix, texts: sources.services });
      return fileEntry(path, text, facts);
    });
    const { accounts, contents } = planAccounts(settings, distribution);
    return {
      plan: {
        init: distribution.init,
        services: settings.services.map((service) => packagedService(service, distribution.init)),
        accounts,
        ...purgedDirectories(settings),
      },
      contents: [...files, ...contents, ...directoryEntries(settings, users)],
    };
  };
}
