import { resolve } from 'node:path/posix';

import type { BuildPlan, BuildTarget, PlannedPackage } from './build-plan.ts';

function describePackage({ settings, fileName }: PlannedPackage, prefix: string): readonly string[] {
  // A bare word is a script of the application or of a dependency.
  const links = settings.links.map(({ path, target }) => `${path} -> ${resolve(prefix, 'bin', target)}`);
  const files = settings.files.map((file) => `${file.path}${file.configuration ? ' (configuration)' : ''}`);
  const directories = settings.directories.map((directory) => `${directory.path}/`);
  const depends = settings.relations.depends.map(({ name, condition }) =>
    condition === undefined ? name : `${name} ${condition.operator} ${condition.version}`,
  );
  return [
    `  ${fileName}`,
    ...[...links, ...files, ...directories].map((line) => `    ${line}`),
    ...(depends.length === 0 ? [] : [`    depends on ${depends.join(', ')}`]),
  ];
}

function describeTarget(target: BuildTarget): readonly string[] {
  const { distribution, interpreter, architecture, manifest, release } = target;
  return [
    `${target.label}: ${distribution.title}, ${architecture}, Python ${interpreter.minor} (${interpreter.path}), glibc ${distribution.glibc}, below ${manifest.prefix}`,
    ...target.packages.flatMap((planned) => describePackage(planned, manifest.prefix)),
    ...(release === undefined ? [] : [`  ${release.fileName}`]),
  ];
}

/** The plan as a person reads it: what `--dry-run` prints. */
export function describePlan(plan: BuildPlan): string {
  return `${plan.targets.flatMap(describeTarget).join('\n')}\n`;
}
