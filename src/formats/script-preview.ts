import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { didYouMean } from '../errors/suggest.ts';
import { scriptCalls, scriptStates, type ScriptCall } from '../packages/script-calls.ts';
import type { FinishedScript, FinishedScripts } from './finished-scripts.ts';
import { quoteShell } from './quote-shell.ts';

/** A call together with what it runs. */
export interface PreviewedCall extends ScriptCall {
  /** Undefined: the earlier version's scripts are not known. A known package without the script has no such call. */
  readonly content: FinishedScript | undefined;
}

/** What runs in one state, in the order of the package manager. */
export interface StatePreview {
  readonly state: string;
  readonly when: string;
  readonly calls: readonly PreviewedCall[];
}

/** What a finished package runs: in every state, or in one. */
export interface ScriptPreview {
  readonly finished: FinishedScripts;
  /** Undefined: no state was asked for. */
  readonly inState: StatePreview | undefined;
}

/** @throws CoachbuilderError `usage` when `previous` is no other version of the same package */
function requireSamePackage(finished: FinishedScripts, previous: FinishedScripts): void {
  if (finished.name === previous.name && finished.format === previous.format) return;
  throw new CoachbuilderError('usage', `${previous.file} is no earlier version of ${finished.file}`, {
    details: [finished, previous].map(({ name, version, format }) => `${format}: ${name} ${version}`),
    hint: 'give --previous a package of the same name and format',
  });
}

/**
 * Whether a call happens at all: dpkg calls `postinst triggered` only of packages whose control file `triggers` names an
 * interest; deb-triggers(5).
 */
function happens(call: ScriptCall, { format, triggers }: FinishedScripts): boolean {
  return format !== 'deb' || call.arguments[0] !== 'triggered' || /^\s*interest(?:-(?:no)?await)?\s/m.test(triggers);
}

/**
 * What the package manager would run of a package.
 * @param state undefined for no state in particular
 * @param previous the version that is replaced in states which replace one; undefined when it is not known
 * @throws CoachbuilderError `usage` for a state that the format does not have, and for a `previous` of another package
 */
export function previewScripts(
  finished: FinishedScripts,
  state: string | undefined,
  previous: FinishedScripts | undefined,
): ScriptPreview {
  if (previous !== undefined) requireSamePackage(finished, previous);
  if (state === undefined) return { finished, inState: undefined };
  const { format, version } = finished;
  const planned = scriptCalls(format, state, { version, previous: previous?.version });
  if (planned === undefined) {
    const states = scriptStates(format);
    throw new CoachbuilderError('usage', `a .${format} package has no state ${state}.${didYouMean(state, states)}`, {
      hint: `choose one of ${states.join(', ')}`,
    });
  }
  const calls = planned.calls.flatMap((call): readonly PreviewedCall[] => {
    const holder = call.whose === 'package' ? finished : previous;
    const content = holder?.scripts.find(({ name }) => name === call.script);
    const nothing = (holder !== undefined && content === undefined) || !happens(call, finished);
    return nothing ? [] : [{ ...call, content }];
  });
  return { finished, inState: { state, when: planned.when, calls } };
}

function endedByNewline(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/** The scriptlets of RPM are written with a percent sign everywhere but in the package itself. */
function title({ format }: FinishedScripts, script: string): string {
  return format === 'rpm' ? `%${script}` : script;
}

/** The text of a script; in RPM packages the interpreter stands beside the text, in Debian packages in its first line. */
function body({ format }: FinishedScripts, { interpreter, text }: FinishedScript): string {
  const line = format === 'rpm' ? `#!${interpreter.join(' ')}\n` : '';
  return `${line}${endedByNewline(text)}`;
}

function callText(finished: FinishedScripts, call: PreviewedCall): string {
  const words = [
    title(finished, call.script),
    ...call.arguments.map((word) => (/^<.*>$/.test(word) ? word : quoteShell(word))),
  ];
  const facts = [...(call.whose === 'previous' ? ["the earlier version's"] : []), ...(call.fails ? ['it fails'] : [])];
  const head = `${words.join(' ')}${facts.length === 0 ? '' : ` (${facts.join('; ')})`}`;
  const content =
    call.content === undefined
      ? '(what it does, if there is such a script, is in the earlier package: name its file with --previous)\n'
      : body(finished, call.content);
  return `==> ${head}\n${content}`;
}

/** The preview for people: a heading before every script, and the scripts as they are. */
export function previewText({ finished, inState }: ScriptPreview): string {
  const { name, version, architecture, format } = finished;
  const head = `${name} ${version} (${format}, ${architecture})`;
  const nothing = 'nothing runs\n';
  if (inState !== undefined) {
    const calls = inState.calls.map((call) => callText(finished, call));
    const text = calls.length === 0 ? nothing : calls.join('\n');
    return `${head}, ${inState.state}: ${inState.when}\n\n${text}`;
  }
  const scripts = finished.scripts.map((script) => `==> ${title(finished, script.name)}\n${body(finished, script)}`);
  const triggers = finished.triggers === '' ? [] : [`==> triggers\n${endedByNewline(finished.triggers)}`];
  const parts = [...scripts, ...triggers];
  return `${head}\n\n${parts.length === 0 ? nothing : parts.join('\n')}`;
}

/** The preview as JSON, an object; `state` is null when none was asked for, `text` where a script is not known. */
export function previewJson({ finished, inState }: ScriptPreview): string {
  const { file, format, name, version, architecture, scripts, triggers } = finished;
  const state =
    inState === undefined
      ? null
      : {
          name: inState.state,
          when: inState.when,
          calls: inState.calls.map((call) => ({
            script: call.script,
            arguments: call.arguments,
            whose: call.whose,
            fails: call.fails,
            interpreter: call.content?.interpreter ?? null,
            text: call.content?.text ?? null,
          })),
        };
  const value = { file, format, name, version, architecture, scripts, triggers, state };
  return `${JSON.stringify(value, null, 2)}\n`;
}
