import { dirname } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { payloadOf } from '../formats/payload.ts';
import { sift } from '../inspect/health/accept.ts';
import { findCredentials } from '../inspect/health/credentials.ts';
import { sortFindings, type HealthFinding } from '../inspect/health/finding.ts';
import { importEntryPoints } from '../inspect/health/imports.ts';
import { readInstalled, type InstalledDistribution } from '../inspect/health/installed.ts';
import { findNamesakes } from '../inspect/health/libraries.ts';
import { findBadLinks } from '../inspect/health/links.ts';
import { findLitter } from '../inspect/health/litter.ts';
import { findTwinNames } from '../inspect/health/names.ts';
import { checkRecords } from '../inspect/health/records.ts';
import { healthError } from '../inspect/health/refuse.ts';
import { checkRequirements } from '../inspect/health/requirements.ts';
import { removeStrangers } from '../inspect/health/strangers.ts';
import { describeLeak, findLeaks, forbiddenPaths, leakError, leakHint, type Leak } from '../inspect/leaks.ts';
import { oversizeError } from '../inspect/size.ts';
import { platformOf } from '../lock/platform.ts';
import type { AcceptedFinding } from '../manifest/tree-settings.ts';
import { architectures } from '../model/architecture.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import { formatCount } from '../report/format.ts';
import { temporaryDirectory } from '../system/files.ts';
import { identifyElfFile } from '../tree/elf-identity.ts';
import type { FoundInterpreter } from '../tree/interpreters.ts';
import { compileTreeGlob, placesOf } from '../tree/tree-glob.ts';
import type { Health, Tree } from '../tree/tree.ts';
import { findCompiler } from './bundled.ts';
import { runStage, type Progress } from './stage.ts';
import type { TargetBuild } from './target-build.ts';

/** Whether an interpreter of this machine can load what a tree has for the target's processor. */
function runsFor(interpreter: FoundInterpreter, { architecture }: BuildTarget, tree: Tree): boolean {
  if (!tree.entries.some((entry) => entry.kind === 'file' && entry.elf !== undefined)) return true;
  const { elfClass, elfMachine } = architectures[architecture];
  const elf = identifyElfFile(interpreter.path);
  return elf?.elfClass === elfClass && elf.machine === elfMachine;
}

interface Imported {
  readonly findings: readonly HealthFinding[];
  /** For the summary of the stage. */
  readonly said: string;
  readonly imported: Health['imported'];
}

async function tryImports(
  target: BuildTarget,
  tree: Tree,
  installed: readonly InstalledDistribution[],
  build: TargetBuild,
): Promise<Imported> {
  const { imports } = target.manifest.health;
  const { minor } = target.interpreter;
  const none = (said: string): Imported => ({ findings: [], said, imported: undefined });
  if (imports === 'never') return none('entry points not imported');
  if (!installed.some(({ scripts }) => scripts.length > 0)) return none('no entry points');
  // The interpreters of Python 2 cannot be isolated.
  const found = minor.startsWith('2.') ? undefined : await findCompiler(target, tree, build.ports);
  const interpreter = found !== undefined && runsFor(found, target, tree) ? found : undefined;
  if (interpreter === undefined) {
    const missing = `no CPython ${minor} for ${target.architecture} on this machine`;
    if (imports === 'auto') return none(`entry points not imported (${missing})`);
    throw new CoachbuilderError('tool-missing', `entry points cannot be imported: ${missing}`, {
      hint: `install python${minor}, for example with uv or pyenv, or set health.imports to auto in the manifest`,
    });
  }
  await using scratch = await temporaryDirectory(dirname(tree.root), 'imports');
  const { sitePackages } = placesOf(tree.prefix, minor);
  const { commands, environments } = build.ports;
  const request = {
    tree,
    installed,
    sitePackages,
    platform: platformOf(target),
    application: target.manifest.name,
    published: build.applicationFor(target).source.kind === 'requirement',
    interpreter,
    scratch: scratch.path,
    commands,
    environments,
  };
  const { findings, count } = await importEntryPoints(request);
  return {
    findings: [...findings, ...removeStrangers(tree, build.epoch)],
    said: `${formatCount(count, 'entry point')} imported with CPython ${interpreter.version}`,
    imported: count,
  };
}

function leakFinding(leak: Leak): HealthFinding {
  return {
    check: 'build-paths',
    severity: 'error',
    path: leak.path,
    message: describeLeak(leak),
    hint: leakHint(leak),
  };
}

