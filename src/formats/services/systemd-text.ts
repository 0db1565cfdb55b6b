/** A value of a unit file: `%` begins a specifier (systemd.unit(5)), a line end the next directive. */
export function systemdText(text: string): string {
  return text.replaceAll('%', '%%').replace(/[\r\n]+/g, ' ');
}

/**
 * A word of `ExecStart=` or an assignment of `Environment=`: systemd.service(5), "Command lines", and systemd.syntax(7),
 * "Quoting". In a command line `$` begins a variable as well.
 */
export function quoteSystemd(text: string, where: 'command' | 'value'): string {
  const escaped = systemdText(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\t', '\\t');
  const literal = where === 'command' ? escaped.replaceAll('$', '$$$$') : escaped;
  return /^[\w@%+=:,./$-]+$/.test(literal) ? literal : `"${literal}"`;
}
