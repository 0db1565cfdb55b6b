import type { ContentEntry } from './definition.ts';

export type FileEntry = Extract<ContentEntry, { readonly kind: 'file' }>;

/**
 * A file of a package whose content is here: 0644 and root's unless something else is said. What is below /etc is the
 * administrator's to change (Debian Policy 10.7.2).
 * @param path absolute, on the target
 */
export function fileEntry(
  path: string,
  content: string | Uint8Array,
  facts: Partial<Pick<FileEntry, 'mode' | 'owner' | 'group' | 'configuration' | 'documentation'>> = {},
): FileEntry {
  return {
    kind: 'file',
    path,
    mode: 0o644,
    owner: 'root',
    group: 'root',
    size: Buffer.byteLength(content),
    configuration: path.startsWith('/etc/'),
    source: typeof content === 'string' ? { kind: 'text', text: content } : { kind: 'bytes', bytes: content },
    ...facts,
  };
}
