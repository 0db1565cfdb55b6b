import { libraryWords, type LibrarySettings, type LibraryWord } from './manifest.ts';
import { parseRelation, type RelationResult } from './relation.ts';
import type { WrittenLibraries, WrittenLibrary } from './schema/libraries-schema.ts';

function wordOf(written: WrittenLibrary): LibraryWord | undefined {
  return libraryWords.find((word) => word === written);
}

/** The package that a manifest names for a library; undefined when it names none. */
export function packageOfLibrary(written: WrittenLibrary): RelationResult | undefined {
  if (typeof written === 'string') return wordOf(written) === undefined ? parseRelation(written) : undefined;
  return written.package === undefined ? undefined : parseRelation(written.package);
}

/** What becomes of libraries. The rules have refused what is no relation. */
export function normalizeLibraries(written: WrittenLibraries): Readonly<Record<string, LibrarySettings>> {
  return Object.fromEntries(
    Object.entries(written ?? {}).map(([library, settings]): [string, LibrarySettings] => {
      const named = packageOfLibrary(settings);
      const as = typeof settings === 'string' ? wordOf(settings) : settings.as;
      return [
        library,
        { as: as ?? 'require', package: named !== undefined && 'relation' in named ? named.relation : undefined },
      ];
    }),
  );
}
