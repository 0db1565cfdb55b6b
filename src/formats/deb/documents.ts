import type { DebDistribution } from '../../distributions/distribution.ts';
import type { Documents } from '../../documents/documents.ts';
import type { ContentEntry, PackageDefinition } from '../../packages/definition.ts';
import { fileEntry } from '../../packages/file-entry.ts';
import { gzip } from '../gzip.ts';
import { renderDebianChangelog } from './changelog.ts';
import { renderCopyright } from './copyright.ts';

/**
 * What Debian Policy wants below `/usr/share/doc/<package>`: the copyright file (12.5), the changelog of the package,
 * and the application's own where it has one (12.7).
 */
export function debDocuments(
  definition: PackageDefinition,
  { changelogFile, notices }: Documents,
  distribution: DebDistribution,
): readonly ContentEntry[] {
  const directory = `/usr/share/doc/${definition.name}`;
  const own = changelogFile === undefined ? [] : [fileEntry(`${directory}/changelog.gz`, gzip(changelogFile.bytes))];
  return [
    fileEntry(`${directory}/copyright`, renderCopyright(definition, notices, distribution)),
    fileEntry(`${directory}/changelog.Debian.gz`, gzip(renderDebianChangelog(definition, distribution))),
    ...own,
  ];
}
