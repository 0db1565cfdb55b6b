import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Application } from '../application/application.ts';
import type { History } from '../documents/history.ts';
import type { LintMode } from '../lint/mode.ts';
import { companionsOf, type CompanionFile, type PackageArtifact } from '../formats/packager.ts';
import type { LockedEnvironment } from '../lock/lock.ts';
import { integrationSources } from '../manifest/integration/settings.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import type { RunFacts } from '../provenance/facts.ts';
import type { SbomFormat } from '../sbom/bill.ts';
import { digestFile, isErrno, writeFileAtomic } from '../system/files.ts';
import type { FoundInterpreter } from '../tree/interpreters.ts';
import { parseFinished, type FinishedRecord } from './finished-schema.ts';

/** What the packages of a target are made of. */
export interface TargetInputs {
  readonly target: BuildTarget;
  readonly application: Pick<Application, 'sha256' | 'commit' | 'source'>;
  readonly environment: Pick<LockedEnvironment, 'fingerprint'>;
  readonly history: History;
  /** SOURCE_DATE_EPOCH, seconds. */
  readonly epoch: number;
  /** Bills of materials that are made as well. */
  readonly sbom: readonly SbomFormat[];
  /** Whether the page about the build is made as well. */
  readonly report: boolean;
  readonly lint: LintMode;
  /** Whether a linter looks at the packages: what none has looked at is not finished where there is one. */
  readonly linted: boolean;
  /** What the provenance statement says of the whole run; undefined when none is made. */
  readonly provenance: RunFacts | undefined;
  /** The interpreter of this machine that bytecode is compiled with; undefined where none is, or is wanted. */
  readonly compiler: FoundInterpreter | undefined;
  /** Which Coachbuilder: its version and the digest of what it consists of. */
  readonly program: string;
}

/** Absolute paths of the files that go into a target's packages beside the tree. */
function filesOf({ manifest, release }: BuildTarget): readonly string[] {
  const packages = manifest.packages.flatMap(({ files, scripts, services, integration }) => [
    ...files.map(({ source }) => source),
    ...Object.values(scripts),
    ...integrationSources(integration),
    ...services.flatMap((service) => Object.values(service.files)),
  ]);
  const key = manifest.release?.key;
  const released = [...(key === undefined ? [] : [key]), ...(release?.own?.files ?? [])];
  return [...new Set([...packages, ...released])].sort();
}

/** A file that cannot be read is reported by who needs its content. */
async function contentOf(path: string): Promise<string> {
  try {
    return (await digestFile(path)).sha256;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES')) return 'unreadable';
    throw error;
  }
}

/** A package and what lies beside it. */
function filesOfArtifact(artifact: PackageArtifact): readonly CompanionFile[] {
  return [artifact, ...companionsOf(artifact)];
}

/** sha256 (hexadecimal) of everything that decides the packages of a target. */
export async function digestInputs(inputs: TargetInputs): Promise<string> {
  const { target, application, environment, history, epoch, compiler, program } = inputs;
  const { sbom, lint, linted, report, provenance } = inputs;
  const hash = createHash('sha256');
  const files: string[][] = [];
  for (const path of filesOf(target)) files.push([path, await contentOf(path)]);
  const { file } = history;
  const told = [history.from, history.notes, file && [file.name, Buffer.from(file.bytes).toString('base64')]];
  const { sha256, source } = application;
  // Of a wheel that others made, bills of materials name the digest. Where a checkout of ours lies is chance.
  const origin = [source.kind, source.kind === 'url' ? source.url : null];
  const made = [program, sha256, origin, environment.fingerprint, epoch, compiler ?? null, told];
  const facts = provenance === undefined ? null : [provenance, [...provenance.tools]];
  const repository = source.kind === 'directory' ? source.origin?.url : undefined;
  // The page names the commit and the repository; the same wheel may come of others.
  const page = report ? { commit: application.commit, repository } : null;
  hash.update(JSON.stringify([...made, sbom, lint, linted, facts, page, target, files]));
  return hash.digest('hex');
}

/** Records of finished targets, kept in the cache: one for each place that packages were put in and each target. */
export class FinishedTargets {
  readonly #directory: string;
  readonly #destination: string;

  /**
   * @param cacheDirectory absolute
   * @param destination absolute directory of the packages
   */
  constructor(cacheDirectory: string, destination: string) {
    this.#directory = join(cacheDirectory, 'finished');
    this.#destination = destination;
  }

  #path(target: BuildTarget): string {
    const place = JSON.stringify([this.#destination, target.subdirectory, target.label, target.manifest.name]);
    return join(this.#directory, `${createHash('sha256').update(place).digest('hex')}.json`);
  }

  /**
   * What an earlier run made of a target, when all of it is still there as it was made.
   * @returns undefined otherwise
   */
  async find(target: BuildTarget): Promise<FinishedRecord | undefined> {
    try {
      const finished = parseFinished(await readFile(this.#path(target), 'utf8'));
      for (const { path, sha256, size } of (finished?.artifacts ?? []).flatMap(filesOfArtifact)) {
        const found = await digestFile(path);
        if (found.sha256 !== sha256 || found.size !== size) return undefined;
      }
      return finished;
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return undefined;
      throw error;
    }
  }

  /** Absolute paths of all packages that {@link find} finds for some targets, and of what lies beside them. */
  async findPaths(targets: readonly BuildTarget[]): Promise<ReadonlySet<string>> {
    const paths = new Set<string>();
    for (const target of targets) {
      const finished = await this.find(target);
      for (const { path } of (finished?.artifacts ?? []).flatMap(filesOfArtifact)) paths.add(path);
    }
    return paths;
  }

  /** Remembers a finished target. */
  async keep(target: BuildTarget, inputs: string, artifacts: readonly PackageArtifact[]): Promise<void> {
    const finished = { schemaVersion: 1, inputs, artifacts };
    await writeFileAtomic(this.#path(target), `${JSON.stringify(finished, null, 1)}\n`);
  }
}
