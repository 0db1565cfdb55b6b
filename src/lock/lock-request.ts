import { basename } from 'node:path';

import type { Application, ApplicationSource } from '../application/application.ts';
import type { ToolPorts } from '../application/ports.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { PythonSettings } from '../manifest/manifest.ts';
import { markerEnvironment, type MarkerEnvironment } from '../python/environment.ts';
import { evaluateMarker } from '../python/marker.ts';
import { normalizeName } from '../python/name.ts';
import { formatRequirement, parseRequirement, type Requirement } from '../python/requirement.ts';
import type { Reporter } from '../report/event.ts';
import { withoutUrlCredentials } from '../report/redact.ts';
import type { LockInputs } from './lock.ts';
import { readLockFile } from './imports/read-lock-file.ts';
import { requirePinned, requireUsableFiles, type ImportedLock } from './imports/pins.ts';
import { describePlatform, pythonMinor, type TargetPlatform } from './platform.ts';
import { requireInterpreter, type InterpreterCandidate } from './requires-python.ts';
import { readRequirementsFiles, type RequirementLine } from './requirements-file.ts';

/** An application that an index offers: it is one of the distributions of every environment. */
export type RequirementSource = Extract<ApplicationSource, { kind: 'requirement' }>;

export interface LockRequest {
  /** What is packaged. One that came from a requirement may be given as the requirement alone, before its wheel is known. */
  readonly application: Application | RequirementSource;
  readonly platform: TargetPlatform;
  readonly python: Pick<PythonSettings, 'requirements' | 'constraints' | 'extras' | 'indexes'> &
    Partial<Pick<PythonSettings, 'lockFile'>>;
  /** Other distributions' interpreters. */
  readonly candidates?: readonly InterpreterCandidate[];
  /** Told what is waited for, instead of the reporter of the store's ports. */
  readonly reporter?: Reporter;
}

/** A request, worked out for its platform. */
export interface LockQuestion {
  readonly platform: TargetPlatform;
  readonly markers: MarkerEnvironment;
  /** Without markers, sorted; addresses may hold credentials. */
  readonly requirements: readonly Requirement[];
  readonly constraints: readonly Requirement[];
  /** By normalized name: the only digests that are allowed (hexadecimal sha256). */
  readonly hashes: ReadonlyMap<string, readonly string[]>;
  /** Normalized name of an application that was built here; an index may have one of that name, which is not it. */
  readonly own: string | undefined;
  /** The lock of another tool; then `requirements` are its pins, every one with hashes. */
  readonly imported: ImportedLock | undefined;
  /** As it goes into the lock: no credentials. */
  readonly inputs: LockInputs;
}

export function markersOf(platform: TargetPlatform): MarkerEnvironment {
  return markerEnvironment({ pythonVersion: platform.pythonVersion, architecture: platform.architecture });
}

function withoutMarker(requirement: Requirement): Requirement {
  return { ...requirement, marker: undefined };
}

/**
 * What an application requires on a platform with some of its extras. An extra may be defined by others of the same
 * application (`all = ["app[http,tls]"]`); those are followed here, since no index may know the application.
 */
function applicationRequirements(
  metadata: Application['metadata'],
  extras: readonly string[],
  markers: MarkerEnvironment,
): readonly Requirement[] {
  const own = normalizeName(metadata.name);
  const declared = metadata.requiresDist.map(parseRequirement);
  const wanted = new Set(extras.map(normalizeName));
  for (let size = -1; size !== wanted.size;) {
    size = wanted.size;
    for (const requirement of applying(declared, [...wanted], markers)) {
      if (normalizeName(requirement.name) !== own) continue;
      for (const extra of requirement.extras) wanted.add(normalizeName(extra));
    }
  }
  return applying(declared, [...wanted], markers)
    .filter((requirement) => normalizeName(requirement.name) !== own)
    .map(withoutMarker);
}

/** The requirements whose marker holds. */
export function applying(
  requirements: readonly Requirement[],
  extras: readonly string[],
  markers: MarkerEnvironment,
): readonly Requirement[] {
  return requirements.filter(({ marker }) => marker === undefined || evaluateMarker(marker, markers, extras));
}

function isApplication(application: Application | RequirementSource): application is Application {
  return 'metadata' in application;
}

/** The requirement by which an application is one of the locked distributions; undefined when it was built here. */
export function requirementOf(application: Application | RequirementSource): string | undefined {
  const source = isApplication(application) ? application.source : application;
  return source.kind === 'requirement' ? source.requirement : undefined;
}

function ownName(application: Application | RequirementSource): string | undefined {
  return isApplication(application) ? normalizeName(application.metadata.name) : undefined;
}

