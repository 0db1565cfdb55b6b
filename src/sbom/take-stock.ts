import { basename } from 'node:path';

import { readWheel } from '../application/wheel-reader.ts';
import type { LockedEnvironment } from '../lock/lock.ts';
import { markersOf } from '../lock/lock-request.ts';
import { platformOf } from '../lock/platform.ts';
import type { PackageDefinition } from '../packages/definition.ts';
import type { BuildTarget, BundledInterpreter } from '../plan/build-plan.ts';
import type { CoreMetadata } from '../python/core-metadata.ts';
import { normalizeName } from '../python/name.ts';
import { parseRequirement } from '../python/requirement.ts';
import { mapConcurrently } from '../system/files.ts';
import type { WheelFile, Wheelhouse } from '../wheelhouse/wheelhouse.ts';
import type { BillOfMaterials, Component } from './bill.ts';
import { dependencyGraph } from './dependencies.ts';
import { licenseOf, licenseOfMetadata } from './license.ts';
import { genericPurl, packagePurl, pypiPurl } from './purl.ts';

const subjectId = 'package';
export const interpreterId = 'interpreter';

/** Names are normalized (PEP 503), so this is an identifier of SPDX as it is, and clashes with none of the others. */
export function distributionId(name: string): string {
  return `pypi-${name}`;
}

/** An address that people can open, in ASCII; METADATA may hold anything. */
function homepageOf(text: string | undefined): string | undefined {
  if (text === undefined || !/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return undefined;
  // What the URL standard lets be, and RFC 3986 (2. Characters) does not.
  return url.href.replaceAll(/[^\w.~:/?#@!$&'()*+,;=%-]/g, encodeURIComponent);
}

interface Inspected {
  readonly wheel: WheelFile;
  readonly metadata: CoreMetadata;
  /** The file that others can get, and so compare; undefined when the wheel was built here from something else. */
  readonly published: { readonly fileName: string; readonly sha256: string } | undefined;
}

function distributionComponent({ wheel, metadata, published }: Inspected, application: string): Component {
  const name = normalizeName(wheel.name);
  return {
    id: distributionId(name),
    kind: name === application ? 'application' : 'library',
    name: metadata.name,
    version: metadata.version,
    purl: pypiPurl(name, metadata.version),
    sha256: published?.sha256,
    fileName: published?.fileName ?? basename(wheel.path),
    license: licenseOfMetadata(metadata),
    summary: metadata.summary,
    author: metadata.author ?? metadata.authorEmail,
    supplier: undefined,
    homepage: homepageOf(metadata.homepage),
  };
}

function interpreterComponent({ version, bundle }: BundledInterpreter): Component {
  return {
    id: interpreterId,
    kind: 'interpreter',
    name: 'cpython',
    version,
    purl: genericPurl('cpython', version, bundle.sha256),
    sha256: bundle.sha256,
    // Where the archive lies is the builder's affair, and may be a path of this machine.
    fileName: undefined,
    // The archive's licence files tell; no metadata does.
    license: { kind: 'unknown' },
    summary: 'Python interpreter and standard library',
    author: undefined,
    supplier: undefined,
    homepage: undefined,
    // The name under which vulnerability databases (NVD) know CPython.
    cpe: `cpe:2.3:a:python:python:${version}:*:*:*:*:*:*:*`,
  };
}

function subjectComponent(definition: PackageDefinition): Component {
  const { version, release } = definition.version;
  const epoch = definition.version.epoch === 0 ? '' : `${String(definition.version.epoch)}:`;
  return {
    id: subjectId,
    kind: 'package',
    name: definition.name,
    version: `${epoch}${version}-${release}`,
    purl: packagePurl(definition),
    sha256: undefined,
    fileName: definition.fileName,
    license: licenseOf(definition.license),
    summary: definition.summary,
    author: undefined,
    supplier: definition.vendor,
    homepage: homepageOf(definition.url),
  };
}

export interface Inventory {
  readonly target: BuildTarget;
  /** The main package. */
  readonly definition: PackageDefinition;
  readonly wheelhouse: Wheelhouse;
  readonly environment: Pick<LockedEnvironment, 'inputs' | 'distributions'>;
  /** The application's name. */
  readonly application: string;
  /** sha256 (hexadecimal) of the application's file, when a finished file was given. */
  readonly applicationDigest?: string | undefined;
}

/**
 * Lists what a main package consists of: every distribution of its tree as its wheel describes itself, the interpreter
 * when it brings one, and which of them requires which on the target. The package itself has no digest yet.
 * @throws CoachbuilderError `wheel-invalid` for a wheel without metadata
 */
export async function takeStock(inventory: Inventory): Promise<BillOfMaterials> {
  const { target, definition, wheelhouse, environment } = inventory;
  const application = normalizeName(inventory.application);
  const locked = new Map(environment.distributions.map(({ name, file }) => [name, file]));
  const inspected = await mapConcurrently(wheelhouse.wheels, 4, async (wheel): Promise<Inspected> => {
    const name = normalizeName(wheel.name);
    const { applicationDigest: sha256 } = inventory;
    const given = name === application && sha256 !== undefined ? { fileName: basename(wheel.path), sha256 } : undefined;
    return { wheel, metadata: (await readWheel(wheel.path)).metadata, published: locked.get(name) ?? given };
  });
  const graph = dependencyGraph({
    distributions: new Map(inspected.map(({ wheel, metadata }) => [normalizeName(wheel.name), metadata])),
    application,
    extras: target.manifest.python.extras,
    requirements: environment.inputs.requirements.map((text) => parseRequirement(text.replace(/\s--hash=.*$/, ''))),
    markers: markersOf(platformOf(target)),
  });
  const interpreter = target.interpreter.bundle === undefined ? [] : [interpreterComponent(target.interpreter)];
  const subject = subjectComponent(definition);
  const components = [...inspected.map((each) => distributionComponent(each, application)), ...interpreter];
  return {
    subject,
    components: components.sort((a, b) => (a.id < b.id ? -1 : 1)),
    dependencies: new Map<string, readonly string[]>([
      [subject.id, [...interpreter.map(({ id }) => id), ...graph.roots.map(distributionId)].sort()],
      ...[...graph.edges].map(([name, others]) => [distributionId(name), others.map(distributionId)] as const),
      ...interpreter.map(({ id }) => [id, []] as const),
    ]),
    epoch: definition.epoch,
  };
}
