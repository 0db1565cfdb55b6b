import { basename, posix } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { parseEntryPoints, type ScriptEntryPoint } from '../python/entry-points.ts';
import { normalizeName } from '../python/name.ts';
import { recordHash } from '../python/record.ts';
import type { ZipArchive, ZipEntry } from '../system/zip.ts';
import type { WheelFile } from '../wheelhouse/wheelhouse.ts';
import type { Layout } from './layout.ts';
import { renderWrapper } from './scripts.ts';
import { readWheelRecord, unrecorded, type MemberPin } from './wheel-record.ts';

/** A member of a wheel and where it goes. */
export interface PlannedMember {
  readonly kind: 'member';
  /** Relative to the prefix. */
  readonly path: string;
  readonly mode: number;
  readonly member: string;
  readonly pin: MemberPin;
  /** Whether a `#!python` line has to name the environment's interpreter. */
  readonly relink: boolean;
}

/** A file that installing a wheel makes. */
interface PlannedText {
  readonly kind: 'text';
  /** Relative to the prefix. */
  readonly path: string;
  readonly mode: number;
  readonly content: string;
}

export type PlannedFile = PlannedMember | PlannedText;

/** Everything that one wheel puts into the tree, decided before anything is written. */
export interface WheelPlan {
  readonly wheel: WheelFile;
  /** The `.dist-info` directory, relative to the prefix. */
  readonly distInfo: string;
  /** RECORD is not among them: it can be written only when all the others are. */
  readonly files: readonly PlannedFile[];
}

/** The only version of the wheel format there is; a newer minor one may be installed, a newer major one must not. */
const supportedMajor = '1';
/** Written by installers, each in its own way: never taken from a wheel (PEP 376, 610; recording installed projects). */
const installerFiles = new Set(['INSTALLER', 'REQUESTED', 'direct_url.json']);

function invalid(wheel: WheelFile, problem: string, hint?: string): CoachbuilderError {
  return new CoachbuilderError('wheel-invalid', `${basename(wheel.path)} ${problem}`, {
    hint: hint ?? `build or fetch ${wheel.name} again; if it stays so, report it to the project that published it`,
  });
}

function topDirectory(name: string): string | undefined {
  const slash = name.indexOf('/');
  return slash === -1 ? undefined : name.slice(0, slash);
}

function findDistInfo(wheel: WheelFile, members: readonly ZipEntry[]): string {
  const found = new Set<string>();
  for (const { name } of members) {
    const top = topDirectory(name);
    if (top?.endsWith('.dist-info') === true) found.add(top);
  }
  const [distInfo, ...others] = [...found];
  if (distInfo === undefined) throw invalid(wheel, 'holds no .dist-info directory');
  if (others.length > 0) throw invalid(wheel, `holds several .dist-info directories: ${[...found].join(', ')}`);
  const name = normalizeName(distInfo.slice(0, distInfo.lastIndexOf('-', distInfo.length - '.dist-info'.length - 1)));
  if (!normalizeName(distInfo).startsWith(`${wheel.name}-`)) {
    throw invalid(wheel, `holds ${distInfo}, which belongs to ${name} and not to ${wheel.name}`);
  }
  return distInfo;
}

/** The value of a header of WHEEL or METADATA; both are in the form of mail headers. */
function header(text: string, key: string): string | undefined {
  const [head = ''] = text.split(/\r?\n\r?\n/, 1);
  for (const line of head.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (line.slice(0, colon).toLowerCase() === key.toLowerCase()) return line.slice(colon + 1).trim();
  }
  return undefined;
}

/** Modes are never taken as they are: with any of the x bits a file is a program, without it is not. */
function normalizeMode(mode: number): number {
  return (mode & 0o111) === 0 ? 0o644 : 0o755;
}

/** An editable installation points at a directory of the machine that made it. */
function isEditable(path: string): boolean {
  const name = posix.basename(path);
  return name.endsWith('.egg-link') || name.startsWith('__editable__');
}

interface Destination {
  readonly path: string;
  readonly script: boolean;
}

