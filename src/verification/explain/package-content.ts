import type { PackageFormat } from '../../model/format.ts';
import { openDeb, type OpenedPackage, type PartsPorts } from '../deb-parts.ts';
import { openRpm } from '../rpm-parts.ts';

/** Something at a path of a finished package. */
export interface ContentAt {
  /** Absolute path on the target. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink';
  /** Permission bits. */
  readonly mode: number;
  /** Of links. */
  readonly target: string | undefined;
}

/** A relation that a finished package has. */
export interface FinishedRelation {
  /** As the format calls it: `Depends`, `Requires`. */
  readonly field: string;
  /** Names of packages or capabilities: more than one where there are alternatives. */
  readonly names: readonly string[];
  /** As the format writes it. */
  readonly text: string;
}

/** A finished package, as far as what is in it can be explained from itself. */
export interface FinishedContent {
  /** Absolute. */
  readonly file: string;
  readonly format: PackageFormat;
  readonly name: string;
  readonly version: string;
  /** The format's own word. */
  readonly architecture: string;
  readonly relations: readonly FinishedRelation[];
  /** By path. */
  readonly entries: ReadonlyMap<string, ContentAt>;
  /** The bytes of files, by path. */
  readonly read: (paths: readonly string[]) => Promise<ReadonlyMap<string, Buffer>>;
}

const member = 'data ';

function modeBits(text: string | undefined): number {
  return text === undefined ? 0 : Number.parseInt(text, 8);
}

const typeBits = { directory: 0o040000, symlink: 0o120000 } as const;

function kindOf(facts: ReadonlyMap<string, string>): ContentAt['kind'] {
  const kind = facts.get('kind');
  if (kind !== undefined) return kind === 'directory' || kind === 'symlink' ? kind : 'file';
  const type = modeBits(facts.get('mode')) & 0o170000;
  return type === typeBits.directory ? 'directory' : type === typeBits.symlink ? 'symlink' : 'file';
}

function entriesOf({ parts }: OpenedPackage): ReadonlyMap<string, ContentAt> {
  const entries = new Map<string, ContentAt>();
  for (const [name, { facts }] of parts.members) {
    if (!name.startsWith(`${member}/`)) continue;
    const path = name.slice(member.length);
    const kind = kindOf(facts);
    const target = kind === 'symlink' ? facts.get('target') : undefined;
    entries.set(path, { path, kind, mode: modeBits(facts.get('mode')) & 0o7777, target });
  }
  return entries;
}

const debFields = ['Depends', 'Pre-Depends', 'Recommends', 'Suggests', 'Conflicts', 'Replaces', 'Provides'] as const;

function debRelations(field: (name: string) => string | undefined): readonly FinishedRelation[] {
  return debFields.flatMap((name) =>
    (field(name) ?? '')
      .split(',')
      .map((text) => text.replaceAll(/\s+/g, ' ').trim())
      .filter((text) => text !== '')
      .map((text) => ({ field: name, text, names: text.split('|').map((one) => one.trim().split(/[\s:(]/)[0] ?? '') })),
  );
}

const rpmFields = {
  Requires: 'Require',
  Recommends: 'Recommend',
  Suggests: 'Suggest',
  Conflicts: 'Conflict',
  Obsoletes: 'Obsolete',
  Provides: 'Provide',
} as const;

/** RPMSENSE_LESS, _GREATER and _EQUAL (rpm's rpmds.h). */
function comparison(flags: number): string {
  return `${(flags & 2) === 0 ? '' : '<'}${(flags & 4) === 0 ? '' : '>'}${(flags & 8) === 0 ? '' : '='}`;
}

function rpmRelations(tag: (name: string) => readonly string[]): readonly FinishedRelation[] {
  return Object.entries(rpmFields).flatMap(([field, word]) => {
    const [versions, flags] = [tag(`${word}version`), tag(`${word}flags`)];
    return tag(`${word}name`).map((name, index) => {
      const version = versions[index] ?? '';
      const text = version === '' ? name : `${name} ${comparison(Number(flags[index] ?? 0))} ${version}`;
      // (a or b): RPM documentation, "Boolean Dependencies".
      const names = /^\(.* or .*\)$/.test(name)
        ? name
            .slice(1, -1)
            .split(' or ')
            .map((one) => one.trim().split(' ')[0] ?? '')
        : [name];
      return { field, text, names };
    });
  });
}

/**
 * Opens a finished package.
 * @param file absolute
 * @throws CoachbuilderError of the tools that read packages
 */
export async function openContent(file: string, format: PackageFormat, ports: PartsPorts): Promise<FinishedContent> {
  const opened = await (format === 'deb' ? openDeb : openRpm)(file, ports);
  const { fields } = opened.parts;
  const control = (name: string): string | undefined => fields.get(`control field ${name}`)?.[0];
  const tag = (name: string): readonly string[] => fields.get(`header tag ${name}`) ?? [];
  const common = {
    file,
    format,
    entries: entriesOf(opened),
    read: async (paths: readonly string[]) => {
      const found = await opened.contents(new Set(paths.map((path) => `${member}${path}`)));
      return new Map([...found].map(([name, bytes]) => [name.slice(member.length), bytes]));
    },
  };
  if (format === 'deb') {
    return {
      ...common,
      name: control('Package') ?? '',
      version: control('Version') ?? '',
      architecture: control('Architecture') ?? '',
      relations: debRelations(control),
    };
  }
  const epoch = tag('Epoch')[0];
  return {
    ...common,
    name: tag('Name')[0] ?? '',
    version: `${epoch === undefined ? '' : `${epoch}:`}${tag('Version')[0] ?? ''}-${tag('Release')[0] ?? ''}`,
    architecture: tag('Arch')[0] ?? '',
    relations: rpmRelations(tag),
  };
}
