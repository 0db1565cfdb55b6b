import { basename } from 'node:path';

import type { Application } from '../application/application.ts';
import type { LockedEnvironment } from '../lock/lock.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import { pypiPurl } from '../sbom/purl.ts';
import type { Tree } from '../tree/tree.ts';
import type { Wheelhouse } from '../wheelhouse/wheelhouse.ts';
import type { NamedFile, RunFacts } from './facts.ts';
import {
  closureMaterials,
  commonMaterials,
  imageMaterials,
  interpreterMaterial,
  type ResourceDescriptor,
} from './materials.ts';

/** What docs/provenance.md describes: the parameters and materials of a build by this program. */
const buildType = 'urn:coachbuilder:build-package:v1';

export interface ProvenanceRequest {
  readonly run: RunFacts;
  readonly target: BuildTarget;
  readonly application: Pick<Application, 'metadata' | 'sha256' | 'wheel' | 'generator' | 'compiledIn'>;
  readonly environment: LockedEnvironment;
  readonly wheelhouse: Wheelhouse;
  readonly tree: Pick<Tree, 'bytecode' | 'compiler'>;
  /** SOURCE_DATE_EPOCH, seconds. */
  readonly epoch: number;
  /** What was made, and what the statement speaks for. */
  readonly subjects: readonly NamedFile[];
}

function withoutAbsent(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** SLSA 1.0: all that whoever asks for a build decides. The machine's own paths are left out. */
function externalParameters({ run, target }: ProvenanceRequest): Readonly<Record<string, unknown>> {
  const { source, parameters, manifest } = run;
  const { packageVersion, builder, image } = parameters;
  return withoutAbsent({
    source: withoutAbsent({
      kind: source.kind,
      uri: source.uri,
      subdirectory: source.subdirectory === '' ? undefined : source.subdirectory,
      file: source.file?.name,
    }),
    distribution: target.distribution.id,
    architecture: target.architecture,
    manifest: manifest?.name,
    packageVersion,
    builder,
    image,
  });
}

function internalParameters({ target, environment, tree, epoch }: ProvenanceRequest): object {
  const { interpreter } = target;
  return {
    sourceDateEpoch: epoch,
    interpreter: { version: interpreter.version, path: interpreter.path, bundled: interpreter.bundle !== undefined },
    bytecode: withoutAbsent({ made: tree.bytecode, compiler: tree.compiler && `CPython ${tree.compiler}` }),
    // The line `fingerprint:` of this environment in the lock.
    lock: { environment: environment.key, fingerprint: environment.fingerprint },
  };
}

/** Wheels that were built on the way: with the same materials they should be the same. */
function byproducts({ application, environment, wheelhouse }: ProvenanceRequest): readonly ResourceDescriptor[] {
  const pinned = new Set(environment.distributions.filter(({ kind }) => kind === 'wheel').map(({ name }) => name));
  return wheelhouse.wheels
    .filter(({ name }) => !pinned.has(name))
    .map(({ name, version, path, sha256, compiledIn }) => {
      const own = sha256 === application.sha256;
      const image = (own ? application.compiledIn : undefined) ?? compiledIn;
      const generator = own ? application.generator : undefined;
      return {
        name: basename(path),
        uri: pypiPurl(name, version),
        digest: { sha256 },
        annotations: withoutAbsent({ role: own ? 'application' : 'built wheel', generator, compiledIn: image?.tag }),
      };
    });
}

/** Tools that had a part in a target: those of the other format did not. */
function toolsOf({ run, target }: ProvenanceRequest): Readonly<Record<string, string>> {
  const foreign: readonly string[] = target.distribution.format === 'deb' ? ['rpmbuild', 'file'] : ['dpkg-deb'];
  const own = [...run.tools].filter(([name]) => !foreign.includes(name));
  return Object.fromEntries([['coachbuilder', run.program.version] as const, ...own]);
}

/**
 * A provenance statement of what was made for a target: in-toto Statement 1.0 with the predicate SLSA Provenance 1.0, as
 * JSON. It is not signed. There is no time of day and no name of a run in it, so the same build has the same statement.
 */
export function provenanceStatement(request: ProvenanceRequest): string {
  const { run, target, application, environment, wheelhouse, subjects } = request;
  const images = [application.compiledIn, ...wheelhouse.wheels.map(({ compiledIn }) => compiledIn)];
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjects.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType,
        externalParameters: externalParameters(request),
        internalParameters: internalParameters(request),
        resolvedDependencies: [
          ...commonMaterials(run),
          ...interpreterMaterial(target),
          ...closureMaterials(environment.distributions),
          ...imageMaterials(images.filter((image) => image !== undefined)),
        ],
      },
      runDetails: {
        builder: {
          id: run.builderId,
          version: toolsOf(request),
          builderDependencies: [{ name: 'coachbuilder', digest: { sha256: run.program.sha256 } }],
        },
        byproducts: byproducts(request),
      },
    },
  };
  return `${JSON.stringify(statement, null, 2)}\n`;
}
