import type { Distribution } from '../../distributions/distribution.ts';
import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import {
  serviceDirectoryParents,
  type ServiceCommand,
  type ServiceDirectoryKind,
  type ServiceSettings,
} from '../../manifest/service-settings.ts';
import { quoteShell } from '../quote-shell.ts';
import { renderTemplate } from '../templates.ts';
import { directoryLines, type DirectoryContext } from './directories.ts';
import type { RunnableService } from './runnable.ts';
import { commandOfUnit } from './unit-file.ts';
import { quoteSystemd, systemdText } from './systemd-text.ts';

export interface ServiceFileContext extends DirectoryContext {
  readonly distribution: Distribution;
  /** Where the virtual environment is installed. */
  readonly prefix: string;
  /** Texts of the services' own files, by absolute path. */
  readonly texts: ReadonlyMap<string, string>;
}

function ownText(path: string, { texts }: ServiceFileContext): string {
  const text = texts.get(path);
  if (text === undefined) throw new Error(`Internal error: the file ${path} of a service was not read`);
  const lines = text.replace(/\r\n/g, '\n');
  return lines.endsWith('\n') ? lines : `${lines}\n`;
}

/**
 * The directories of services that a distribution's systemd can make: those below /run from version 211 on, the others
 * (`StateDirectory=`) from 235 on. The table of distributions does not know its version; releases with a C library of 2.27
 * or later have systemd 237 or later (Ubuntu 18.04 has both), and all earlier ones have at most 229 (Ubuntu 16.04).
 */
function madeDirectories({ glibc }: Distribution): readonly ServiceDirectoryKind[] {
  const [major = 0, minor = 0] = glibc.split('.').map(Number);
  return major > 2 || (major === 2 && minor >= 27) ? ['state', 'log', 'cache', 'runtime'] : ['runtime'];
}

/** The program as an absolute path, then its arguments. */
function absoluteWords({ words }: ServiceCommand, prefix: string): readonly string[] {
  const [program = '', ...rest] = words;
  return [program.startsWith('/') ? program : `${prefix}/bin/${program}`, ...rest];
}

/** The unit of a service that has a command (systemd.service(5)). */
function renderUnit(service: RunnableService, context: ServiceFileContext): string {
  const { distribution, prefix } = context;
  const { command, user, group, description } = service;
  return renderTemplate(
    'spec-templates/services/systemd.service.ejs',
    {
      description,
      after: command.after,
      wants: command.after.filter((unit) => unit === 'network-online.target'),
      // A systemd before 240 takes `exec`, which it does not know, for `simple`, and says so in its journal.
      type: command.type,
      user: user ?? '',
      group: group ?? '',
      workingDirectory: command.workingDirectory ?? '',
      environment: Object.entries(command.environment).map(([name, value]) =>
        quoteSystemd(`${name}=${value}`, 'value'),
      ),
      environmentFiles: command.environmentFiles,
      words: absoluteWords(command, prefix).map((word) => quoteSystemd(word, 'command')),
      restart: command.restart,
      directories: directoryLines(service, context, madeDirectories(distribution)),
      hardening: Object.entries(command.hardening).map(([name, value]) => `${name}=${value}`),
    },
    systemdText,
  );
}

/** A job for upstart or an init script: both are shell around the same command. */
function renderScript(service: RunnableService, template: string, prefix: string): string {
  const { command, user = 'root', group = '', description, name } = service;
  const words = absoluteWords(command, prefix);
  return renderTemplate(
    template,
    {
      name,
      description: description.replace(/["\\\n]/g, ' '),
      program: words[0] ?? '',
      words,
      type: command.type,
      enable: service.enable,
      restart: command.restart,
      user,
      group,
      workingDirectory: command.workingDirectory ?? '/',
      environment: Object.entries(command.environment).map(([variable, value]) => ({ variable, value })),
      environmentFiles: command.environmentFiles.map((path) => ({
        path: path.replace(/^-/, ''),
        optional: path.startsWith('-'),
      })),
      runtime: service.directories
        .filter(({ kind }) => kind === 'runtime')
        .map((each) => `${serviceDirectoryParents.runtime}/${each.name}`),
    },
    quoteShell,
  );
}

function refuse(service: ServiceSettings, { distribution }: ServiceFileContext, reason: string): CoachbuilderError {
  const { name, suffix } = service;
  const key = distribution.init === 'upstart' ? 'upstart' : 'sysv';
  return new CoachbuilderError(
    'unsupported-by-target',
    `the service ${name}.${suffix} cannot be had on ${distribution.title}, which has no systemd: ${reason}`,
    {
      hint: `give it a file of its own with "${key}", or take it away there: "overrides: {${distribution.id}: {services: {${name}: null}}}"`,
    },
  );
}

/**
 * The text of the file by which the distribution's init system knows a service: the application's own, else one that
 * is written from its command, else from what its unit runs.
 * @throws CoachbuilderError `unsupported-by-target` where an init system other than systemd cannot be told to run it
 */
export function renderServiceFile(service: ServiceSettings, context: ServiceFileContext): string {
  const { init } = context.distribution;
  const own = service.files[init];
  if (own !== undefined) return ownText(own, context);
  const { command, files, suffix, name } = service;
  if (init === 'systemd') {
    if (command === undefined) throw refuse(service, context, 'it has no unit and no command');
    return renderUnit({ ...service, command }, context);
  }
  const template = `spec-templates/services/${init}.ejs`;
  if (command !== undefined) return renderScript({ ...service, command }, template, context.prefix);
  if (suffix !== 'service' || name.endsWith('@'))
    throw refuse(service, context, 'only plain services can be translated');
  const read = commandOfUnit(ownText(files.systemd ?? '', context));
  if ('reason' in read) throw refuse(service, context, `its unit file ${read.reason}`);
  return renderScript({ ...service, ...read.service }, template, context.prefix);
}
