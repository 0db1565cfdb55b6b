import { gzipSync } from 'node:zlib';

import type { DebDistribution } from '../../distributions/distribution.ts';
import type { Documents } from '../../documents/documents.ts';
import type { ContentEntry, PackageDefinition } from '../../packages/definition.ts';
import { documentFile } from '../document-file.ts';
import { renderDebianChangelog } from './changelog.ts';
import { renderCopyright } from './copyright.ts';

/** As `gzip -9n` does it (Debian Policy 12.7): the best compression, without name and time. */
function compressed(content: string | Uint8Array): Uint8Array {
  return gzipSync(content, { level: 9 });
}

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
  const own =
    changelogFile === undefined ? [] : [documentFile(`${directory}/changelog.gz`, compressed(changelogFile.bytes))];
  return [
    documentFile(`${directory}/copyright`, renderCopyright(definition, notices, distribution)),
    documentFile(`${directory}/changelog.Debian.gz`, compressed(renderDebianChangelog(definition, distribution))),
    ...own,
  ];
}
