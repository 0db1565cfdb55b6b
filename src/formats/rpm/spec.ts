import type { RpmDistribution } from '../../distributions/distribution.ts';
import type { ContentEntry, PackageDefinition } from '../../packages/definition.ts';
import { rpmRelationFields, type RelationField } from '../../packages/relations.ts';
import { hasAccounts } from '../../packages/service-plan.ts';
import { octalMode, planScripts, type ScriptBranch } from '../../packages/scripts.ts';
import { renderSteps } from '../shell.ts';
import { renderTemplate } from '../templates.ts';
import { oneLine, textLines } from '../text.ts';
import { renderChangelog } from './changelog.ts';
import { wrapParagraphs } from '../wrap.ts';
import { escapeFileName, escapeSpec } from './escape.ts';

/** rpmlint's `MaxLineLength`. */
const longestLine = 79;

/** The condition on `$1`, the number of instances after the operation, for each state of `planScripts`. */
const tests: Readonly<Record<string, string>> = {
  install: '-eq 1',
  upgrade: '-gt 1',
  removal: '-eq 0',
  replacement: '-ge 1',
  always: '',
};

function renderBranches(branches: readonly ScriptBranch[]): string {
  return renderTemplate(
    'spec-templates/rpm/scriptlet.ejs',
    {
      branches: branches.flatMap(({ states, steps }) =>
        states.map((state) => ({ test: tests[state], body: renderSteps(steps, state === 'always' ? '' : '  ') })),
      ),
    },
    (text) => text,
  );
}

/** What the file is to rpm beside its content: licences are installed even without documentation (`--excludedocs`). */
function documentationMark({ documentation }: Extract<ContentEntry, { readonly kind: 'file' }>): string {
  if (documentation === undefined) return '';
  return documentation === 'license' ? '%license ' : '%doc ';
}

/** `%files` line of an entry: its attributes are said in full, so that nothing depends on the umask of the build. */
function fileLine(entry: ContentEntry): string {
  const attributes = `%attr(${octalMode(entry.mode)},${escapeSpec(entry.owner)},${escapeSpec(entry.group)})`;
  const name = escapeFileName(entry.path);
  switch (entry.kind) {
    case 'directory':
      return `%dir ${attributes} ${name}`;
    case 'file':
      return `${entry.configuration ? '%config(noreplace) ' : ''}${documentationMark(entry)}${attributes} ${name}`;
    case 'symlink':
      // A link has no mode of its own; rpm warns when it is given one.
      return `%attr(-,${escapeSpec(entry.owner)},${escapeSpec(entry.group)}) ${name}`;
  }
}

/**
 * `%_binary_payload` with `T0`, which uses every core where the compressor can; a constant, because the package records
 * the text, and a number of cores would make it differ between machines.
 */
export function binaryPayload(payload: string): string {
  return payload.replace(/^(w\d+)\.(xzdio|zstdio)$/, '$1T0.$2');
}

/** What scriptlets run: find(1), which the smallest images lack, looks for bytecode; accounts take tools of their own. */
function toolRelations(definition: PackageDefinition): readonly RelationField[] {
  const { bytecode, services, distribution } = definition;
  const accountTools = distribution.vendor.startsWith('opensuse') ? 'shadow' : 'shadow-utils';
  return [
    ...(bytecode === undefined ? [] : [{ field: 'Requires(pre,postun)', relations: ['/usr/bin/find'] }]),
    ...(hasAccounts(services) ? [{ field: 'Requires(pre)', relations: [accountTools] }] : []),
    // As systemd's own %systemd_ordering: nothing is needed, but what is installed together comes in this order.
    ...(services.init === 'systemd' && services.services.length > 0
      ? [{ field: 'OrderWithRequires(post,preun,postun)', relations: ['systemd'] }]
      : []),
  ];
}

/** The spec of a finished tree, for `rpmbuild -bb` with the staging root as build root. */
export function renderSpec(definition: PackageDefinition, distribution: RpmDistribution): string {
  return renderTemplate(
    'spec-templates/rpm/package.spec.ejs',
    {
      payload: binaryPayload(distribution.rpm.payload),
      name: definition.name,
      epoch: definition.version.epoch,
      version: definition.version.version,
      release: definition.version.release,
      // rpm demands both tags, and refuses empty ones.
      summary: oneLine(definition.summary) || definition.name,
      license: oneLine(definition.license) || 'Unspecified',
      url: oneLine(definition.url ?? ''),
      vendor: oneLine(definition.vendor),
      packager: oneLine(definition.maintainer),
      group: oneLine(definition.category),
      architecture: definition.architecture,
      relationFields: [...rpmRelationFields(definition.relations, distribution), ...toolRelations(definition)],
      description: wrapParagraphs(textLines(definition.description), longestLine).join('\n'),
      scriptlets: planScripts(definition).map(({ name, branches }) => ({ name, body: renderBranches(branches) })),
      files: definition.contents.map(fileLine),
      changelog: renderChangelog(definition),
    },
    escapeSpec,
  );
}
