import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Diagnostic } from '../errors/diagnostic.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { runsSomething } from '../packages/define.ts';
import { readManifestFile } from '../packages/sources.ts';
import { temporaryDirectory } from '../system/files.ts';
import { shellSyntaxCommand } from '../system/tools/sh.ts';
import type { PackagerPorts } from './packager.ts';
import { fragmentText, renderSteps } from './shell.ts';

/** What a shell says of a script that it cannot read. */
interface Complaint {
  readonly message: string;
  /** From 1; undefined where the shell tells none. */
  readonly line: number | undefined;
}

/** dash: `x.sh: 3: Syntax error: …`; bash, as sh too: `x.sh: line 3: syntax error …`, and then the line itself. */
function complaintOf(stderr: string, path: string): Complaint {
  const [first = ''] = stderr.split('\n').filter((line) => line.trim() !== '');
  const rest = first.slice(first.indexOf(path) + path.length);
  const [, line, message] = /^: (?:line )?(\d+): (.*)$/.exec(rest) ?? [];
  return { message: message ?? first, line: line === undefined ? undefined : Number(line) };
}

async function complain(text: string, path: string, ports: PackagerPorts): Promise<Complaint | undefined> {
  await writeFile(path, text);
  const { exitCode, stderr } = await ports.commands.tryRun(shellSyntaxCommand(path, ports.environments.base));
  return exitCode === 0 ? undefined : complaintOf(stderr, path);
}

/**
 * What is wrong with the text of a hook: by itself, because a parenthesis too many would end the subshell that it is put
 * into, and in the subshell, because only there a here-document without an end takes more than the hook.
 */
async function complainOfHook(
  text: string,
  path: string,
  ports: PackagerPorts,
): Promise<(Complaint & { readonly hint?: string }) | undefined> {
  const alone = await complain(fragmentText(text), path, ports);
  if (alone !== undefined) return alone;
  const within = await complain(renderSteps([{ kind: 'fragment', text }]), path, ports);
  const hint = 'end every here-document, and what else begins in the file, in the file';
  return within === undefined ? undefined : { message: within.message, line: undefined, hint };
}

/**
 * Has the shell of this machine read every hook of some manifests: one that it cannot read makes the whole script of the
 * package fail on the machine that installs it, our own part included. Scripts need no check as a whole: a hook that
 * passes is complete, and stands in them as one command.
 * @throws CoachbuilderError `manifest-invalid` with a diagnostic for every hook that is no shell
 */
export async function checkHooks(
  manifests: readonly Pick<Manifest, 'packages'>[],
  ports: PackagerPorts,
): Promise<void> {
  const hooks = new Map<string, string>();
  for (const { name, scripts } of manifests.flatMap(({ packages }) => packages)) {
    for (const [hook, path] of Object.entries(scripts)) if (!hooks.has(path)) hooks.set(path, `${hook} of ${name}`);
  }
  if (hooks.size === 0) return;
  await using scratch = await temporaryDirectory(ports.environments.base['TMPDIR'] ?? '/tmp', 'coachbuilder-hooks');
  const diagnostics: Diagnostic[] = [];
  for (const [file, what] of hooks) {
    const text = await readManifestFile(file, `the script ${what}`);
    if (!runsSomething(text)) continue;
    const found = await complainOfHook(text, join(scratch.path, 'hook'), ports);
    if (found === undefined) continue;
    const { message, line = 1, hint } = found;
    const place = { file, line, column: 1, ...(hint === undefined ? {} : { hint }) };
    diagnostics.push({ severity: 'error', message: `sh cannot read this script, ${what}: ${message}`, ...place });
  }
  if (diagnostics.length === 0) return;
  const count = diagnostics.length === 1 ? 'a script' : `${String(diagnostics.length)} scripts`;
  throw new CoachbuilderError('manifest-invalid', `${count} of the packages cannot be read by a shell`, {
    hint: 'scripts of packages are run by /bin/sh: write them for a POSIX shell, and try them with "sh -n"',
    diagnostics,
  });
}
