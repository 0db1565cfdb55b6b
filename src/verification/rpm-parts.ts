import { join } from 'node:path';

import { readCpio } from '../system/cpio.ts';
import { rpmHeaderCommand, rpmPayloadCommand } from '../system/tools/rpmbuild.ts';
import type { OpenedPackage, PartsPorts } from './deb-parts.ts';
import type { PackageMember, PackageParts } from './package-parts.ts';

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function plain(text: string): string {
  return text.replaceAll(/&(\w+);/g, (whole, name: string) => entities[name] ?? whole);
}

/** The tags of a header by their names, from what `rpm -q --xml` prints. */
export function headerTags(xml: string): ReadonlyMap<string, readonly string[]> {
  const tags = xml.matchAll(/<rpmTag name="(?<name>[^"]*)">(?<body>.*?)<\/rpmTag>/gs);
  return new Map(
    [...tags].map(({ groups = {} }) => {
      const values = (groups['body'] ?? '').matchAll(/<(?:\w+)\/>|<(?<type>\w+)>(?<text>.*?)<\/\k<type>>/gs);
      return [groups['name'] ?? '', [...values].map((value) => plain(value.groups?.['text'] ?? '').trimEnd())];
    }),
  );
}

/** Tags that hold digests, sizes and types of what other tags, or the payload, say in full. */
const derivedTags = /^(?:Sig|Long|Sha\d|Payload(?:digest|size|sha))|^(?:Archivesize|Size|Classdict)$/i;

/** What we call the tags that have a value for each file, where rpm's own name is not plain enough. */
const factNames: Readonly<Record<string, string>> = {
  Filemodes: 'mode',
  Fileusername: 'owner',
  Filegroupname: 'group',
  Filemtimes: 'modification time',
  Filelinktos: 'target',
};

function fact(tag: string, value: string): readonly [name: string, value: string] {
  const name = factNames[tag] ?? tag;
  if (tag === 'Filemodes') return [name, (Number(value) & 0xffff).toString(8).padStart(6, '0')];
  if (tag === 'Filemtimes') return [name, new Date(Number(value) * 1000).toISOString()];
  return [name, value];
}

/** Tags that say where the files are, and those that the content says: size, digest, type. */
const placeTags = new Set([
  'Fileclass',
  'Basenames',
  'Dirnames',
  'Dirindexes',
  'Filesizes',
  'Longfilesizes',
  'Filedigests',
]);

/** Takes a header apart: what it says of each file is the file's. */
export function headerParts(tags: ReadonlyMap<string, readonly string[]>): PackageParts {
  const of = (tag: string): readonly string[] => tags.get(tag) ?? [];
  const paths = of('Basenames').map((name, index) => `${of('Dirnames')[Number(of('Dirindexes')[index])] ?? ''}${name}`);
  const isPerFile = (tag: string): boolean => /^File/.test(tag) && of(tag).length === paths.length;
  const perFile = [...tags.keys()].filter((tag) => isPerFile(tag) && !placeTags.has(tag));
  const members = paths.map((path, index): [string, PackageMember] => {
    const facts = new Map(perFile.map((tag) => fact(tag, of(tag)[index] ?? '')));
    return [`data ${path}`, { facts, sha256: of('Filedigests')[index], derived: false }];
  });
  const named = [...tags].filter(([tag]) => !placeTags.has(tag) && !(paths.length > 0 && isPerFile(tag)));
  const fields = named.map(([tag, values]) => [`header tag ${tag}`, values] as const);
  const derived = named.filter(([tag]) => derivedTags.test(tag)).map(([tag]) => `header tag ${tag}`);
  return { fields: new Map(fields), derived: new Set(derived), members: new Map(members) };
}

/**
 * Takes an RPM package apart: header tags, and the files with what the header says of each.
 * @throws CoachbuilderError of rpm and rpm2cpio
 */
export async function openRpm(path: string, { commands, env, scratch }: PartsPorts): Promise<OpenedPackage> {
  const { stdout } = await commands.run(rpmHeaderCommand(path, { scratch, env }));
  return {
    parts: headerParts(headerTags(stdout)),
    contents: async (names) => {
      const output = join(scratch, 'payload.cpio');
      await commands.run(rpmPayloadCommand(path, { scratch, output, env }));
      const found = new Map<string, Buffer>();
      for await (const { path: member, content } of readCpio(output)) {
        const name = `data /${member.replace(/^\//, '')}`;
        // Of the names of one file with several, the last one has the content.
        if (names.has(name)) found.set(name, Buffer.from(content));
      }
      return found;
    },
  };
}
