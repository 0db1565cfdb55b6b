import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { readArHeaders } from '../system/ar.ts';
import type { CommandRunner } from '../system/command.ts';
import { readTar, type TarMember } from '../system/tar.ts';
import { debArchiveCommand } from '../system/tools/dpkg-deb.ts';
import type { PackageMember, PackageParts } from './package-parts.ts';

/** What taking packages apart works with. */
export interface PartsPorts {
  readonly commands: CommandRunner;
  readonly env: Readonly<Record<string, string>>;
  /** Absolute path of an empty directory for what is unpacked. */
  readonly scratch: string;
}

/** A package taken apart; the archives that were unpacked on the way stay in the scratch directory. */
export interface OpenedPackage {
  readonly parts: PackageParts;
  /** The contents of some members, by their names in `parts`; those that cannot be had are missing. */
  readonly contents: (names: ReadonlySet<string>) => Promise<ReadonlyMap<string, Buffer>>;
}

/** Deb fields are `Name: value`, with further lines that begin with a blank (Debian policy, 5.1). */
export function controlFields(text: string): ReadonlyMap<string, readonly string[]> {
  const fields = text.split(/\n(?![ \t])/).filter((field) => field.includes(':'));
  return new Map(
    fields.map((field) => {
      const colon = field.indexOf(':');
      return [`control field ${field.slice(0, colon)}`, [field.slice(colon + 1).trim()]];
    }),
  );
}

function memberOf(member: TarMember, derived: boolean): PackageMember {
  const { kind, mode, owner, group, mtime, target, content } = member;
  const isLink = kind === 'symlink' || kind === 'hardlink';
  const facts = new Map([
    ['kind', kind],
    ['mode', mode.toString(8).padStart(4, '0')],
    ['owner', owner],
    ['group', group],
    ['modification time', new Date(mtime * 1000).toISOString()],
    ...(isLink ? [['target', target] as const] : []),
  ]);
  return { facts, sha256: kind === 'file' ? createHash('sha256').update(content).digest('hex') : undefined, derived };
}

/** Both archives of a deb, by the words that its members are named with. */
const archives = [
  ['control', 'control file '],
  ['data', 'data /'],
] as const;

/**
 * Takes a Debian package apart: ar members, control fields, control files, data members.
 * @throws CoachbuilderError of dpkg-deb and of `readTar`
 */
export async function openDeb(path: string, { commands, env, scratch }: PartsPorts): Promise<OpenedPackage> {
  const members = new Map<string, PackageMember>();
  const fields = new Map<string, readonly string[]>();
  for (const { name, mtime, uid, gid, mode } of await readArHeaders(path)) {
    const facts = new Map(Object.entries({ 'modification time': mtime, owner: uid, group: gid, mode }));
    members.set(`ar member ${name}`, { facts, sha256: undefined, derived: false });
  }
  for (const [part, word] of archives) {
    const output = join(scratch, `${part}.tar`);
    await commands.run(debArchiveCommand(part, { path, output, env }));
    for await (const member of readTar(output)) {
      const isControl = part === 'control' && member.path === 'control';
      // The sums are those of the data.
      const derived = part === 'control' && (isControl || member.path === 'md5sums');
      members.set(`${word}${member.path === '.' ? '' : member.path}`, memberOf(member, derived));
      if (isControl)
        for (const [name, value] of controlFields(member.content.toString('utf8'))) fields.set(name, value);
    }
  }
  return {
    parts: { fields, derived: new Set(['control field Installed-Size']), members },
    contents: async (names) => {
      const found = new Map<string, Buffer>();
      for (const [part, word] of archives) {
        for await (const member of readTar(join(scratch, `${part}.tar`))) {
          const name = `${word}${member.path}`;
          if (names.has(name)) found.set(name, Buffer.from(member.content));
        }
      }
      return found;
    },
  };
}
