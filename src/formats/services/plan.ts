import type { Distribution } from '../../distributions/distribution.ts';
import type { PackageSettings } from '../../manifest/manifest.ts';
import type { ServiceSettings } from '../../manifest/service-settings.ts';
import type { ServiceParts } from '../../packages/define.ts';
import { fileEntry } from '../../packages/file-entry.ts';
import type { PackagedService } from '../../packages/service-plan.ts';
import type { PackageSources } from '../../packages/sources.ts';
import type { BuildTarget } from '../../plan/build-plan.ts';
import { planAccounts } from './accounts.ts';
import { directoryEntries, purgedDirectories } from './directories.ts';
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
export function placeOf(
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
      const context = { distribution, prefix: manifest.prefix, texts: sources.services, users };
      const text = renderServiceFile(service, { ...context, written: settings.directories });
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
