/** What the interpreter was built with, as its `_sysconfigdata` tells. */
export interface BuildRecord {
  /** `--prefix` of its build; undefined when it is a directory that every machine has. */
  readonly prefix: string | undefined;
  /** Other directories of the machine that built it. */
  readonly directories: readonly string[];
}

/** Directories of a build that any system may have: what is found in them on the target is what the text is about. */
const common = new Set(['/', '/usr', '/usr/local']);

/** Where python-build-standalone builds, installs to, and keeps its tools. */
const usualDirectories = ['/build', '/install', '/tools'] as const;

/** Reads the directories out of the text of `_sysconfigdata*.py`. */
export function readBuildRecord(text: string): BuildRecord {
  const valueOf = (key: string): string | undefined => {
    const value = new RegExp(`[\\s{]'${key}': '(/[^']*)'`).exec(text)?.[1]?.replace(/(?<=.)\/+$/, '');
    return value === undefined || common.has(value) ? undefined : value;
  };
  const found = ['abs_builddir', 'abs_srcdir', 'exec_prefix'].map(valueOf).filter((value) => value !== undefined);
  return { prefix: valueOf('prefix'), directories: [...new Set([...usualDirectories, ...found])] };
}

function escapePattern(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
}

/** Longer paths first, so that no alternative hides one that it begins. */
function alternatives(paths: readonly string[]): string {
  return [...paths]
    .sort((a, b) => b.length - a.length)
    .map(escapePattern)
    .join('|');
}

/** What may stand before a path in a list of options; the option goes with the path. */
const option =
  '(?:-isystem\\s*|-(?:Wl,)?[A-Za-z-]*rpath(?:-link)?[=,]|-f(?:file|debug|macro|profile)-[a-z-]*=|--?[A-Za-z][\\w-]*=|-[ILFBT]|[A-Za-z_]\\w*=)?';
const notInName = '(?<![\\w./+~@%-])';
const endOfName = '(?![\\w.+~@%-])';

/** What the tools of a build machine are called where nothing is known about them. */
const tools: Readonly<Record<string, string>> = {
  clang: 'cc',
  gcc: 'cc',
  cc: 'cc',
  'clang++': 'c++',
  'g++': 'c++',
  'c++': 'c++',
};

/** The usual name of a tool: `llvm-ar` is `ar`, `clang-18` is `cc`. */
function usualTool(name: string): string {
  const plain = name.replace(/^llvm-/, '').replace(/-[\d.]+$/, '');
  return tools[plain] ?? plain;
}

export interface Patch extends BuildRecord {
  /** Absolute path of the interpreter's directory on the target, such as `/opt/fleet/python`. */
  readonly home: string;
}

/**
 * Takes the build machine out of a text that describes a build (`_sysconfigdata*.py`, a Makefile, a pkg-config file): its
 * prefix becomes the interpreter's own directory, its compilers become the usual ones, and other directories of it
 * go, with the options that name them.
 */
export function patchText(text: string, { prefix, directories, home }: Patch): string {
  const moved =
    prefix === undefined
      ? text
      : text.replaceAll(new RegExp(`(?<![\\w./+~@%])${escapePattern(prefix)}${endOfName}`, 'g'), () => home);
  const foreign = alternatives(directories.filter((path) => path !== home && !home.startsWith(`${path}/`)));
  const machine = `(?:${foreign})`;
  return moved
    .replaceAll(new RegExp(`${notInName}${machine}/(?:[^\\s'":,;/]+/)*bin/([\\w.+-]+)`, 'g'), (_whole, name: string) =>
      usualTool(name),
    )
    .replaceAll(new RegExp(`${notInName}${option}${machine}(?:/[^\\s'":,;]*|${endOfName})`, 'g'), '')
    .replaceAll(/(?<![\w./+-])(clang(?:\+\+)?|llvm-(?:ar|ranlib|nm|profdata))(?![\w./+-])/g, (name) => usualTool(name));
}

/**
 * Whether a file describes the build of the interpreter.
 * @param path relative to the interpreter's directory
 */
export function describesBuild(path: string): boolean {
  return (
    /^lib\/python[\d.]+\/(?:_sysconfigdata[^/]*\.py|_sysconfig_vars[^/]*\.json|build-details\.json)$/.test(path) ||
    /^lib\/python[\d.]+\/config-[^/]*\/(?:Makefile|python-config\.py)$/.test(path) ||
    /^lib\/pkgconfig\/[^/]+\.pc$/.test(path) ||
    /^bin\/[^/]*-config$/.test(path)
  );
}

/** execve(2) reads this many bytes of a first line, its end included; older kernels no more than 128. */
const longestLine = 127;

/**
 * Puts the interpreter into the first line of a Python script that names one.
 * @param interpreter absolute path on the target
 * @returns undefined when that is impossible: the script cannot be started
 */
export function patchScript(content: Buffer, interpreter: string): Buffer | undefined {
  if (content.toString('latin1', 0, 2) !== '#!') return content;
  const end = content.indexOf(0x0a);
  const line = content.toString('utf8', 0, end === -1 ? content.length : end);
  const rest = end === -1 ? Buffer.from('\n') : content.subarray(end);
  // `#!/bin/sh` is there everywhere; installers write it in front of a path that is taken from the script's own.
  if (!/python[\d.]*\b/.test(line)) return content;
  const first = `#!${interpreter}`;
  return first.length > longestLine || /\s/.test(interpreter) ? undefined : Buffer.concat([Buffer.from(first), rest]);
}
