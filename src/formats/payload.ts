import type { Distribution } from '../distributions/distribution.ts';
import type { PayloadFile } from '../inspect/health/payload.ts';
import {
  completionPath,
  environmentFilePath,
  firewallPath,
  logrotatePath,
  manPagePath,
  rsyslogPath,
  tmpfilesPath,
} from '../manifest/integration/paths.ts';
import type { PackageSettings } from '../manifest/manifest.ts';
import { formatPackageName } from '../packages/names.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import { placeOf } from './services/plan.ts';

type Place = readonly [key: string, path: string | undefined, source: string | undefined];

function integrationPlaces({ integration, name }: PackageSettings, { format }: Distribution): readonly Place[] {
  const { logrotate, rsyslog, firewall, tmpfiles, environmentFiles, manPages, completions } = integration;
  const rules = tmpfiles?.kind === 'file' ? tmpfiles.source : undefined;
  return [
    ...logrotate.map((each): Place => ['logrotate', logrotatePath(each.name), each.source]),
    ...rsyslog.map((each): Place => ['rsyslog', rsyslogPath(each.name), each.source]),
    ...firewall.map((each): Place => {
      return ['firewall', firewallPath(format, each.name), format === 'rpm' ? each.firewalld : each.ufw];
    }),
    ['tmpfiles', tmpfilesPath(formatPackageName(format, name)), rules],
    ...environmentFiles.map((each): Place => {
      return ['environment-files', environmentFilePath(format, each.name), each.source];
    }),
    ...manPages.map((each): Place => ['man-pages', manPagePath(each.source, each.language), each.source]),
    ...completions.map((each): Place => {
      return ['completions', completionPath(format, each.shell, each.command), each.source];
    }),
  ];
}

/** Every file beside the manifest that goes into a package of a target as it is. */
export function payloadOf({
  manifest,
  distribution,
}: Pick<BuildTarget, 'manifest' | 'distribution'>): readonly PayloadFile[] {
  return manifest.packages.flatMap((settings) => {
    const places = [
      ...integrationPlaces(settings, distribution),
      ...settings.services.map((service): Place => {
        return ['services', placeOf(service, distribution).path, service.files[distribution.init]];
      }),
    ];
    return [
      ...settings.files.map(({ path, source, directory }): PayloadFile => {
        return { path, source, directory, key: `packages.${settings.id}.files` };
      }),
      ...places.flatMap(([key, path, source]): readonly PayloadFile[] => {
        if (path === undefined || source === undefined) return [];
        return [{ path, source, directory: undefined, key: `packages.${settings.id}.${key}` }];
      }),
    ];
  });
}
