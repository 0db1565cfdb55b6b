import type { PackageDefinition } from '../../packages/definition.ts';
import { fullVersion } from '../../model/package-version.ts';
import { debianRelationFields } from '../../packages/relations.ts';
import { renderTemplate } from '../templates.ts';
import { oneLine, textLines } from '../text.ts';
import { wrapParagraphs } from '../wrap.ts';

/** A value of a control file: it knows no escapes, and a line end would begin another field, so it becomes a space. */
function escapeControl(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}

/** lintian counts the space that begins a line, and allows 80. */
const longestLine = 79;

/**
 * The lines of an extended description after their first space: an empty line is a full stop (Debian Policy 5.6.13).
 * White space at the beginning of a line stays: such a line is shown verbatim. A line of the author's that starts with
 * a full stop gets a space more, because policy reserves it.
 */
export function foldDescription(text: string): readonly string[] {
  return wrapParagraphs(textLines(text), longestLine).map((line) => {
    if (line === '') return '.';
    return line.startsWith('.') ? ` ${line}` : line;
  });
}

/** KiB, rounded up, from the sizes themselves (Debian Policy 5.6.20): blocks differ between file systems. */
export function installedSize(definition: Pick<PackageDefinition, 'contents'>): number {
  let bytes = 0;
  for (const entry of definition.contents) {
    if (entry.kind === 'file') bytes += entry.size;
    if (entry.kind === 'symlink') bytes += Buffer.byteLength(entry.target);
  }
  return Math.ceil(bytes / 1024);
}

/**
 * `DEBIAN/control` (Debian Policy 5.3), the fields in the order in which dpkg writes them. License and Vendor are no
 * fields of a control file; the copyright file says the former.
 */
export function renderControl(definition: PackageDefinition): string {
  return renderTemplate(
    'spec-templates/deb/control.ejs',
    {
      name: definition.name,
      version: fullVersion(definition.version),
      architecture: definition.architecture,
      maintainer: definition.maintainer,
      installedSize: installedSize(definition),
      relationFields: debianRelationFields(definition.relations, definition.distribution),
      section: definition.category,
      homepage: definition.url ?? '',
      summary: oneLine(definition.summary) || definition.name,
      descriptionLines: foldDescription(definition.description),
    },
    escapeControl,
  );
}

/** `DEBIAN/conffiles`: the absolute paths of configuration files, a line each (Debian Policy 10.7, appendix E). */
export function renderConffiles(definition: Pick<PackageDefinition, 'contents'>): string {
  return definition.contents
    .filter((entry) => entry.kind === 'file' && entry.configuration)
    .map(({ path }) => `${path}\n`)
    .join('');
}
