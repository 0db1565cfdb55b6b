import { resolve } from 'node:path';
import { join } from 'node:path/posix';

import type { Distribution } from '../distributions/distribution.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { normalizeIntegration } from './integration/normalize.ts';
import { linkEntries } from './links.ts';
import {
  scriptHooks,
  type DirectorySettings,
  type FileSettings,
  type Link,
  type PackageSettings,
  type Relation,
  type RelationKind,
} from './manifest.ts';
import { parseMode } from './mode.ts';
import { deriveSummaryOf } from './derive-summary.ts';
import { defaultPackageName, mainPackageId } from './names.ts';
import { mergePackage, type SelectorChain } from './overrides.ts';
import { parseRelation } from './relation.ts';
import { normalizeGroups, normalizeServices, normalizeUsers } from './services.ts';
import type { WrittenDirectory, WrittenFile, WrittenPackage, WrittenPackageOverride } from './schema.ts';
import { expandSource, trimSlashes, type SourceContext } from './source-files.ts';

export interface PackagesContext extends SourceContext {
  readonly distribution: Distribution;
  readonly chain: SelectorChain;
  readonly scriptNames: readonly string[];
  /** The application's, normalized. */
  readonly name: string;
  readonly packagePrefix: string;
  /** The application's. */
  readonly summary: string;
  readonly mainDescription: string;
}

interface ChosenPackage {
  readonly id: string;
  readonly written: WrittenPackage;
  /** With the distribution's overrides. */
  readonly settings: WrittenPackageOverride;
}

const cliPackageId = 'cli';
const binDirectory = '/usr/bin';

/**
 * The packages, main first. Without a section there are a main package and, when the application has scripts, a cli
 * package. A cli package that says nothing about links has one for every script that no other package links.
 */
export function normalizePackages(
  section: Readonly<Record<string, WrittenPackage>> | undefined,
  context: PackagesContext,
): PackageSettings[] {
  const implied: Readonly<Record<string, WrittenPackage>> =
    context.scriptNames.length > 0 ? { [cliPackageId]: {} } : {};
  const { [mainPackageId]: main = {}, ...others } = section ?? implied;
  const chosen = Object.entries({ [mainPackageId]: main, ...others }).map(([id, written]): ChosenPackage => ({
    id,
    written,
    settings: mergePackage(written, context.chain),
  }));
  const linked = new Set(chosen.flatMap(({ settings }) => linkEntries(settings).map(({ target }) => target)));
  const remaining = [...new Set(context.scriptNames)].filter((script) => !linked.has(script)).sort();
  const mainName = nameOfPackage({ id: mainPackageId, written: main }, context);
  return chosen.map((each) => {
    const hasLinks = each.settings.links !== undefined;
    const derived = each.id === cliPackageId && !hasLinks ? { links: { [binDirectory]: remaining } } : {};
    return normalizePackage({ ...each, settings: { ...each.settings, ...derived } }, mainName, context);
  });
}

function nameOfPackage({ id, written }: Pick<ChosenPackage, 'id' | 'written'>, context: PackagesContext): string {
  return written.name ?? defaultPackageName({ prefix: context.packagePrefix, application: context.name, id });
}

