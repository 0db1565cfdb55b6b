import { gzipSync } from 'node:zlib';

/**
 * As `gzip -9n` does it (Debian Policy 12.1, 12.7): the best compression, without a name, without a time, and with Unix
 * as the system (RFC 1952, 2.3.1).
 */
export function gzip(content: string | Uint8Array): Uint8Array {
  const compressed = gzipSync(content, { level: 9 });
  compressed[9] = 3;
  return compressed;
}
