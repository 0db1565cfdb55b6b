import type { ConsoleScript } from '../python/entry-points.ts';

/**
 * The longest first line, with `#!` and the newline, that every kernel reads whole: BINPRM_BUF_SIZE was 128 bytes
 * before Linux 5.1, one of them for the terminating null (execve(2)).
 */
const longestShebang = 127;

/** Words that neither the shell nor the kernel's shebang line would read as anything but themselves. */
const plainWord = /^[\w@%+=:,./-]+$/;

function quoteForShell(word: string): string {
  return plainWord.test(word) ? word : `"${word.replaceAll(/["\\$`]/g, (character) => `\\${character}`)}"`;
}

/**
 * The first line, or lines, by which a Python script names its interpreter.
 *
 * A path that is too long for the kernel, or holds a space, takes three lines that the shell reads as `exec` and Python as a
 * string literal, the form that pip and distlib write as well.
 * @param python absolute path of the interpreter on the target
 * @param argument what follows the interpreter on the first line, such as `-u`
 * @returns text that ends with a newline
 */
export function interpreterLines(python: string, argument = ''): string {
  const rest = argument === '' ? '' : ` ${argument}`;
  const line = `#!${python}${rest}\n`;
  if (plainWord.test(python) && Buffer.byteLength(line) <= longestShebang) return line;
  return `#!/bin/sh\n'''exec' ${quoteForShell(python)}${rest} "$0" "$@"\n' '''\n`;
}

/**
 * The text of the program that stands for an entry point of `console_scripts` or `gui_scripts`
 * (entry points specification): it imports the object and exits with what calling it returns.
 * The same text as pip's, so that a tree can be compared with one that pip made.
 */
export function renderWrapper(script: ConsoleScript, python: string): string {
  const [imported = script.attribute] = script.attribute.split('.');
  return [
    `${interpreterLines(python)}# -*- coding: utf-8 -*-`,
    'import re',
    'import sys',
    `from ${script.module} import ${imported}`,
    "if __name__ == '__main__':",
    "    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])",
    `    sys.exit(${script.attribute}())`,
    '',
  ].join('\n');
}

const newline = 0x0a;
const placeholder = Buffer.from('#!python');
/** `#!python` and `#!pythonw` (binary distribution format), with the version and the arguments that some builders add. */
const placeholderLine = /^#!pythonw?[0-9.]*(?:[ \t]+(.*))?$/;

/**
 * Puts the target's interpreter in the place of a `#!python` first line
 * (binary distribution format, "Recommended installer features").
 * @param content a file of the wheel's `.data/scripts`
 * @returns the content with the interpreter, or undefined when the script names its own or is no script
 */
export function relinkScript(content: Buffer, python: string): Buffer | undefined {
  if (!content.subarray(0, placeholder.length).equals(placeholder)) return undefined;
  const end = content.indexOf(newline);
  const first = content.subarray(0, end === -1 ? content.length : end).toString('utf8');
  const match = placeholderLine.exec(first.trimEnd());
  if (match === null) return undefined;
  const rest = end === -1 ? Buffer.alloc(0) : content.subarray(end + 1);
  return Buffer.concat([Buffer.from(interpreterLines(python, match[1] ?? '')), rest]);
}