function normalizePackage(chosen: ChosenPackage, mainName: string, context: PackagesContext): PackageSettings {
  const { id, written, settings } = chosen;
  const links = linkEntries(settings).map(({ directory, name, target }): Link => ({
    path: join(directory, name),
    target,
  }));
  const isMain = id === mainPackageId;
  const summary = settings.summary ?? (isMain ? context.summary : deriveSummaryOf(kindOfPackage(id), context.summary));
  return {
    id,
    name: nameOfPackage(chosen, context),
    summary,
    description:
      settings.description?.trim() ??
      (isMain ? context.mainDescription : aboutMetaPackage(links, mainName, context.name)),
    architecture: isMain ? 'native' : (written.architecture ?? 'all'),
    relations: normalizeRelations(settings, id, context.distribution),
    links,
    files: Object.entries(settings.files ?? {}).flatMap(([path, file]) =>
      file === null ? [] : normalizeFile(path, file, context),
    ),
    directories: (settings.directories ?? []).map(normalizeDirectory),
    scripts: Object.fromEntries(
      scriptHooks.flatMap((hook) => {
        const source = settings.scripts?.[hook];
        return typeof source === 'string' ? [[hook, resolve(context.directory, source)]] : [];
      }),
    ),
    configurationFiles: settings['configuration-files'] ?? [],
    integration: normalizeIntegration(settings, { directory: context.directory, summary }),
    services: normalizeServices(settings, { ...context, summary }),
    users: normalizeUsers(settings, summary),
    groups: normalizeGroups(settings),
  };
}

function kindOfPackage(id: string): string {
  return id === cliPackageId ? 'command line' : id;
}

function aboutMetaPackage(links: readonly Link[], mainName: string, application: string): string {
  const names = links.map(({ path }) => path);
  const belongs = `The programs themselves are in the package ${mainName}.`;
  return names.length === 0
    ? `This package completes ${mainName}.`
    : `This meta-package contains links to programs of ${application}: ${names.join(', ')}. ${belongs}`;
}

function normalizeRelations(
  settings: WrittenPackageOverride,
  id: string,
  distribution: Distribution,
): Record<RelationKind, Relation[]> {
  const relationsOf = (kind: RelationKind): Relation[] =>
    (settings[kind] ?? []).map((written) => {
      const result = parseRelation(written);
      if ('problem' in result) throw new CoachbuilderError('manifest-invalid', result.problem.message);
      refusePaths(result.relation, { id, kind, distribution });
      return result.relation;
    });
  return {
    depends: relationsOf('depends'),
    recommends: relationsOf('recommends'),
    suggests: relationsOf('suggests'),
    conflicts: relationsOf('conflicts'),
    replaces: relationsOf('replaces'),
    provides: relationsOf('provides'),
  };
}

interface RelationPlace {
  readonly id: string;
  readonly kind: RelationKind;
  readonly distribution: Distribution;
}

/** Debian Policy 7.1: relations name packages; rpm's may name files. */
function refusePaths(relation: Relation, { id, kind, distribution }: RelationPlace): void {
  if (distribution.format !== 'deb') return;
  const path = [relation, ...relation.alternatives].find(({ name }) => /[/()]/.test(name))?.name;
  if (path === undefined) return;
  throw new CoachbuilderError(
    'unsupported-by-target',
    `"${kind}" of package ${id} names "${path}", and packages for ${distribution.title} can name packages only`,
    {
      hint: `move it to "${kind}" under "overrides: rpm:" of the package, and name the package that has it under "overrides: deb:"`,
    },
  );
}

function normalizeFile(path: string, written: WrittenFile, context: SourceContext): FileSettings[] {
  const settings = typeof written === 'string' ? { source: written } : written;
  const named = resolve(context.directory, settings.source);
  return expandSource(path, settings.source, context).map((file) => ({
    path: file.path,
    source: file.source,
    ...(file.source === named ? {} : { directory: named }),
    mode: readMode(settings.mode) ?? (file.executable ? 0o755 : 0o644),
    owner: settings.owner ?? 'root',
    group: settings.group ?? 'root',
    // Debian Policy 10.7: what is below /etc is the administrator's to change.
    configuration: settings.configuration ?? file.path.startsWith('/etc/'),
  }));
}

function normalizeDirectory(written: WrittenDirectory): DirectorySettings {
  const settings = typeof written === 'string' ? { path: written } : written;
  return {
    path: trimSlashes(settings.path),
    mode: readMode(settings.mode) ?? 0o755,
    owner: settings.owner ?? 'root',
    group: settings.group ?? 'root',
  };
}

function readMode(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseMode(text);
}
