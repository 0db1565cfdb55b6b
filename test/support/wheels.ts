import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, gzipSync } from 'node:zlib';

/** A member of an archive that a test makes. */
export interface ArchiveMember {
  readonly name: string;
  readonly content: string | Uint8Array;
  /** Permission bits; 0644 when absent. A value with type bits (`0o120777`) is taken whole. */
  readonly mode?: number;
}

export interface WheelOptions {
  readonly name: string;
  readonly version: string;
  /** `py3-none-any` when absent; compressed tag sets are allowed. */
  readonly tag?: string;
  /** `Requires-Dist` lines. */
  readonly requires?: readonly string[];
  readonly requiresPython?: string;
  readonly extras?: readonly string[];
  readonly summary?: string;
  /** Further header lines of METADATA. */
  readonly metadata?: readonly string[];
  readonly description?: string;
  /** Paths in site-packages and their content; a module of the distribution's name is made when absent. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Console scripts: `name` -> `module:function`. */
  readonly scripts?: Readonly<Record<string, string>>;
  /** The whole of entry_points.txt, when `scripts` is not enough. */
  readonly entryPoints?: string;
  /** Members of `.data`, such as `scripts/run.sh`, `data/etc/x.conf`, `headers/x.h`. */
  readonly data?: Readonly<Record<string, string | Uint8Array>>;
  /** Permission bits by member name below site-packages or `.data`. */
  readonly modes?: Readonly<Record<string, number>>;
  /** Members that are added as they are, after the others and without a line in RECORD. */
  readonly rawMembers?: readonly ArchiveMember[];
}

/** 2024-01-02 03:04:06 UTC, the date of every member that these helpers write. */
export const memberEpoch = Date.UTC(2024, 0, 2, 3, 4, 6) / 1000;
const dosTime = (3 << 11) | (4 << 5) | (6 / 2);
const dosDate = ((2024 - 1980) << 9) | (1 << 5) | 2;

/** A zip archive of stored (uncompressed) members: PKWARE APPNOTE 4.3. */
export function zipArchive(members: readonly ArchiveMember[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const name = Buffer.from(member.name, 'utf8');
    const content = Buffer.from(member.content);
    const mode = member.mode ?? 0o644;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0); // version needed
    common.writeUInt16LE(0x0800, 2); // names are UTF-8
    common.writeUInt16LE(0, 4); // stored
    common.writeUInt16LE(dosTime, 6);
    common.writeUInt16LE(dosDate, 8);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), common, name, content]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((((mode & 0o170000) === 0 ? 0o100000 | mode : mode) << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2, 20, 3]), common, tail, name]));
    bodies.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, central, end]);
}

