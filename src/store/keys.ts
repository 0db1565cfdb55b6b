/** Begins the names of the files of our own that a directory store keeps beside the objects; no object may be named so. */
export const reservedPrefix = '.coachbuilder-';

/**
 * Refuses keys that another store, a web server or a client would read in another way: S3 takes keys literally, while
 * everybody else folds `.`, `..` and empty segments.
 * @throws Error a defect of the caller: people do not write keys
 */
export function checkKey(key: string): void {
  const segments = key.split('/');
  const wrong =
    key.includes('\0') ||
    key.includes('\\') ||
    segments.some((segment) => ['', '.', '..'].includes(segment) || segment.startsWith(reservedPrefix));
  if (wrong) throw new Error(`${JSON.stringify(key)} is no key of an object`);
}

/** The order of keys in S3, and of ours everywhere: that of their bytes in UTF-8. */
export function compareKeys(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