function rootRequirements(request: LockRequest, markers: MarkerEnvironment): readonly Requirement[] {
  const { application } = request;
  const text = requirementOf(application);
  if (text !== undefined) {
    const requirement = parseRequirement(text);
    const extras = [...new Set([...requirement.extras, ...request.python.extras].map(normalizeName))].sort();
    return applying([{ ...requirement, extras }], [], markers).map(withoutMarker);
  }
  return isApplication(application)
    ? applicationRequirements(application.metadata, request.python.extras, markers)
    : [];
}

function canonical(line: RequirementLine): string {
  const text = withoutUrlCredentials(formatRequirement(withoutMarker(line.requirement)));
  return [text, ...[...line.hashes].sort().map((hash) => `--hash=sha256:${hash}`)].join(' ');
}

function sortedUnique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}

function collectHashes(lines: readonly RequirementLine[]): ReadonlyMap<string, readonly string[]> {
  const hashes = new Map<string, string[]>();
  for (const line of lines) {
    if (line.hashes.length === 0) continue;
    const name = normalizeName(line.requirement.name);
    hashes.set(name, [...(hashes.get(name) ?? []), ...line.hashes]);
  }
  return hashes;
}

/** A version control address cannot be pinned by the digest of a file. */
function refuseUnpinnable(requirements: readonly Requirement[], platform: TargetPlatform): void {
  const found = requirements.find(({ url }) => url !== undefined && !/^(?:https?|file):/i.test(url));
  if (found === undefined) return;
  throw new CoachbuilderError(
    'unresolvable',
    withoutUrlCredentials(
      `${formatRequirement(found)} cannot be locked for ${describePlatform(platform)}: only files have a sha256`,
    ),
    { hint: 'build a wheel of it, put that on an index or behind an http(s) address, and require it from there' },
  );
}

/** What an application requires is what a lock of another tool has; its pins are then all that a resolver is asked for. */
async function importLock(
  request: LockRequest,
  requirements: readonly Requirement[],
  markers: MarkerEnvironment,
): Promise<ImportedLock | undefined> {
  const { application, platform, python } = request;
  if (python.lockFile === undefined) return undefined;
  const own = requirementOf(application) === undefined ? ownName(application) : undefined;
  const extras = python.extras.map(normalizeName);
  const imported = await readLockFile(python.lockFile, { markers, extras, own, roots: requirements });
  requirePinned(
    requirements.filter(({ name }) => normalizeName(name) !== own),
    imported,
  );
  requireUsableFiles(imported, platform);
  return imported;
}

function pinLines(imported: ImportedLock): readonly RequirementLine[] {
  return imported.pins.map(({ requirement, files }) => ({ requirement, hashes: files.map(({ sha256 }) => sha256) }));
}

/**
 * Works out what has to be asked of a resolver.
 * @throws CoachbuilderError `requires-python`, `manifest-invalid` for requirements files that cannot be used,
 * `lock-file-unusable` and `unsupported-wheel` for a lock of another tool
 */
export async function askFor(request: LockRequest, ports: Pick<ToolPorts, 'reporter'>): Promise<LockQuestion> {
  if (isApplication(request.application))
    requireInterpreter(request.application.metadata, request.platform, request.candidates ?? []);
  const { platform, python } = request;
  const markers = markersOf(platform);
  const files = await readRequirementsFiles(python);
  if (files.diagnostics.length > 0) {
    throw new CoachbuilderError('manifest-invalid', 'requirements files hold lines that cannot be locked', {
      hint: 'correct these lines',
      diagnostics: files.diagnostics,
    });
  }
  for (const option of files.ignored) {
    ports.reporter.report({
      type: 'warning',
      message: `${option} has no effect`,
      hint: 'indexes are named under python.indexes in the manifest, or in the configuration of pip or uv',
    });
  }
  const holds = (line: RequirementLine): boolean => applying([line.requirement], [], markers).length > 0;
  const roots = rootRequirements(request, markers).map((requirement) => ({ requirement, hashes: [] }));
  const required = [...roots, ...files.requirements.filter(holds)];
  const imported = await importLock(
    request,
    required.map((line) => line.requirement),
    markers,
  );
  const requirements = imported === undefined ? required : pinLines(imported);
  const constraints = files.constraints.filter(holds);
  refuseUnpinnable(
    [...requirements, ...constraints].map((line) => line.requirement),
    platform,
  );
  return {
    platform,
    markers,
    requirements: requirements.map((line) => withoutMarker(line.requirement)),
    constraints: constraints.map((line) => withoutMarker(line.requirement)),
    own: requirementOf(request.application) === undefined ? ownName(request.application) : undefined,
    imported,
    hashes: collectHashes([...requirements, ...constraints]),
    inputs: {
      python: pythonMinor(platform),
      glibc: platform.glibc,
      architecture: platform.architecture,
      requirements: sortedUnique(required.map(canonical)),
      constraints: sortedUnique(constraints.map(canonical)),
      indexes: python.indexes.map(withoutUrlCredentials),
      ...(imported === undefined ? {} : { lockFile: `${basename(imported.path)} sha256:${imported.digest}` }),
    },
  };
}