/** A gzip-compressed ustar archive. */
export function tarGzArchive(members: readonly ArchiveMember[]): Buffer {
  const blocks: Buffer[] = [];
  for (const member of members) {
    const content = Buffer.from(member.content);
    const header = Buffer.alloc(512);
    header.write(member.name, 0, 100, 'utf8');
    header.write((member.mode ?? 0o644).toString(8).padStart(7, '0'), 100);
    header.write('0000000\0', 108);
    header.write('0000000\0', 116);
    header.write(content.length.toString(8).padStart(11, '0'), 124);
    header.write(memberEpoch.toString(8).padStart(11, '0'), 136);
    header.write('        ', 148);
    header.write('0', 156);
    header.write('ustar\0' + '00', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    blocks.push(header, content, Buffer.alloc((512 - (content.length % 512)) % 512));
  }
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

/** `name` as wheel file names write it (binary distribution format: runs of `-_.` become `_`). */
function escaped(name: string): string {
  return name.replaceAll(/[-_.]+/g, '_').toLowerCase();
}

function metadataText(options: WheelOptions): string {
  return [
    'Metadata-Version: 2.1',
    `Name: ${options.name}`,
    `Version: ${options.version}`,
    ...(options.summary === undefined ? [] : [`Summary: ${options.summary}`]),
    ...(options.requiresPython === undefined ? [] : [`Requires-Python: ${options.requiresPython}`]),
    ...(options.requires ?? []).map((line) => `Requires-Dist: ${line}`),
    ...(options.extras ?? []).map((extra) => `Provides-Extra: ${extra}`),
    ...(options.metadata ?? []),
    '',
    options.description ?? '',
  ].join('\n');
}

function recordLine(member: ArchiveMember): string {
  const content = Buffer.from(member.content);
  const digest = createHash('sha256').update(content).digest('base64url');
  return `${member.name},sha256=${digest},${String(content.length)}`;
}

/** The file name of the wheel that {@link makeWheel} would write. */
export function wheelFileName(options: Pick<WheelOptions, 'name' | 'version' | 'tag'>): string {
  return `${escaped(options.name)}-${options.version}-${options.tag ?? 'py3-none-any'}.whl`;
}

/** The bytes of a wheel (binary distribution format), always the same for the same options. */
export function wheelBytes(options: WheelOptions): Buffer {
  const stem = `${escaped(options.name)}-${options.version}`;
  const tag = options.tag ?? 'py3-none-any';
  const pure = tag.endsWith('-none-any');
  const files = options.files ?? { [`${escaped(options.name)}.py`]: `version = ${JSON.stringify(options.version)}\n` };
  const entryPoints =
    options.entryPoints ??
    (options.scripts === undefined
      ? undefined
      : [
          '[console_scripts]',
          ...Object.entries(options.scripts).map(([name, target]) => `${name} = ${target}`),
          '',
        ].join('\n'));
  const modeOf = (name: string, usual: number): number => options.modes?.[name] ?? usual;
  const [pythons = '', abis = '', platforms = ''] = tag.split('-').slice(-3);
  const tags = pythons
    .split('.')
    .flatMap((python) =>
      abis.split('.').flatMap((abi) => platforms.split('.').map((platform) => `Tag: ${python}-${abi}-${platform}`)),
    );
  const members: ArchiveMember[] = [
    ...Object.entries(files).map(([name, content]) => ({ name, content, mode: modeOf(name, 0o644) })),
    ...Object.entries(options.data ?? {}).map(([name, content]) => ({
      name: `${stem}.data/${name}`,
      content,
      mode: modeOf(name, name.startsWith('scripts/') ? 0o755 : 0o644),
    })),
    { name: `${stem}.dist-info/METADATA`, content: metadataText(options) },
    {
      name: `${stem}.dist-info/WHEEL`,
      content: [
        'Wheel-Version: 1.0',
        'Generator: coachbuilder-test',
        `Root-Is-Purelib: ${String(pure)}`,
        ...tags,
        '',
      ].join('\n'),
    },
    ...(entryPoints === undefined ? [] : [{ name: `${stem}.dist-info/entry_points.txt`, content: entryPoints }]),
  ];
  const record = `${stem}.dist-info/RECORD`;
  const lines = [...members.map(recordLine), `${record},,`, ''].join('\n');
  return zipArchive([...members, { name: record, content: lines }, ...(options.rawMembers ?? [])]);
}

/** A file that was written for a test. */
export interface WrittenFile {
  readonly path: string;
  readonly fileName: string;
  readonly sha256: string;
}

function write(directory: string, fileName: string, bytes: Buffer): WrittenFile {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, fileName);
  writeFileSync(path, bytes);
  return { path, fileName, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Writes a wheel into `directory` under its proper file name. */
export function makeWheel(directory: string, options: WheelOptions): WrittenFile {
  return write(directory, wheelFileName(options), wheelBytes(options));
}

export interface SdistOptions extends WheelOptions {
  /** Further files below the top directory. */
  readonly sources?: Readonly<Record<string, string>>;
  /** Replaces the build backend below, which needs no other distribution. */
  readonly backend?: string;
}

/**
 * Writes an sdist that builds without any build requirement: its backend is a module of its own which writes the
 * wheel of the same options, whatever their tag.
 */
export function makeSdist(directory: string, options: SdistOptions): WrittenFile {
  const stem = `${escaped(options.name)}-${options.version}`;
  const members = Object.entries({
    'PKG-INFO': metadataText(options),
    ...sourceTree(options),
    ...options.sources,
  }).map(([name, content]) => ({ name: `${stem}/${name}`, content }));
  return write(directory, `${stem}.tar.gz`, tarGzArchive(members));
}

/** The files of a project directory whose build backend writes the wheel of the same options. */
export function sourceTree(options: SdistOptions): Readonly<Record<string, string>> {
  const backend =
    options.backend ??
    [
      'import base64, os',
      `WHEEL = ${JSON.stringify(wheelBytes(options).toString('base64'))}`,
      `NAME = ${JSON.stringify(wheelFileName(options))}`,
      'def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):',
      '    with open(os.path.join(wheel_directory, NAME), "wb") as f:',
      '        f.write(base64.b64decode(WHEEL))',
      '    return NAME',
      '',
    ].join('\n');
  return {
    'pyproject.toml': [
      '[build-system]',
      'requires = []',
      'build-backend = "backend"',
      'backend-path = ["."]',
      '[project]',
      `name = ${JSON.stringify(options.name)}`,
      `version = ${JSON.stringify(options.version)}`,
      `dependencies = ${JSON.stringify(options.requires ?? [])}`,
      ...(options.requiresPython === undefined ? [] : [`requires-python = ${JSON.stringify(options.requiresPython)}`]),
      '',
    ].join('\n'),
    'backend.py': backend,
  };
}
