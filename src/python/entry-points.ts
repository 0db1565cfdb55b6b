import { CoachbuilderError } from '../errors/coachbuilder-error.ts';

type ScriptGroup = 'console_scripts' | 'gui_scripts';

/** An entry point of the groups `console_scripts` and `gui_scripts` (entry points specification). */
export interface ConsoleScript {
  /** The file's name in `bin`. */
  readonly name: string;
  readonly module: string;
  /** Dotted path of the callable below the module. */
  readonly attribute: string;
}

/** An executable entry point and the group it was declared in. */
export interface ScriptEntryPoint extends ConsoleScript {
  readonly group: ScriptGroup;
}

const identifier = String.raw`[\p{L}_][\p{L}\p{N}_]*`;
const objectReference = new RegExp(
  String.raw`^(${identifier}(?:\.${identifier})*)\s*:\s*(${identifier}(?:\.${identifier})*)\s*(?:\[[^\]]*\])?$`,
  'u',
);

interface Option {
  readonly name: string;
  readonly indentation: number;
  value: string;
  readonly line: number;
}

/**
 * Parses `entry_points.txt` (entry points specification: an INI file whose names keep their case) and returns its
 * scripts in the order of the file, the last one of those with the same name in a group. Extras in brackets are
 * ignored, and so are all other groups.
 * @throws CoachbuilderError `wheel-invalid` naming the line
 */
export function parseEntryPoints(text: string): readonly ScriptEntryPoint[] {
  const scripts = new Map<string, ScriptEntryPoint>();
  for (const group of ['console_scripts', 'gui_scripts'] as const) {
    for (const option of readOptions(text, group)) {
      scripts.set(`${group} ${option.name}`, toEntryPoint(group, option));
    }
  }
  return [...scripts.values()];
}

/** The options of one section; a line that is indented deeper than its option continues it, as configparser has it. */
function readOptions(text: string, group: ScriptGroup): readonly Option[] {
  const options: Option[] = [];
  let section: string | undefined;
  let current: Option | undefined;
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const content = line.trim();
    if (content === '' || content.startsWith('#') || content.startsWith(';')) continue;
    const indentation = line.length - line.trimStart().length;
    if (current !== undefined && indentation > current.indentation) {
      current.value = `${current.value} ${content}`.trim();
      continue;
    }
    const header = /^\[([^\]]+)\]$/.exec(content)?.[1];
    if (header !== undefined) {
      section = header.trim();
      current = undefined;
      continue;
    }
    if (section === undefined) refuse(index + 1, line, 'it comes before the first [group]');
    const separator = content.indexOf('=');
    if (section === group && separator < 1) refuse(index + 1, line, 'it is not "name = module:function"');
    current = {
      name: content.slice(0, Math.max(separator, 0)).trim(),
      indentation,
      value: content.slice(separator + 1).trim(),
      line: index + 1,
    };
    if (section === group) options.push(current);
  }
  return options;
}

function toEntryPoint(group: ScriptGroup, option: Option): ScriptEntryPoint {
  const written = `${option.name} = ${option.value}`;
  // The name becomes a file in bin, so it must not lead out of there.
  if (!/^[^/\p{Cc}]+$/u.test(option.name) || /^\.{1,2}$/.test(option.name)) {
    refuse(option.line, written, 'its name cannot be the name of a file');
  }
  const match = objectReference.exec(option.value);
  const [, module, attribute] = match ?? [];
  if (module === undefined || attribute === undefined) {
    return refuse(option.line, written, 'a script needs "module:function"');
  }
  return { group, name: option.name, module, attribute };
}

function refuse(line: number, written: string, problem: string): never {
  throw new CoachbuilderError(
    'wheel-invalid',
    `entry_points.txt, line ${String(line)}: "${written.trim()}" is not a script: ${problem}`,
  );
}
