/** A word for a POSIX shell, in single quotes unless it plainly needs none (POSIX.1, 2.2.2). */
export function quoteShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