/** Where a member goes (binary distribution format, "Installing a wheel"); undefined for what is not installed. */
function destinationOf(member: string, wheel: WheelFile, places: Places): Destination | undefined {
  const { layout, distInfo, scripts, headersName } = places;
  const top = topDirectory(member);
  if (top === distInfo && installerFiles.has(member.slice(distInfo.length + 1))) return undefined;
  if (top?.endsWith('.data') !== true) return { path: posix.join(layout.sitePackages, member), script: false };
  const inData = member.slice(top.length + 1);
  const scheme = topDirectory(inData);
  if (scheme === undefined) throw invalid(wheel, `holds ${member}, a file outside of every scheme of .data`);
  const rest = inData.slice(scheme.length + 1);
  switch (scheme) {
    case 'purelib':
    case 'platlib':
      return { path: posix.join(layout.sitePackages, rest), script: false };
    case 'headers':
      return { path: posix.join(layout.headers, headersName, rest), script: false };
    case 'data':
      // `lib64` is a link to `lib`: what is put below the one lies below the other.
      return { path: layout.lib64 ? rest.replace(/^lib64\//, 'lib/') : rest, script: false };
    case 'scripts':
      // setuptools writes a script for each entry point as well; the wrapper stands for both.
      return scripts.has(rest.replace(/-script\.pyw?$/, ''))
        ? undefined
        : { path: posix.join('bin', rest), script: true };
    default:
      throw invalid(wheel, `holds ${member}, and .data/${scheme} is none of purelib, platlib, headers, scripts, data`);
  }
}

interface Places {
  readonly layout: Layout;
  readonly distInfo: string;
  readonly headersName: string;
  /** Names of entry points. */
  readonly scripts: ReadonlySet<string>;
}

function planMember(entry: ZipEntry, pin: MemberPin, destination: Destination): PlannedMember {
  return {
    kind: 'member',
    path: destination.path,
    mode: destination.script ? 0o755 : normalizeMode(entry.mode),
    member: entry.name,
    pin,
    relink: destination.script,
  };
}

async function readText(archive: ZipArchive, name: string): Promise<string | undefined> {
  const entry = archive.entries.find((candidate) => candidate.name === name && !candidate.isDirectory);
  return entry === undefined ? undefined : (await archive.read(entry)).toString('utf8');
}

async function readScripts(archive: ZipArchive, wheel: WheelFile, distInfo: string) {
  const text = await readText(archive, `${distInfo}/entry_points.txt`);
  if (text === undefined) return [];
  try {
    return parseEntryPoints(text);
  } catch (error) {
    if (error instanceof CoachbuilderError) throw invalid(wheel, `is invalid: ${error.message}`);
    throw error;
  }
}

/** Console scripts come last and win over graphical ones of the same name, which are the same thing on Linux. */
function wrappersOf(scripts: readonly ScriptEntryPoint[], python: string): readonly PlannedText[] {
  const byName = new Map<string, ScriptEntryPoint>();
  for (const group of ['gui_scripts', 'console_scripts'] as const) {
    for (const script of scripts) if (script.group === group) byName.set(script.name, script);
  }
  return [...byName.values()].map((script) => ({
    kind: 'text',
    path: posix.join('bin', script.name),
    mode: 0o755,
    content: renderWrapper(script, python),
  }));
}

/**
 * Decides what a wheel puts where.
 * @param archive the open wheel
 * @param options `requested`: whether somebody asked for this distribution, and it is not there as a dependency only
 * @throws CoachbuilderError `wheel-invalid` for what breaks the format, links, editable installations, and members that
 * RECORD does not list; the contents are compared with RECORD when they are written
 */
export async function planWheel(
  wheel: WheelFile,
  archive: ZipArchive,
  options: { readonly layout: Layout; readonly requested: boolean },
): Promise<WheelPlan> {
  const { layout, requested } = options;
  const distInfo = findDistInfo(wheel, archive.entries);
  const format = await readText(archive, `${distInfo}/WHEEL`);
  if (format === undefined) throw invalid(wheel, `holds no ${distInfo}/WHEEL`);
  const version = header(format, 'Wheel-Version') ?? '';
  if (version.split('.')[0] !== supportedMajor) {
    throw invalid(wheel, `is in version "${version}" of the wheel format, which is not known`);
  }
  const metadata = await readText(archive, `${distInfo}/METADATA`);
  if (metadata === undefined) throw invalid(wheel, `holds no ${distInfo}/METADATA`);
  const record = await readText(archive, `${distInfo}/RECORD`);
  if (record === undefined) throw invalid(wheel, `holds no ${distInfo}/RECORD`);
  const pins = readWheelRecord(wheel, record, distInfo);

  const scripts = await readScripts(archive, wheel, distInfo);
  const places: Places = {
    layout,
    distInfo,
    headersName: header(metadata, 'Name') ?? wheel.name,
    scripts: new Set(scripts.map(({ name }) => name)),
  };
  const files: PlannedFile[] = [];
  const seen = new Set<string>();
  for (const entry of archive.entries) {
    if (entry.isDirectory) continue;
    if (entry.isSymlink) throw invalid(wheel, `holds the link ${entry.name}; the format knows no links`);
    if (entry.isSpecial) throw invalid(wheel, `holds ${entry.name}, which is a device, a pipe or a socket`);
    if (isEditable(entry.name)) {
      throw invalid(
        wheel,
        `holds ${entry.name}: it is an editable installation and works on the machine that made it only`,
        `build a regular wheel of ${wheel.name}`,
      );
    }
    seen.add(entry.name);
    if (unrecorded(entry.name, distInfo)) continue;
    const pin = pins.get(entry.name);
    if (pin === undefined) throw invalid(wheel, `holds ${entry.name}, which its RECORD does not list`);
    const destination = destinationOf(entry.name, wheel, places);
    if (destination !== undefined) files.push(planMember(entry, pin, destination));
  }
  for (const name of pins.keys()) {
    if (!seen.has(name)) throw invalid(wheel, `lacks ${name}, which its RECORD lists`);
  }
  const distInfoPath = posix.join(layout.sitePackages, distInfo);
  const made = (name: string, content: string): PlannedText => ({
    kind: 'text',
    path: posix.join(distInfoPath, name),
    mode: 0o644,
    content,
  });
  files.push(...wrappersOf(scripts, layout.python), made('INSTALLER', 'coachbuilder\n'));
  if (requested) files.push(made('REQUESTED', ''));
  return { wheel, distInfo: distInfoPath, files };
}

/** What a file will hold, as far as it is known before it is written: equal texts mean equal bytes. */
export function contentIdentity(file: PlannedFile): string {
  return file.kind === 'text'
    ? recordHash(Buffer.from(file.content))
    : `${file.relink ? 'script ' : ''}${file.pin.algorithm}=${file.pin.digest}`;
}
