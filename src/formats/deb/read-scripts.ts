import { dirname } from 'node:path';

import type { CommandResult } from '../../system/command.ts';
import { debControlFileCommand, debFieldsCommand } from '../../system/tools/dpkg-deb.ts';
import { unreadable, type FinishedScript, type FinishedScripts } from '../finished-scripts.ts';
import type { PackagerPorts } from '../packager.ts';

/** Debian Policy 6.1, and 3.9.1 for `config`, which debconf runs before any of the others. */
const names = ['config', 'preinst', 'postinst', 'prerm', 'postrm'] as const;

/** What dpkg-deb says of a control file that the package does not have; it does so with status 2, as for damage. */
const absent = /contains no control component/;

/** The words of the line by which the kernel chooses the interpreter; execve(2): a program and at most one argument. */
function interpreterOf(text: string): readonly string[] {
  const { program, argument } = /^#![ \t]*(?<program>\S+)[ \t]*(?<argument>.*)/.exec(text)?.groups ?? {};
  return [program, argument?.trimEnd()].filter((word) => word !== undefined && word !== '') as readonly string[];
}

/**
 * Reads the maintainer scripts of a .deb with dpkg-deb.
 * @throws CoachbuilderError `archive-invalid`
 */
export async function readDebScripts(file: string, ports: PackagerPorts): Promise<FinishedScripts> {
  const place = { cwd: dirname(file), env: ports.environments.base };
  const must = (result: CommandResult): string => {
    if (result.exitCode !== 0) throw unreadable(file, result);
    return result.stdout;
  };
  const controlFile = async (name: string): Promise<string | undefined> => {
    const result = await ports.commands.tryRun(debControlFileCommand(file, name, place));
    return result.exitCode !== 0 && absent.test(result.stderr) ? undefined : must(result);
  };
  const fields = must(await ports.commands.tryRun(debFieldsCommand(file, place)));
  const [name = '', version = '', architecture = ''] = fields.split('\n');
  const scripts: FinishedScript[] = [];
  for (const each of names) {
    const text = await controlFile(each);
    if (text !== undefined) scripts.push({ name: each, interpreter: interpreterOf(text), text });
  }
  const triggers = (await controlFile('triggers')) ?? '';
  return { file, format: 'deb', name, version, architecture, scripts, triggers };
}
