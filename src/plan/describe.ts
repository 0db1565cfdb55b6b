import { join, resolve } from 'node:path/posix';

import type { Relation } from '../manifest/manifest.ts';
import type { BuildPlan, BuildTarget, PlannedPackage } from './build-plan.ts';

function describeName({ name, condition }: Omit<Relation, 'alternatives'>): string {
  return condition === undefined ? name : `${name} ${condition.operator} ${condition.version}`;
}

function describePackage(
  { settings, fileName }: PlannedPackage,
  { manifest, subdirectory }: BuildTarget,
): readonly string[] {
  // A bare word is a script of the application or of a dependency.
  const links = settings.links.map(({ path, target }) => `${path} -> ${resolve(manifest.prefix, 'bin', target)}`);
  const files = settings.files.map((file) => `${file.path}${file.configuration ? ' (configuration)' : ''}`);
  const directories = settings.directories.map((directory) => `${directory.path}/`);
  const depends = settings.relations.depends.map((relation) =>
    [relation, ...relation.alternatives].map(describeName).join(' | '),
  );
  return [
    `  ${join(subdirectory, fileName)}`,
    ...[...links, ...files, ...directories].map((line) => `    ${line}`),
    ...(depends.length === 0 ? [] : [`    depends on ${depends.join(', ')}`]),
  ];
}

function describeTarget(target: BuildTarget): readonly string[] {
  const { distribution, interpreter, architecture, manifest, release, subdirectory } = target;
  return [
    `${target.label}: ${distribution.title}, ${architecture}, Python ${interpreter.minor} (${interpreter.path}), glibc ${distribution.glibc}, below ${manifest.prefix}`,
    ...target.packages.flatMap((planned) => describePackage(planned, target)),
    ...(release === undefined ? [] : [`  ${join(subdirectory, release.fileName)}`]),
  ];
}

/** The plan as a person reads it: what `--dry-run` prints. */
export function describePlan(plan: BuildPlan): string {
  return `${plan.targets.flatMap(describeTarget).join('\n')}\n`;
}
