import { splitWords } from '../../manifest/service-words.ts';
import { restartPolicies, serviceTypes } from '../../manifest/service-settings.ts';
import type { RunnableService } from './runnable.ts';

/** What a unit file says, as far as another init system can be told the same; or why it cannot. */
export type UnitReading =
  | { readonly service: Pick<RunnableService, 'command' | 'description' | 'user' | 'group'> }
  | { readonly reason: string };

/** Directives that change what runs, and have no counterpart elsewhere. */
const untranslatable = ['ExecStartPre', 'ExecStartPost', 'ExecStop', 'ExecStopPost', 'ExecCondition', 'RootDirectory'];

/** The directives of a unit file by section and name, in their order (systemd.syntax(7)). */
function parseUnit(text: string): ReadonlyMap<string, readonly string[]> {
  const directives = new Map<string, string[]>();
  let section = '';
  for (const line of text.replace(/\\\n\s*/g, ' ').split('\n')) {
    const trimmed = line.trim();
    if (trimmed === '' || /^[#;]/.test(trimmed)) continue;
    const header = /^\[(.*)\]$/.exec(trimmed);
    if (header !== null) {
      section = header[1] ?? '';
      continue;
    }
    const [name = '', ...value] = trimmed.split('=');
    const key = `${section}.${name.trim()}`;
    directives.set(key, [...(directives.get(key) ?? []), value.join('=').trim()]);
  }
  return directives;
}

function oneOf<Word extends string>(words: readonly Word[], word: string): Word | undefined {
  return words.find((each) => each === word);
}

/**
 * Reads from a unit file what it runs and how, if it is simple enough: one `ExecStart=` of literal words, nothing before
 * and after it.
 */
export function commandOfUnit(text: string): UnitReading {
  const directives = parseUnit(text);
  const all = (name: string): readonly string[] => directives.get(`Service.${name}`) ?? [];
  const last = (name: string): string | undefined => all(name).at(-1) || undefined;
  const [line, ...more] = all('ExecStart');
  if (line === undefined || more.length > 0) return { reason: 'has not exactly one ExecStart' };
  const other = untranslatable.find((name) => all(name).length > 0);
  if (other !== undefined) return { reason: `has ${other}` };
  const words = splitWords(line);
  const program = words?.[0] ?? '';
  const used = [line, ...all('Environment'), last('WorkingDirectory') ?? '', last('User') ?? ''];
  if (
    words === undefined ||
    !program.startsWith('/') ||
    used.some((each) => /[%$]/.test(each)) ||
    words.includes(';')
  ) {
    return { reason: 'has an ExecStart that is more than a program with its arguments' };
  }
  const type = oneOf(serviceTypes, last('Type') ?? 'simple');
  if (type === undefined) return { reason: `has the type ${last('Type') ?? ''}` };
  const assignments = all('Environment').map((each) => splitWords(each));
  if (assignments.includes(undefined)) return { reason: 'has an Environment that cannot be read' };
  const environment = assignments.flatMap((each) => each ?? []).map((each) => each.split(/=(.*)/s).slice(0, 2));
  return {
    service: {
      description: directives.get('Unit.Description')?.at(-1) ?? program,
      user: last('User'),
      group: last('Group'),
      command: {
        words,
        type,
        environment: Object.fromEntries(environment) as Record<string, string>,
        environmentFiles: all('EnvironmentFile'),
        workingDirectory: last('WorkingDirectory'),
        restart: oneOf(restartPolicies, last('Restart') ?? 'no') ?? 'no',
        after: [],
        hardening: {},
      },
    },
  };
}
