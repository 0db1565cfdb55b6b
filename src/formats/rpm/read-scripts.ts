import { rpmQueryCommand, rpmTagsCommand, rpmTriggersCommand } from '../../system/tools/rpmbuild.ts';
import { unreadable, type FinishedScript, type FinishedScripts } from '../finished-scripts.ts';
import type { PackagerPorts } from '../packager.ts';

/** The scriptlets in rpm's order, with the tag of their text and that of their interpreter (`rpm --querytags`). */
const tags = {
  pretrans: ['PRETRANS', 'PRETRANSPROG'],
  preuntrans: ['PREUNTRANS', 'PREUNTRANSPROG'],
  pre: ['PREIN', 'PREINPROG'],
  post: ['POSTIN', 'POSTINPROG'],
  preun: ['PREUN', 'PREUNPROG'],
  postun: ['POSTUN', 'POSTUNPROG'],
  posttrans: ['POSTTRANS', 'POSTTRANSPROG'],
  postuntrans: ['POSTUNTRANS', 'POSTUNTRANSPROG'],
  verifyscript: ['VERIFYSCRIPT', 'VERIFYSCRIPTPROG'],
} as const;

type Scriptlet = keyof typeof tags;

/** ASCII's separators of groups and units, which no scriptlet holds: what is between them is the package's, byte for byte. */
const group = '\u001D';
const unit = '\u001F';

function queryFormat(scriptlets: readonly Scriptlet[]): string {
  const parts = scriptlets.map((name) => {
    const [text, program] = tags[name];
    return `${group}%|${program}?{[%{${program}}${unit}]}|%|${text}?{%{${text}}}|`;
  });
  return `%{NAME}${unit}%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}${unit}%{ARCH}${parts.join('')}`;
}

/** Text and interpreter of a scriptlet; undefined where the package has none. */
function parseScriptlet(name: string, answer: string): FinishedScript | undefined {
  const words = answer.split(unit);
  const text = words.at(-1) ?? '';
  const interpreter = words.slice(0, -1);
  return text === '' && interpreter.length === 0 ? undefined : { name, interpreter, text };
}

/**
 * Reads the scriptlets of an .rpm with this machine's rpm. One that is older than 4.19 does not know `%preuntrans` and
 * `%postuntrans`, and cannot show them.
 * @param scratch a directory in which rpm would look for its database and the user's macros, and finds none
 * @throws CoachbuilderError `archive-invalid`
 */
export async function readRpmScripts(file: string, scratch: string, ports: PackagerPorts): Promise<FinishedScripts> {
  const place = { scratch, env: ports.environments.base };
  const { stdout } = await ports.commands.run(rpmTagsCommand(place));
  const known = new Set(stdout.split('\n').map((line) => line.trim()));
  const scriptlets = (Object.keys(tags) as Scriptlet[]).filter((name) => known.has(tags[name][0]));
  const answer = await ports.commands.tryRun(rpmQueryCommand(file, queryFormat(scriptlets), place));
  if (answer.exitCode !== 0) throw unreadable(file, answer);
  const [head = '', ...parts] = answer.stdout.split(group);
  if (parts.length !== scriptlets.length) throw new Error(`Internal error: a scriptlet of ${file} holds a separator`);
  const [name = '', version = '', architecture = ''] = head.split(unit);
  const scripts = scriptlets.flatMap((each, index) => parseScriptlet(each, parts[index] ?? '') ?? []);
  const { stdout: triggers } = await ports.commands.run(rpmTriggersCommand(file, place));
  return { file, format: 'rpm', name, version, architecture, scripts, triggers };
}