/**
 * Looks a finished tree over before it is packaged; all that is wrong is said at once.
 * @returns the tree, with what was found and accepted
 * @throws CoachbuilderError `too-large`; `path-leak` when the only fault is that files name paths of this machine,
 * else `health-check-failed`; `tool-missing` when the manifest demands imports and there is no interpreter
 */
export async function checkHealth(target: BuildTarget, tree: Tree, build: TargetBuild): Promise<Tree> {
  const { manifest, interpreter, label, distribution } = target;
  const { reporter } = build.ports;
  let said = '';
  const check = async (progress: Progress): Promise<Tree> => {
    const places = placesOf(tree.prefix, interpreter.minor);
    const installed = readInstalled(tree, places.sitePackages);
    const directories = [tree.root, ...build.buildPaths];
    const leaks = await findLeaks(tree, forbiddenPaths({ directories, home: build.home, prefix: tree.prefix }));
    const imports = await tryImports(target, tree, installed, build);
    said = imports.said;
    const findings = sortFindings([
      ...leaks.map(leakFinding),
      ...imports.findings,
      ...checkRequirements(installed, platformOf(target)),
      ...checkRecords(tree, installed, places.sitePackages),
      ...findBadLinks(tree, interpreter.path),
      ...(await findCredentials(tree, manifest.name, build.ports.redactor.secrets())),
      ...findLitter(tree, { minor: interpreter.minor, application: manifest.name }),
      ...findTwinNames(tree),
      ...findNamesakes(tree, installed),
    ]);
    const { errors, warnings, accepted, idle } = sift(findings, manifest.health.accept, places);
    for (const { path, reason, message } of accepted) progress(`accepted in ${path}: ${message} (${reason})`);
    warn(target, warnings, build);
    // Whether entry points fail is known where they are imported only; what the manifest adds was looked over before.
    const missed = idle.filter((rule) => rule.check !== 'imports' || imports.imported !== undefined);
    reportIdle(
      target,
      missed.filter((rule) => !concernsPayload(rule, target)),
      build,
    );
    const paths = new Set(errors.map(({ path }) => path));
    const error = errors.every((finding) => finding.check === 'build-paths')
      ? leakError(leaks.filter(({ path }) => paths.has(path)))
      : healthError(errors, `the virtual environment for ${distribution.title}`);
    const oversize = oversizeError(tree, manifest.slim.sizeLimit);
    if (error !== undefined) throw oversize === undefined ? error : error.withDetails(`size: ${oversize.message}`);
    if (oversize !== undefined) throw oversize;
    return { ...tree, health: { imported: imports.imported, warnings, accepted } };
  };
  return runStage(reporter, { stage: 'health', target: label, summary: () => said }, check);
}

/** Whether an accepted finding can be one of what the manifest adds to the tree. */
function concernsPayload({ path }: AcceptedFinding, target: BuildTarget): boolean {
  const { manifest, interpreter } = target;
  if (path.startsWith('/') && !path.startsWith(`${manifest.prefix}/`)) return true;
  const matches = compileTreeGlob(path, placesOf(manifest.prefix, interpreter.minor));
  return payloadOf(target).some((file) => matches(file.path));
}

/** Tells of what the manifest accepts and nobody found. */
export function reportIdle({ label }: BuildTarget, idle: readonly AcceptedFinding[], build: TargetBuild): void {
  for (const { check, path } of idle) {
    const message = `health.accept has "${path}" for ${check}, where nothing is found`;
    build.ports.reporter.report({ type: 'warning', target: label, message, hint: 'take it out of the manifest' });
  }
}

/** How many warnings of one check are told; the record of the run has all of them. */
const told = 5;

/** Tells of warnings, and of their number where there are too many. */
export function warn({ label }: BuildTarget, warnings: readonly HealthFinding[], build: TargetBuild): void {
  const counts = new Map<string, number>();
  for (const { check, message, hint } of warnings) {
    const count = (counts.get(check) ?? 0) + 1;
    counts.set(check, count);
    if (count > told) continue;
    const advice = hint === undefined ? {} : { hint };
    build.ports.reporter.report({ type: 'warning', target: label, message, ...advice });
  }
  for (const [check, count] of counts) {
    if (count <= told) continue;
    const message = `and ${String(count - told)} more of this kind (${check}); tree.json of --build-directory has them`;
    build.ports.reporter.report({ type: 'warning', target: label, message });
  }
}
