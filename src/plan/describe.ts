import type { BuildPlan, BuildTarget, PlannedPackage } from './build-plan.ts';

function describePackage({ settings, fileName }: PlannedPackage): readonly string[] {
  const links = settings.links.map((link) => `${link.path} -> ${link.target}`);
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
    ...target.packages.flatMap(describePackage),
    ...(release === undefined ? [] : [`  ${release.fileName}`]),
  ];
}

/** The plan as a person reads it: what `--dry-run` prints. */
export function describePlan(plan: BuildPlan): string {
  return `${plan.targets.flatMap(describeTarget).join('\n')}\n`;
}
