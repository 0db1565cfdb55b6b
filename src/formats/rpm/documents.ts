import { createHash } from 'node:crypto';
import { posix } from 'node:path';

import type { RpmDistribution } from '../../distributions/distribution.ts';
import type { Documents } from '../../documents/documents.ts';
import { compareDotted } from '../../model/dotted.ts';
import type { ContentEntry, PackageDefinition } from '../../packages/definition.ts';
import { fileEntry } from '../../packages/file-entry.ts';

/** A name of a licence file as a path: what a wheel's archive allows in names, rpm's file lists may not. */
function plainName(name: string): string {
  return name
    .split('/')
    .map((part) => part.replaceAll(/[\u0000-\u001f\u007f]/g, '_'))
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .join('/');
}

/** The application's own changelog, whole: `%changelog` is about the package. */
function changelogEntries(
  { name }: Pick<PackageDefinition, 'name'>,
  file: Documents['changelogFile'],
): readonly ContentEntry[] {
  if (file === undefined) return [];
  const path = `/usr/share/doc/${name}`;
  return [
    { kind: 'directory', path, mode: 0o755, owner: 'root', group: 'root' },
    fileEntry(`${path}/${plainName(file.name)}`, file.bytes, { documentation: 'documentation' }),
  ];
}

/**
 * The licence files of a package, below `/usr/share/licenses/<package>/<distribution>/` (Fedora packaging guidelines,
 * "License Text"): verbatim, and a text that is there already is linked to. The files are `%license`, which rpm installs
 * also where documentation is not wanted; rpm before 4.11 does not know it, and takes them for documentation.
 */
export function rpmDocuments(
  definition: PackageDefinition,
  { changelogFile, notices }: Documents,
  { rpm }: RpmDistribution,
): readonly ContentEntry[] {
  const top = `/usr/share/licenses/${definition.name}`;
  const kind = compareDotted(rpm.rpm, '4.11') >= 0 ? 'license' : 'documentation';
  const entries = new Map<string, ContentEntry>();
  const byDigest = new Map<string, string>();
  for (const { name: distribution, texts } of notices) {
    for (const { bytes, name } of texts) {
      const path = posix.join(top, distribution, plainName(name));
      const digest = createHash('sha256').update(bytes).digest('hex');
      const known = byDigest.get(digest);
      if (entries.has(path)) continue;
      if (known === undefined) {
        byDigest.set(digest, path);
        entries.set(path, fileEntry(path, bytes, { documentation: kind }));
      } else {
        const target = posix.relative(posix.dirname(path), known);
        entries.set(path, { kind: 'symlink', path, target, mode: 0o777, owner: 'root', group: 'root' });
      }
      for (let parent = posix.dirname(path); parent.length >= top.length; parent = posix.dirname(parent)) {
        entries.set(parent, { kind: 'directory', path: parent, mode: 0o755, owner: 'root', group: 'root' });
      }
    }
  }
  return [...entries.values(), ...changelogEntries(definition, changelogFile)];
}
