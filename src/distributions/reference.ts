import { architectures } from '../model/architecture.ts';
import type { DebDistribution, Distribution, RpmDistribution } from './distribution.ts';
import type { DistributionTable } from './table.ts';

const preamble = `# Distributions

<!-- Generated from src/distributions/ by \`npm run generate\`: edit the tables there. -->

These are the distributions that \`--distribution\` takes, and what Coachbuilder knows about each. Nothing of it is looked
up on the machine that builds. A manifest adds distributions, or alters these, under
[\`distributions\`](manifest-reference.md). Building for a distribution past its end of life gives a warning.
`;

/** The text of `docs/distributions.md`. */
export function distributionsReference(table: DistributionTable): string {
  const all = [...table.values()];
  return [
    preamble,
    section('All', generalTable(all)),
    section('Packages in the rpm format', rpmTable(all.filter((each) => each.format === 'rpm'))),
    section('Packages in the deb format', debTable(all.filter((each) => each.format === 'deb'))),
    section('Symbol versions', abiTable(all)),
    section('Processors', processorTable(all)),
    section('Container images', imageTable(all)),
  ].join('\n');
}

function section(title: string, table: string): string {
  return `## ${title}\n\n${table}`;
}

function generalTable(distributions: readonly Distribution[]): string {
  return markdownTable(
    [
      'Distribution',
      'Title',
      'Python',
      'Interpreter',
      'Further Pythons',
      'glibc',
      'Architectures',
      'Init',
      'End of life',
      'Extended',
    ],
    distributions.map((each) => [
      code(each.id),
      each.title,
      `${each.python.version}, ${code(each.python.package)}`,
      code(each.python.path),
      each.alternativePythons.map((python) => code(python.package)).join(', '),
      each.glibc,
      each.architectures.map((name) => architectures[name][each.format]).join(', '),
      each.init,
      each.endOfLife,
      each.endOfExtendedLife ?? '',
    ]),
  );
}

function rpmTable(distributions: readonly RpmDistribution[]): string {
  return markdownTable(
    ['Distribution', 'rpm', 'Tag', 'Reads', 'Payload', 'Weak', 'Rich', '`^`', 'Manager', 'Repositories'],
    distributions.map((each) => [
      code(each.id),
      each.rpm.rpm,
      code(each.tag),
      each.rpm.compression.join(', '),
      code(each.rpm.payload),
      yes(each.rpm.features.weakDependencies),
      yes(each.rpm.features.richDependencies),
      yes(each.rpm.features.caretVersions),
      each.packageManager,
      code(each.repositoryDirectory),
    ]),
  );
}

function debTable(distributions: readonly DebDistribution[]): string {
  return markdownTable(
    [
      'Distribution',
      'Code name',
      'dpkg',
      'Tag',
      'Reads',
      'Control as data',
      'Sources',
      'signed-by',
      'Armoured keys',
      'Units',
    ],
    distributions.map((each) => [
      code(each.id),
      each.deb.codename,
      each.deb.dpkg,
      code(each.tag),
      each.deb.compression.join(', '),
      yes(each.deb.uniformCompression),
      code(each.deb.sources === 'deb822' ? '.sources' : '.list'),
      yes(each.deb.signedBy),
      yes(each.deb.armouredKeys),
      code(each.unitDirectory),
    ]),
  );
}

function abiTable(distributions: readonly Distribution[]): string {
  const families = ['GLIBC', 'GLIBCXX', 'CXXABI', 'GCC', 'ZLIB'] as const;
  return markdownTable(
    ['Distribution', ...families],
    distributions.map((each) => [code(each.id), ...families.map((family) => each.abi[family] ?? '')]),
  );
}

/** Only those that need more than every x86-64 processor has. */
function processorTable(distributions: readonly Distribution[]): string {
  return markdownTable(
    ['Distribution', 'x86-64 level'],
    distributions
      .filter((each) => each.x86Level > 1)
      .map((each) => [code(each.id), `x86-64-v${String(each.x86Level)}`]),
  );
}

function imageTable(distributions: readonly Distribution[]): string {
  return markdownTable(
    ['Distribution', 'Image'],
    distributions.map((each) => [code(each.id), code(each.image)]),
  );
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('');
}

function code(text: string): string {
  return `\`${text}\``;
}

function yes(value: boolean): string {
  return value ? 'yes' : 'no';
}
