import { bundledProvides } from '../documents/bundled-provides.ts';
import type { Documents } from '../documents/documents.ts';
import { combineLicenses } from '../documents/license-names.ts';
import { sortContents } from '../packages/contents.ts';
import type { ContentEntry, PackageDefinition } from '../packages/definition.ts';
import { debDocuments } from './deb/documents.ts';
import { rpmDocuments } from './rpm/documents.ts';

/** Adds what is not there yet: what the manifest installs at a path is what its author wants there. */
function completed(contents: readonly ContentEntry[], more: readonly ContentEntry[]): readonly ContentEntry[] {
  const known = new Set(contents.map(({ path }) => path));
  return sortContents([...contents, ...more.filter(({ path }) => !known.has(path))]);
}

/**
 * A package with what its format's rules want it to tell: copyright and changelog files in a deb; licence files, a
 * licence expression, `%changelog` and `Provides: bundled(…)` in an rpm.
 */
export function documentPackage(plain: PackageDefinition, documents: Documents): PackageDefinition {
  const definition = { ...plain, changelog: documents.changelog };
  const { contents, distribution, license, relations } = definition;
  if (distribution.format === 'deb')
    return { ...definition, contents: completed(contents, debDocuments(definition, documents, distribution)) };
  const [, ...bundled] = documents.notices;
  const provides = bundledProvides(bundled, documents.pythonMinor, distribution);
  return {
    ...definition,
    // A package that holds nothing of others keeps what the manifest says, word for word.
    license:
      bundled.length === 0
        ? license
        : combineLicenses(
            license,
            bundled.map((notice) => notice.license),
          ),
    relations: { ...relations, provides: [...relations.provides, ...provides] },
    contents: completed(contents, rpmDocuments(definition, documents, distribution)),
  };
}
