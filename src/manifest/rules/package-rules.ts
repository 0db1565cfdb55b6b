import { normalizeName } from '../../python/name.ts';
import { suggest } from '../../errors/suggest.ts';
import type { Finding } from '../finding.ts';
import { relationKinds } from '../manifest.ts';
import { defaultPackageName, defaultPackagePrefix, defaultReleaseName, mainPackageId } from '../names.ts';
import { knownSelectors } from '../overrides.ts';
import type { ManifestPath } from '../places.ts';
import { parseRelation } from '../relation.ts';
import type { WrittenManifest } from '../schema.ts';
import { keyProblem, packageParts, problem, type Rule } from './rule.ts';

/** Debian Policy 5.6.1; every such name is one that rpm takes as well. */
const packageName = /^[a-z0-9][a-z0-9+.-]+$/;

/** Names that both formats take. */
export const packageNamesAreValid: Rule = ({ written }) => {
  const named: (readonly [ManifestPath, string | undefined])[] = [
    [['package-prefix'], written['package-prefix']],
    ...Object.entries(written.packages ?? {}).map(
      ([id, settings]) => [['packages', id, 'name'], settings.name] as const,
    ),
    [['release', 'package-name'], written.release?.['package-name']],
  ];
  return named.flatMap(([path, name]) =>
    name === undefined || packageName.test(name) ? [] : [invalidName(path, name)],
  );
};

function invalidName(path: ManifestPath, name: string): Finding {
  const near = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9+.-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '');
  return problem(
    path,
    `"${name}" is not a name that packages can have`,
    packageName.test(near)
      ? `write "${near}"`
      : 'use two or more lower-case letters and digits, with "+", "-" or "." after the first (Debian Policy 5.6.1)',
  );
}

/** Ids are part of names, and keys of reports. */
export const packageIdsAreValid: Rule = ({ written }) =>
  Object.keys(written.packages ?? {})
    .filter((id) => !/^[a-z][a-z0-9-]*$/.test(id))
    .map((id) => keyProblem(['packages', id], `package id "${id}" must be lower-case letters, digits and hyphens`));

/** Two packages of one name would overwrite each other. */
export const packageNamesDiffer: Rule = ({ written }) => {
  const seen = new Map<string, string>();
  return packageNames(written).flatMap(({ path, owner, name }) => {
    const other = seen.get(name);
    seen.set(name, owner);
    return other === undefined
      ? []
      : [problem(path, `${owner} has the name of ${other}: "${name}"`, 'give each a name of its own')];
  });
};

interface NamedPackage {
  readonly path: ManifestPath;
  readonly owner: string;
  readonly name: string;
}

function packageNames(written: WrittenManifest): NamedPackage[] {
  // Without a name in the manifest the default names are not known yet; they still differ by id.
  const application = written.name === undefined ? '<name>' : normalizeName(written.name);
  const prefix = written['package-prefix'] ?? defaultPackagePrefix;
  const ids = Object.keys(written.packages ?? {});
  const names = [mainPackageId, ...ids.filter((id) => id !== mainPackageId)].map((id) => ({
    path: ['packages', id, 'name'],
    owner: `package ${id}`,
    name: written.packages?.[id]?.name ?? defaultPackageName({ prefix, application, id }),
  }));
  if (written.release === undefined) return names;
  const name = written.release['package-name'] ?? defaultReleaseName(prefix);
  return [...names, { path: ['release', 'package-name'], owner: 'the release package', name }];
}

/** The main package holds the virtual environment, with what was compiled for one machine. */
export const mainPackageIsNative: Rule = ({ written }) =>
  written.packages?.[mainPackageId]?.architecture === 'all'
    ? [
        problem(
          ['packages', mainPackageId, 'architecture'],
          'the main package holds the virtual environment, and is "native"',
          'leave the key out; packages that only link to it are "all" by default',
        ),
      ]
    : [];

/** Relations have to be readable, and of the form that their kind can have. */
export const relationsAreValid: Rule = ({ written }) =>
  packageParts(written).flatMap(({ path, settings }) =>
    relationKinds.flatMap((kind) =>
      (settings[kind] ?? []).flatMap((text, index) => {
        const place = [...path, kind, index];
        const result = parseRelation(text);
        if ('problem' in result) return [problem(place, result.problem.message, result.problem.hint)];
        const { name, condition, alternatives } = result.relation;
        // Debian Policy 7.1: alternatives stand in Depends, Recommends and Suggests only.
        if (alternatives.length > 0 && (kind === 'conflicts' || kind === 'replaces' || kind === 'provides')) {
          return [problem(place, `"${kind}" cannot have alternatives`, 'give every package an entry of its own')];
        }
        // Debian Policy 7.5.
        if (kind === 'provides' && condition !== undefined && condition.operator !== '=') {
          return [problem(place, `"${name}" can be provided in one version only`, 'use "=", or leave the version out')];
        }
        return [];
      }),
    ),
  );

/** A misspelt selector would silently select nothing. */
export const selectorsAreKnown: Rule = ({ written, distributions }) => {
  const known = knownSelectors(distributions);
  const used: ManifestPath[] = [
    ...Object.keys(written.overrides ?? {}).map((selector) => ['overrides', selector]),
    ...Object.entries(written.packages ?? {}).flatMap(([id, settings]) =>
      Object.keys(settings.overrides ?? {}).map((selector) => ['packages', id, 'overrides', selector]),
    ),
  ];
  return used.flatMap((path) => {
    const selector = String(path.at(-1));
    if (known.includes(selector)) return [];
    const near = suggest(selector, known);
    const hint =
      near === undefined ? 'use "deb", "rpm", a vendor such as "debian", or a distribution' : `did you mean "${near}"?`;
    return [keyProblem(path, `unknown selector "${selector}"`, hint)];
  });
};

/** What is built for when the command line does not say. */
export const targetsAreKnown: Rule = ({ written, distributions }) =>
  (written.targets ?? []).flatMap((id, index) => {
    if (id === 'all' || distributions.has(id)) return [];
    const nearest = suggest(id, [...distributions.keys(), 'all']);
    return [
      problem(
        ['targets', index],
        `"${id}" is not a known distribution`,
        nearest === undefined ? 'describe it under "distributions"' : `did you mean "${nearest}"?`,
      ),
    ];
  });
