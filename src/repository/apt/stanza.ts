import { dirname } from 'node:path';

import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import { unreadable } from '../../formats/finished-scripts.ts';
import type { CommandRunner } from '../../system/command.ts';
import { debControlFileCommand } from '../../system/tools/dpkg-deb.ts';
import type { DebEntry, PackageFile } from '../index-format.ts';
import { parseDeb822, renderField, type Deb822Stanza } from './deb822.ts';

/**
 * The order of fields in Packages, as apt-ftparchive 2.6 writes it (measured; apt-pkg/tagfile-order.c). Others follow in
 * the order of the control file.
 */
const order = `
  Package Package-Type Architecture Subarchitecture Version Kernel-Version Built-Using Static-Built-Using
  Built-For-Profiles Auto-Built-Package Multi-Arch Priority Build-Essential Protected Important Essential
  Installer-Menu-Item Section Source Origin Phased-Update-Percentage Maintainer Original-Maintainer Bugs Installed-Size
  Provides Pre-Depends Depends Recommends Suggests Conflicts Breaks Replaces Enhances Filename Size SHA256 Homepage
  Description Tag Task`
  .trim()
  .split(/\s+/)
  .map((name) => name.toLowerCase());

const places: ReadonlyMap<string, number> = new Map(order.map((name, index) => [name, index]));

/**
 * What only an index can say: a control file that holds it is wrong about it. Of digests SHA-256 alone is written: apt
 * reads it since 0.6.46, and takes MD5 and SHA-1 for no proof of anything since 1.4.
 */
const indexFields = new Set(['filename', 'msdos-filename', 'size', 'md5sum', 'sha1', 'sha256', 'sha512']);

interface StanzaPorts {
  readonly commands: CommandRunner;
  readonly env: Readonly<Record<string, string>>;
}

function damaged(path: string, problem: string): CoachbuilderError {
  return new CoachbuilderError('archive-invalid', `the control file of ${path} cannot be published: ${problem}`, {
    hint: 'build the package again with dpkg-deb, which checks what it packs',
  });
}

async function readControl(path: string, { commands, env }: StanzaPorts): Promise<Deb822Stanza> {
  const result = await commands.tryRun(debControlFileCommand(path, 'control', { cwd: dirname(path), env }));
  if (result.exitCode !== 0) throw unreadable(path, result);
  // Bytes that are no UTF-8 (Debian Policy 5.1) became this character on the way.
  if (result.stdout.includes('\uFFFD')) throw damaged(path, 'it is no text in UTF-8');
  const text = `${result.stdout.replace(/\n+$/, '')}\n`;
  const stanzas = parseDeb822(text, (line, problem) => damaged(path, `line ${String(line)}: ${problem}`));
  const [stanza] = stanzas;
  if (stanza === undefined || stanzas.length > 1) throw damaged(path, 'it is not one stanza');
  return stanza;
}

function renderStanza(control: Deb822Stanza, additions: Readonly<Record<string, string>>): string {
  const fields = [
    ...[...control.fields]
      .filter(([key]) => !indexFields.has(key))
      .map(([key, { name, value }]) => ({ key, name, value })),
    ...Object.entries(additions).map(([name, value]) => ({ key: name.toLowerCase(), name, value })),
  ];
  const place = ({ key }: { readonly key: string }): number => places.get(key) ?? places.size;
  return fields
    .sort((left, right) => place(left) - place(right))
    .map(({ name, value }) => renderField(name, value))
    .join('\n');
}

/**
 * The entry of a .deb: its control file, with where it is and what its bytes are (Debian Wiki, "RepositoryFormat").
 * @param file relative to the root of the place
 * @throws CoachbuilderError `archive-invalid` when it cannot be read, or is another package than it was taken for
 */
export async function describeDeb(target: PackageFile, file: string, ports: StanzaPorts): Promise<DebEntry> {
  const control = await readControl(target.path, ports);
  const { name, version, architecture, size, sha256 } = target;
  for (const [field, value] of Object.entries({ Package: name, Version: version, Architecture: architecture })) {
    const found = control.fields.get(field.toLowerCase())?.value;
    if (found !== value) throw damaged(target.path, `${field} is ${found ?? 'not there'} and should be ${value}`);
  }
  const stanza = renderStanza(control, { Filename: file, Size: String(size), SHA256: sha256 });
  return { format: 'deb', name, version, architecture, file, size, sha256, stanza };
}
