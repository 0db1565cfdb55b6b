import { applying, markersOf } from '../../lock/lock-request.ts';
import type { TargetPlatform } from '../../lock/platform.ts';
import type { MarkerEnvironment } from '../../python/environment.ts';
import { normalizeName } from '../../python/name.ts';
import { formatRequirement, parseRequirement } from '../../python/requirement.ts';
import { satisfies } from '../../python/specifiers.ts';
import type { HealthFinding } from './finding.ts';
import type { InstalledDistribution } from './installed.ts';

/**
 * What `pip check` says, for the target instead of for this machine: every distribution's requirements, extras apart,
 * are installed in a version that satisfies them, and no distribution is installed twice.
 */
export function checkRequirements(
  installed: readonly InstalledDistribution[],
  platform: TargetPlatform,
): readonly HealthFinding[] {
  const markers = markersOf(platform);
  const versions = new Map<string, string>();
  const findings: HealthFinding[] = [];
  for (const { metadata, directory } of installed) {
    const name = normalizeName(metadata.name);
    const earlier = versions.get(name);
    if (earlier !== undefined) {
      const message = `${metadata.name} is installed twice, as ${earlier} and as ${metadata.version}`;
      findings.push({ check: 'requirements', severity: 'error', path: directory, message });
    }
    versions.set(name, metadata.version);
  }
  for (const { metadata, directory } of installed) {
    const who = `${metadata.name} ${metadata.version}`;
    for (const requirement of applying(metadata.requiresDist.map(parseRequirement), [], markers)) {
      const version = versions.get(normalizeName(requirement.name));
      // A pre-release that a resolver chose was asked for somewhere.
      if (version !== undefined && satisfies(version, requirement.specifiers, { prereleases: true })) continue;
      const wanted = formatRequirement({ ...requirement, marker: undefined });
      const instead = version === undefined ? 'which is not installed' : `and ${version} is installed`;
      findings.push({
        check: 'requirements',
        severity: 'error',
        path: directory,
        message: `${who} requires ${wanted}, ${instead}`,
      });
    }
  }
  return findings;
}

export interface AbsentExtras {
  /** In the order of the metadata. */
  readonly extras: readonly string[];
  /** Whether they need a distribution of the module's name; else they need one whose modules nobody knows here. */
  readonly exact: boolean;
}

/**
 * The extras of a distribution that need something which is not installed.
 * @param module that is missing: when its name is that of a distribution, only the extras that need this one
 */
export function absentExtras(
  { metadata }: InstalledDistribution,
  module: string,
  installed: readonly InstalledDistribution[],
  markers: MarkerEnvironment,
): AbsentExtras {
  const names = new Set(installed.map((each) => normalizeName(each.metadata.name)));
  const declared = metadata.requiresDist.map(parseRequirement);
  const wanted = normalizeName(module.split('.')[0] ?? '');
  const needs = [...new Set(metadata.providesExtra.map(normalizeName))].map((extra) => ({
    extra,
    absent: applying(declared, [extra], markers)
      .map(({ name }) => normalizeName(name))
      .filter((name) => !names.has(name)),
  }));
  const exact = needs.filter(({ absent }) => absent.includes(wanted));
  const chosen = exact.length > 0 ? exact : needs.filter(({ absent }) => absent.length > 0);
  return { extras: chosen.map(({ extra }) => extra), exact: exact.length > 0 };
}
