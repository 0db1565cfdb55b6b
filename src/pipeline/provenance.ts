import { basename, dirname, join } from 'node:path';

import type { Application } from '../application/application.ts';
import { companionsOf, type PackageArtifact } from '../formats/packager.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import { outputNames } from '../plan/plan-build.ts';
import { provenanceFileName, type NamedFile, type RunFacts } from '../provenance/facts.ts';
import { provenanceStatement } from '../provenance/statement.ts';
import { digestFile, writeFileAtomic } from '../system/files.ts';
import type { Tree } from '../tree/tree.ts';
import type { TargetContent } from './target-build.ts';

export interface ProvenanceOrder {
  readonly applicationFor: (target: BuildTarget) => Application;
  readonly provenance: (() => Promise<RunFacts>) | undefined;
  /** SOURCE_DATE_EPOCH, seconds. */
  readonly epoch: number;
}

/** The name of a target's statement, relative to the destination. */
export function provenanceNames(target: BuildTarget): readonly string[] {
  const [main] = outputNames(target);
  return main === undefined ? [] : [provenanceFileName({ fileName: main })];
}

function named({ path, sha256 }: { readonly path: string; readonly sha256: string }): NamedFile {
  return { name: basename(path), sha256 };
}

/**
 * Writes the statement of what was made for a target beside its main package, which is the first. It speaks for every
 * package and for every bill of materials.
 * @returns the artifacts, the first one with the statement; as they were when none is wanted
 * @throws CoachbuilderError `disk-full`, `output-unwritable`
 */
export async function writeProvenance(
  artifacts: readonly PackageArtifact[],
  content: TargetContent & { readonly tree: Tree },
  { applicationFor, provenance, epoch }: ProvenanceOrder,
): Promise<readonly PackageArtifact[]> {
  const [main, ...others] = artifacts;
  if (provenance === undefined || main === undefined) return artifacts;
  const subjects = artifacts.flatMap((artifact) => [artifact, ...companionsOf(artifact)]).map(named);
  const application = applicationFor(content.target);
  const text = provenanceStatement({ ...content, run: await provenance(), application, epoch, subjects });
  const path = join(dirname(main.path), provenanceFileName({ fileName: basename(main.path) }));
  await writeFileAtomic(path, text);
  return [{ ...main, provenance: { path, ...(await digestFile(path)) } }, ...others];
}
