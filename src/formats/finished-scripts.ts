import { open } from 'node:fs/promises';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { packageFormats, type PackageFormat } from '../model/format.ts';
import type { CommandResult } from '../system/command.ts';

/** A script as a finished package holds it. */
export interface FinishedScript {
  /** `postinst`, `%preun` without its percent sign. */
  readonly name: string;
  /** The program that runs it, with its arguments: `/bin/sh`, or rpm's built-in `<lua>`. */
  readonly interpreter: readonly string[];
  /** Exactly the package's, before rpm expands what `%pre -e` or `-q` has it expand; empty where the interpreter alone is what runs (`%post -p /sbin/ldconfig`). */
  readonly text: string;
}

/** What a finished package says of its scripts, as its own tool reads it. */
export interface FinishedScripts {
  /** Absolute. */
  readonly file: string;
  readonly format: PackageFormat;
  readonly name: string;
  /** As the package manager writes it, with epoch and release. */
  readonly version: string;
  readonly architecture: string;
  readonly scripts: readonly FinishedScript[];
  /** deb: the control file `triggers`. rpm: triggers and file triggers as `rpm --query` shows them. Mostly empty. */
  readonly triggers: string;
}

/** The bytes that files of each format begin with: deb(5), an ar(5) archive; RPM's "Package File Format", the lead. */
const magic = {
  deb: Buffer.from('!<arch>\n'),
  rpm: Buffer.from([0xed, 0xab, 0xee, 0xdb]),
} as const satisfies Record<PackageFormat, Buffer>;

/**
 * The format of a package file, by its first bytes: rpm takes any other file for a list of packages.
 * @throws CoachbuilderError `archive-invalid` when it is neither; what `open` throws
 */
export async function formatOf(file: string): Promise<PackageFormat> {
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(8), 0, 8, 0);
  const head = buffer.subarray(0, bytesRead);
  const format = packageFormats.find((each) => head.subarray(0, magic[each].length).equals(magic[each]));
  if (format !== undefined) return format;
  throw new CoachbuilderError('archive-invalid', `${file} is neither a Debian nor an RPM package`, {
    hint: 'give a .deb or .rpm file as build-package wrote it; one that was downloaded may be an error page, or empty',
  });
}

/** The error for a package that its own tool cannot read. */
export function unreadable(file: string, { stdout, stderr }: CommandResult): CoachbuilderError {
  return new CoachbuilderError('archive-invalid', `${file} is damaged: it cannot be read as a package`, {
    details: `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== ''),
    hint: 'copy or build it again',
  });
}
