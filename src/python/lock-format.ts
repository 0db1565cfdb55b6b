/** The lock formats of other tools that we read. */
export type LockFormat = 'uv' | 'poetry' | 'pylock' | 'requirements';

/**
 * The format of a lock file, which its name tells: `uv.lock`, `poetry.lock`, `pylock.toml` and `pylock.<name>.toml`
 * (PEP 751, "File Name"), or `.txt` for requirements with hashes.
 * @param path a file name or a path
 * @returns undefined for any other name
 */
export function lockFormatOf(path: string): LockFormat | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name === 'uv.lock') return 'uv';
  if (name === 'poetry.lock') return 'poetry';
  if (/^pylock\.(?:[^.]+\.)?toml$/.test(name)) return 'pylock';
  return name.endsWith('.txt') ? 'requirements' : undefined;
}
