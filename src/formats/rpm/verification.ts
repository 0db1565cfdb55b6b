import type { RpmCompression, RpmDistribution } from '../../distributions/distribution.ts';
import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import type { ContentEntry, PackageDefinition } from '../../packages/definition.ts';

/** What rpm 4.11 and every later one reads (`rpm --showrc`, measured with 4.11.3). */
const common = [
  'CompressedFileNames',
  'FileCaps',
  'FileDigests',
  'PartialHardlinkSets',
  'PayloadFilesHavePrefix',
  'ScriptletInterpreterArgs',
  'TildeInVersions',
  'VersionedDependencies',
];

const payloads = {
  zstd: 'PayloadIsZstd',
  xz: 'PayloadIsXz',
  gzip: 'PayloadIsGzip',
  bzip2: 'PayloadIsBzip2',
  lzma: 'PayloadIsLzma',
} as const satisfies Record<RpmCompression, string>;

/** The `rpmlib()` features that the target's rpm has. */
function readableFeatures({ rpm }: RpmDistribution): ReadonlySet<string> {
  return new Set([
    ...common,
    ...rpm.compression.map((compression) => payloads[compression]),
    ...(rpm.features.richDependencies ? ['RichDependencies'] : []),
    ...(rpm.features.caretVersions ? ['CaretInVersions'] : []),
    ...(rpm.features.largeFiles ? ['LargeFiles'] : []),
  ]);
}

/**
 * Refuses a package that the target's rpm would refuse.
 * @param requires the package's requirements, as `rpm -qp --requires` prints them
 * @throws CoachbuilderError `unsupported-by-target`
 */
function checkFeatures(
  definition: Pick<PackageDefinition, 'name'>,
  distribution: RpmDistribution,
  requires: readonly string[],
): void {
  const readable = readableFeatures(distribution);
  const needed = requires.flatMap((line) => /^rpmlib\(([^)]+)\)/.exec(line)?.[1] ?? []);
  const missing = [...new Set(needed)].filter((feature) => !readable.has(feature));
  if (missing.length === 0) return;
  throw new CoachbuilderError(
    'unsupported-by-target',
    `the rpm ${distribution.rpm.rpm} of ${distribution.title} cannot install the package ${definition.name}`,
    {
      hint: 'leave out what needs the features below: alternatives in relations, "^" in versions, files over 4 GB',
      details: [`missing rpm features: ${missing.join(', ')}`],
    },
  );
}

/** The query whose answer `checkContents` and `checkFeatures` read. */
export const verificationFormat =
  '[file %{FILEMODES:octal} %{FILEUSERNAME}:%{FILEGROUPNAME} %{FILENAMES}\\n][requires %{REQUIRENAME}\\n]';

const fileTypes = { directory: 0o040000, file: 0o100000, symlink: 0o120000 } as const satisfies Record<
  ContentEntry['kind'],
  number
>;

function described(entry: ContentEntry): string {
  const mode = entry.kind === 'symlink' ? 0o777 : entry.mode;
  const full = (fileTypes[entry.kind] | mode).toString(8);
  return `${full} ${entry.owner}:${entry.group} ${entry.path}`;
}

/**
 * Makes sure that the package holds what the definition says: rpmbuild reads names in `%files` as
 * patterns.
 * @param answer what `rpm -qp --queryformat` printed for `verificationFormat`
 */
export function checkPackage(definition: PackageDefinition, distribution: RpmDistribution, answer: string): void {
  const lines = answer.split('\n');
  const only = (word: string): readonly string[] =>
    lines.filter((line) => line.startsWith(word)).map((line) => line.slice(word.length));
  checkFeatures(definition, distribution, only('requires '));
  const packed = new Set(only('file ').map((line) => line.replace(/^0+/, '')));
  const wanted = definition.contents.map(described);
  const missing = wanted.filter((line) => !packed.delete(line));
  if (missing.length === 0 && packed.size === 0) return;
  throw new Error(
    [
      `Internal error: rpmbuild made a package ${definition.name} with other contents than it was given`,
      ...missing.slice(0, 5).map((line) => `wanted: ${line}`),
      ...[...packed].slice(0, 5).map((line) => `packed: ${line}`),
    ].join('\n'),
  );
}
