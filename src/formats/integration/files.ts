import { portNumbers } from '../../manifest/integration/ports.ts';
import type {
  FirewallSettings,
  LogrotateOptions,
  TmpfilesDirectorySettings,
} from '../../manifest/integration/settings.ts';
import { octalMode } from '../../packages/scripts.ts';
import { renderTemplate } from '../templates.ts';
import { oneLine, textLines } from '../text.ts';

/** The rules of the manifest let nothing through that these formats would take for more than text. */
function plain(text: string): string {
  return text;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Character data and attribute values of XML 1.0, 2.4. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}

/** A file of logrotate(8). A missing log is no error, because the package's service may never have run. */
export function renderLogrotate(options: LogrotateOptions): string {
  const { create } = options;
  const directives = [
    options.frequency,
    `rotate ${String(options.rotate)}`,
    ...(options.maxSize === undefined ? [] : [`maxsize ${options.maxSize}`]),
    'missingok',
    'notifempty',
    // What was just moved is written to until the program opens the log again.
    ...(options.compress ? ['compress', ...(options.copyTruncate ? [] : ['delaycompress'])] : ['nocompress']),
    ...(options.copyTruncate ? ['copytruncate'] : []),
    ...(create === undefined ? [] : [`create ${octalMode(create.mode)} ${create.owner} ${create.group}`]),
  ];
  const paths = options.paths.map((path) => (/\s/.test(path) ? `"${path}"` : path));
  const postrotate = textLines(options.postrotate ?? '');
  return renderTemplate('spec-templates/integration/logrotate.ejs', { paths, directives, postrotate }, plain);
}

/** A service of firewalld: firewalld.service(5). */
export function renderFirewalldService({ title, description, ports }: FirewallSettings): string {
  return renderTemplate(
    'spec-templates/integration/firewalld-service.ejs',
    {
      title: oneLine(title),
      description: oneLine(description),
      ports: ports.map((port) => ({ protocol: port.protocol, numbers: portNumbers(port, '-') })),
    },
    escapeXml,
  );
}

/** An application of ufw: ufw(8), "APPLICATION INTEGRATION". */
export function renderUfwApplication({ name, title, description, ports }: FirewallSettings): string {
  return renderTemplate(
    'spec-templates/integration/ufw-application.ejs',
    {
      name,
      title: oneLine(title),
      description: oneLine(description),
      ports: ports.map((port) => `${portNumbers(port, ':')}/${port.protocol}`).join('|'),
    },
    plain,
  );
}

/** A file of tmpfiles.d(5). */
export function renderTmpfiles(directories: readonly TmpfilesDirectorySettings[]): string {
  return renderTemplate(
    'spec-templates/integration/tmpfiles.ejs',
    {
      directories: directories.map((each) => ({ ...each, mode: octalMode(each.mode), age: each.age ?? '-' })),
    },
    plain,
  );
}
