import { gzipSync } from 'node:zlib';

export interface TarPart {
  readonly path: string;
  readonly content?: string | Uint8Array;
  readonly mode?: number;
  /** `2` is a symbolic link, `1` a hard one, `5` a directory. */
  readonly type?: string;
  readonly target?: string;
}

/** One member in the ustar form (POSIX, pax, "ustar Interchange Format"); a path of up to 100 bytes. */
function member({ path, content = '', mode = 0o644, type = '0', target = '' }: TarPart): Buffer {
  const bytes = Buffer.from(content as string);
  const header = Buffer.alloc(512);
  header.write(path, 0, 100);
  header.write(mode.toString(8).padStart(7, '0'), 100);
  header.write('0000000', 108);
  header.write('0000000', 116);
  header.write(bytes.length.toString(8).padStart(11, '0'), 124);
  header.write('00000000000', 136);
  header.write(' '.repeat(8), 148);
  header.write(type, 156);
  header.write(target, 157, 100);
  header.write('ustar\0' + '00', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** A tar archive of these members, in this order, compressed with gzip. */
export function tarball(parts: readonly TarPart[]): Buffer {
  return gzipSync(Buffer.concat([...parts.map(member), Buffer.alloc(1024)]));
}
