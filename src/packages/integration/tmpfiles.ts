/** A directory that a file of tmpfiles.d makes. */
export interface TmpfilesDirectory {
  readonly path: string;
  readonly owner: string;
  readonly group: string;
  readonly mode: number;
}

/** Directories of everybody, which a file may clean, but which no package makes or removes. */
const shared = /^\/(?:[^/]+|var\/[^/]+|run\/(?:lock|user|systemd)|usr\/[^/]+|dev\/shm)$/;

/**
 * The directories of its own that a file in the format of tmpfiles.d(5) makes: the lines of types `d` and `D` that say
 * where without specifiers (`%t`).
 */
export function parseTmpfiles(text: string): readonly TmpfilesDirectory[] {
  return text.split(/\r?\n/).flatMap((line): TmpfilesDirectory[] => {
    const [type = '', path = '', mode = '-', owner = '-', group = '-'] = line.trim().split(/\s+/);
    if (!/^[dD][!+=^~-]*$/.test(type) || !/^\/[^%"'\\]+$/.test(path) || shared.test(path)) return [];
    const digits = /^[~:]*([0-7]{3,4})$/.exec(mode)?.[1];
    const name = (word: string): string => (word === '-' ? 'root' : word.replace(/^:/, ''));
    return [
      {
        path: path.replace(/\/+$/, ''),
        owner: name(owner),
        group: name(group),
        mode: digits === undefined ? 0o755 : Number.parseInt(digits, 8),
      },
    ];
  });
}
