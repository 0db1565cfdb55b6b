import { dirname, join, posix } from 'node:path';

import type { Application } from '../application/application.ts';
import { kindOf } from '../build-report/file-kinds.ts';
import { readNativeFiles } from '../build-report/native-files.ts';
import { renderPage } from '../build-report/page.ts';
import {
  reportFileName,
  type BuildReport,
  type LintFinding,
  type ReportedFile,
  type ReportedPackage,
  type ReportedSource,
} from '../build-report/report.ts';
import type { PackageArtifact } from '../formats/packager.ts';
import type { JudgedFinding } from '../lint/lint-packages.ts';
import type { PackageDefinition } from '../packages/definition.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import { outputNames } from '../plan/plan-build.ts';
import { withDigest, type BillOfMaterials } from '../sbom/bill.ts';
import { distributionId, interpreterId } from '../sbom/take-stock.ts';
import { digestFile, writeFileAtomic } from '../system/files.ts';
import type { Tree } from '../tree/tree.ts';
import type { TargetContent } from './target-build.ts';

interface ReportOrder {
  readonly applicationFor: (target: BuildTarget) => Pick<Application, 'metadata' | 'source' | 'commit'>;
}

interface ReportContent extends Pick<TargetContent, 'target'> {
  readonly tree: Tree;
  readonly bill: BillOfMaterials;
  /** What linters said of the packages; undefined when none ran. */
  readonly lint?: readonly JudgedFinding[] | undefined;
}

/** The file that the page about a target's build comes to, relative to the destination. */
export function reportNames(target: BuildTarget): readonly string[] {
  const [main] = outputNames(target);
  return main === undefined ? [] : [reportFileName({ fileName: main })];
}

/** Whose the files of a tree are, as the bill of materials calls its components. */
function ownersOf(tree: Pick<Tree, 'entries'>, target: BuildTarget): (path: string) => string {
  const { interpreter } = target;
  const home = interpreter.bundle === undefined ? undefined : `${posix.dirname(posix.dirname(interpreter.path))}/`;
  const owners = new Map(
    tree.entries.map((entry) => {
      const distribution = entry.kind === 'file' ? entry.distribution : undefined;
      if (distribution !== undefined) return [entry.path, distributionId(distribution)];
      return [entry.path, home !== undefined && entry.path.startsWith(home) ? interpreterId : 'environment'];
    }),
  );
  return (path) => owners.get(path) ?? 'package';
}

function filesOf(
  { contents }: PackageDefinition,
  tree: Pick<Tree, 'entries'>,
  ownerOf: (path: string) => string,
): readonly ReportedFile[] {
  const native = new Set(
    tree.entries.flatMap((entry) => (entry.kind === 'file' && entry.elf !== undefined ? [entry.path] : [])),
  );
  return contents.flatMap((entry): readonly ReportedFile[] => {
    if (entry.kind !== 'file') return [];
    const { path, size } = entry;
    return [{ path, size, kind: kindOf(path, native.has(path)), owner: ownerOf(path) }];
  });
}

/**
 * Relations that name a library: those of RPM, `libc.so.6(GLIBC_2.17)(64bit)` (RPM documentation, "Dependency
 * generators"). Debian's name packages, and do not tell for which library.
 */
function declarations({ relations, distribution }: PackageDefinition): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  if (distribution.format !== 'rpm') return found;
  for (const { name } of relations.depends) {
    const library = /^([^()]+\.so[^()]*)\(.*\)$/.exec(name)?.[1];
    if (library !== undefined) found.set(library, [...(found.get(library) ?? []), name]);
  }
  return found;
}

function reportedFinding({ linter, severity, tag, package: name, path, note, override }: JudgedFinding): LintFinding {
  return { tool: linter, severity, tag, package: name, path, text: note, overridden: override?.reason };
}

/** A repository on this machine is of no use to a reader, and would tell the page where it was built. */
function sourceOf({ source, commit }: Pick<Application, 'source' | 'commit'>): ReportedSource {
  const url = source.kind === 'directory' ? source.origin?.url : undefined;
  const isLocal = url === undefined || /^(?:file:|\/|\.)/.test(url);
  return {
    commit: commit?.id,
    dirty: commit !== undefined && (commit.dirty || commit.untracked),
    repository: isLocal ? undefined : url,
  };
}

/**
 * Collects what the page about a build shows; the staging root has to be there still.
 * @param packages the main package first
 * @throws CoachbuilderError `wheel-invalid`
 */
export async function collectReport(
  packages: readonly [ReportedPackage, ...(readonly ReportedPackage[])],
  content: ReportContent,
  { applicationFor }: ReportOrder,
): Promise<BuildReport> {
  const { target, tree, bill, lint } = content;
  const [{ definition, sha256 }] = packages;
  const application = applicationFor(target);
  const { name, version } = application.metadata;
  const ownerOf = ownersOf(tree, target);
  return {
    application: { name, version },
    target: {
      label: target.label,
      title: target.distribution.title,
      architecture: target.architecture,
      format: target.distribution.format,
      python: target.interpreter.bundle === undefined ? target.interpreter.minor : target.interpreter.version,
      bundled: target.interpreter.bundle !== undefined,
      prefix: tree.prefix,
    },
    source: sourceOf(application),
    epoch: definition.epoch,
    files: filesOf(definition, tree, ownerOf),
    bill: withDigest(bill, sha256),
    nativeFiles: await readNativeFiles(tree, ownerOf),
    declared: declarations(definition),
    packages,
    lint: lint?.map(reportedFinding),
  };
}

/**
 * Writes the page about a build beside the main package.
 * @param artifacts of the definitions, in their order; the main package is the first
 * @returns the artifacts, the main package's with its page
 * @throws CoachbuilderError `wheel-invalid`, `disk-full`, `output-unwritable`
 */
export async function withReport(
  artifacts: readonly PackageArtifact[],
  definitions: readonly PackageDefinition[],
  content: ReportContent,
  order: ReportOrder,
): Promise<readonly PackageArtifact[]> {
  const packages = definitions.flatMap((definition, index) => {
    const { size, sha256 } = artifacts[index] ?? {};
    return size === undefined || sha256 === undefined ? [] : [{ definition, size, sha256 }];
  });
  const [[main, ...others], [first, ...rest]] = [artifacts, packages];
  if (main === undefined || first === undefined) throw new Error('Internal error: a target without packages');
  const report = await collectReport([first, ...rest], content, order);
  const path = join(dirname(main.path), reportFileName(first.definition));
  await writeFileAtomic(path, renderPage(report));
  return [{ ...main, report: { path, ...(await digestFile(path)) } }, ...others];
}
