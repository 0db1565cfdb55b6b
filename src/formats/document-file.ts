import type { ContentEntry } from '../packages/definition.ts';

type FileEntry = Extract<ContentEntry, { readonly kind: 'file' }>;

/** A file that tells people something: 0644, root's, no configuration. */
export function documentFile(
  path: string,
  content: string | Uint8Array,
  documentation?: FileEntry['documentation'],
): FileEntry {
  return {
    kind: 'file',
    path,
    mode: 0o644,
    owner: 'root',
    group: 'root',
    size: Buffer.byteLength(content),
    configuration: false,
    ...(documentation === undefined ? {} : { documentation }),
    source: typeof content === 'string' ? { kind: 'text', text: content } : { kind: 'bytes', bytes: content },
  };
}
