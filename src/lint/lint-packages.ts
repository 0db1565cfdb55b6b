import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { PackageArtifact } from '../formats/packager.ts';
import { readTemplate } from '../formats/templates.ts';
import type { PackageFormat } from '../model/format.ts';
import { linters } from '../model/format.ts';
import type { PackageDefinition } from '../packages/definition.ts';
import type { ChildEnvironments, CommandResult, CommandRunner } from '../system/command.ts';
import { lintianCommand, rpmlintCommand } from '../system/tools/lint.ts';
import { placeOf, type LintFinding, type RawFinding } from './finding.ts';
import { parseLintian } from './lintian.ts';
import { covers, type LintOverride } from './override.ts';
import { parseRpmlint } from './rpmlint.ts';

/** A package to look at. */
export interface LintedPackage {
  readonly artifact: Pick<PackageArtifact, 'path'>;
  readonly definition: PackageDefinition;
  /** What is meant to be found in it. */
  readonly overrides: readonly LintOverride[];
}

export interface LintPorts {
  readonly commands: CommandRunner;
  readonly environments: ChildEnvironments;
}

/** A finding, and the override that covers it. */
export interface JudgedFinding extends LintFinding {
  readonly override: LintOverride | undefined;
}

interface PackageFindings {
  readonly subject: LintedPackage;
  readonly findings: readonly RawFinding[];
}

function unusable(tool: string, files: readonly string[], result: CommandResult): CoachbuilderError {
  const said = `${result.stdout}\n${result.stderr}`.split('\n').filter((line) => line.trim() !== '');
  return new CoachbuilderError(
    'command-failed',
    `${tool} did not look at ${files.map((file) => basename(file)).join(', ')}`,
    {
      details: said.slice(-10),
      hint: `run it by hand to see what it makes of the packages; --lint=off builds without it`,
    },
  );
}

/** lintian has profiles for Debian and for what descends from it; their rules differ. */
function profileOf({ distribution }: PackageDefinition): string {
  return distribution.vendor === 'ubuntu' ? 'ubuntu' : 'debian';
}

async function runLintian(
  packages: readonly LintedPackage[],
  { scratch, ports }: { readonly scratch: string; readonly ports: LintPorts },
): Promise<readonly PackageFindings[]> {
  const [first] = packages;
  if (first === undefined) return [];
  const files = packages.map(({ artifact }) => artifact.path);
  const place = { scratch, env: ports.environments.base, profile: profileOf(first.definition) };
  const result = await ports.commands.tryRun(lintianCommand(files, place));
  const linted = parseLintian(result.stdout);
  return packages.map((subject) => {
    const name = basename(subject.artifact.path);
    const found = linted?.find(({ path }) => basename(path) === name);
    // One that it cannot read it leaves out, with a word on stderr and success.
    if (found === undefined) throw unusable('lintian', [name], result);
    return { subject, findings: found.findings };
  });
}

async function runRpmlint(
  packages: readonly LintedPackage[],
  { scratch, ports }: { readonly scratch: string; readonly ports: LintPorts },
): Promise<readonly PackageFindings[]> {
  const files = packages.map(({ artifact }) => artifact.path);
  const config = join(scratch, 'rpmlint.toml');
  const filters = join(scratch, 'none.rpmlintrc');
  await writeFile(config, readTemplate('spec-templates/lint/rpmlint.toml'));
  await writeFile(filters, '');
  const place = { scratch, env: ports.environments.base, config, filters };
  const result = await ports.commands.tryRun(rpmlintCommand(files, place));
  const { checked, findings } = parseRpmlint(result.stdout);
  if (checked !== packages.length) throw unusable('rpmlint', files, result);
  const known = new Set(packages.map(({ definition }) => `${definition.name}.${definition.architecture}`));
  const stray = findings.find(({ subject, severity }) => !known.has(subject) && severity !== 'other');
  if (stray !== undefined) throw unusable('rpmlint', files, result);
  return packages.map((subject) => {
    const { name, architecture } = subject.definition;
    return { subject, findings: findings.filter((each) => each.subject === `${name}.${architecture}`) };
  });
}

const runners = { deb: runLintian, rpm: runRpmlint } as const satisfies Record<PackageFormat, typeof runLintian>;

function judge({ subject, findings }: PackageFindings): readonly JudgedFinding[] {
  const { definition, overrides } = subject;
  const paths = new Set(definition.contents.flatMap(({ path }) => [path, ...parents(path)]));
  return findings.flatMap((raw): readonly JudgedFinding[] => {
    const { severity } = raw;
    if (severity === 'other') return [];
    const finding: LintFinding = {
      linter: linters[definition.distribution.format],
      package: definition.name,
      tag: raw.tag,
      severity,
      path: placeOf(raw, paths),
      note: raw.note,
      silenced: raw.silenced,
    };
    return [{ ...finding, override: overrides.find((override) => covers(override, finding)) }];
  });
}

function parents(path: string): readonly string[] {
  const above: string[] = [];
  for (let parent = dirname(path); parent !== '/'; parent = dirname(parent)) above.push(parent);
  return above;
}

/**
 * Has the packages of a target looked at by the linter of their format.
 * @param scratch absolute; a directory of its own
 * @returns all findings of the levels error and warning, each with what covers it
 * @throws CoachbuilderError `tool-missing`, or `command-failed` when the linter did not look at all of them
 */
export async function lintPackages(
  packages: readonly LintedPackage[],
  { scratch, ports }: { readonly scratch: string; readonly ports: LintPorts },
): Promise<readonly JudgedFinding[]> {
  const [first] = packages;
  if (first === undefined) return [];
  await mkdir(scratch, { recursive: true });
  const found = await runners[first.definition.distribution.format](packages, { scratch, ports });
  return found.flatMap(judge);
}

/** Whether a finding stands: neither we nor the manifest nor the package itself says that it is meant. */
export function stands({ override, silenced }: JudgedFinding): boolean {
  return override === undefined && !silenced;
}
