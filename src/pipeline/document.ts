import { collectNotices, statedLicense, type Notice } from '../documents/notices.ts';
import { packageChangelog } from '../documents/changelog.ts';
import { documentPackage } from '../formats/documents.ts';
import { refuseConflicts } from '../packages/conflicts.ts';
import { missingDirectories, sortContents } from '../packages/contents.ts';
import { fileEntry } from '../packages/file-entry.ts';
import type { PackageDefinition } from '../packages/definition.ts';
import { versionOn } from '../plan/plan-build.ts';
import type { BillOfMaterials } from '../sbom/bill.ts';
import { licenseWarnings } from '../sbom/license-warnings.ts';
import { takeStock } from '../sbom/take-stock.ts';
import type { Tree } from '../tree/tree.ts';
import { billWriters } from './bills.ts';
import type { TargetBuild, TargetContent } from './target-build.ts';

/**
 * A release package with what it has to tell: it holds nothing of an application, and every build of one version has to
 * make the same.
 */
export function documentRelease(definition: PackageDefinition, version: string): PackageDefinition {
  const notice: Notice = {
    name: definition.name,
    version,
    kind: 'package',
    license: statedLicense(definition.license),
    // It has nothing in it that is not the vendor's; the year is that of its date, which is fixed.
    statements: [`Copyright ${String(new Date(definition.epoch * 1000).getUTCFullYear())} ${definition.vendor}`],
    author: definition.vendor,
    homepage: undefined,
    texts: [],
    files: [],
  };
  const changelog = [{ version: definition.version, date: definition.epoch, changes: [`Release ${version}.`] }];
  return documentPackage(definition, { notices: [notice], changelog, changelogFile: undefined, pythonMinor: '' });
}

/** The packages of a target, and what the main one consists of. */
export interface DocumentedPackages {
  readonly definitions: readonly PackageDefinition[];
  readonly bill: BillOfMaterials;
}

/**
 * Puts the bills of materials into a main package, below its prefix: `/usr/share/doc` is what the images of containers
 * leave out (dpkg's `path-exclude`, rpm's `tsflags=nodocs`), and scanners look for `*.cdx.json` and `*.spdx.json`
 * anywhere. They name no digest of the package that they are in.
 */
function withBills(main: PackageDefinition, bill: BillOfMaterials, prefix: string): PackageDefinition {
  const known = new Set(main.contents.map(({ path }) => path));
  const files = Object.values(billWriters)
    .map(({ suffix, write }) => fileEntry(`${prefix}/share/sbom/${main.name}${suffix}`, write(bill)))
    .filter(({ path }) => !known.has(path));
  const contents = [...main.contents, ...files];
  return { ...main, contents: sortContents([...contents, ...missingDirectories(contents, prefix)]) };
}

function tell(bill: BillOfMaterials, { target }: TargetContent, build: TargetBuild): void {
  for (const warning of licenseWarnings(bill)) {
    // The same distributions are in the packages of most targets.
    if (build.told.has(warning.message)) continue;
    build.told.add(warning.message);
    build.ports.reporter.report({ type: 'warning', target: target.label, ...warning });
  }
}

/**
 * Gives the packages of a target what they have to tell: licences, changelogs, bills of materials. Warns of licences that
 * nobody states, or that are not SPDX expressions.
 * @param packages the main package first
 * @throws CoachbuilderError `wheel-invalid` for a wheel without metadata, `file-conflict`
 */
export async function documentPackages(
  packages: readonly PackageDefinition[],
  { content, tree }: { readonly content: TargetContent; readonly tree: Tree },
  build: TargetBuild,
): Promise<DocumentedPackages> {
  const { history, target, wheelhouse } = content;
  const [main] = packages;
  if (main === undefined) throw new Error('Internal error: a target without packages');
  const { metadata, source, sha256 } = build.applicationFor(target);
  const isWheel = source.kind === 'wheel' || (source.kind === 'url' && new URL(source.url).pathname.endsWith('.whl'));
  const applicationDigest = isWheel ? sha256 : undefined;
  const bill = await takeStock({ ...content, definition: main, application: metadata.name, applicationDigest });
  tell(bill, content, build);
  const license = target.manifest.license;
  const notices = await collectNotices(bill, { wheels: wheelhouse.wheels, tree, license });
  const changelog = packageChangelog(history, {
    version: target.pythonVersion,
    packageVersion: target.version,
    epoch: build.epoch,
    nameVersion: (version) => versionOn(target, version),
  });
  const pythonMinor = target.interpreter.minor;
  const definitions = packages.map((definition) => {
    const isMain = definition === main;
    const own: readonly [Notice, ...Notice[]] = [notices.application, ...(isMain ? notices.bundled : [])];
    const changelogFile = isMain ? history.file : undefined;
    const documented = documentPackage(definition, { notices: own, changelog, changelogFile, pythonMinor });
    return isMain ? withBills(documented, bill, tree.prefix) : documented;
  });
  refuseConflicts(definitions, tree.prefix);
  return { definitions, bill };
}
