import { join } from 'node:path/posix';

import { normalizeName } from '../../python/name.ts';
import type { Finding } from '../finding.ts';
import { linkEntries } from '../links.ts';
import { defaultPrefix, mainPackageId } from '../names.ts';
import type { ManifestPath } from '../places.ts';
import type { WrittenManifest } from '../schema.ts';
import { expandSource, trimSlashes } from '../source-files.ts';
import { integratedPaths } from './integration-paths.ts';
import { keyProblem, packageParts, problem, type Rule, type RuleInput } from './rule.ts';
import { packageViews, type PackageView } from './view.ts';

/** Paths on the installed machine are absolute and say exactly where. */
export const installedPathsAreAbsolute: Rule = ({ written }) =>
  packageParts(written).flatMap(({ path, settings }) => [
    ...Object.keys(settings.links ?? {}).flatMap((name) => checkPath(keyProblem, [...path, 'links', name], name)),
    ...Object.keys(settings.files ?? {}).flatMap((name) => checkPath(keyProblem, [...path, 'files', name], name)),
    ...(settings.directories ?? []).flatMap((entry, index) =>
      typeof entry === 'string'
        ? checkPath(problem, [...path, 'directories', index], entry)
        : checkPath(problem, [...path, 'directories', index, 'path'], entry.path),
    ),
    ...(settings['configuration-files'] ?? []).flatMap((name, index) =>
      checkPath(problem, [...path, 'configuration-files', index], name),
    ),
  ]);

export function checkPath(report: typeof problem, place: ManifestPath, path: string): Finding[] {
  if (!path.startsWith('/')) return [report(place, `"${path}" must be an absolute path`, 'start it with "/"')];
  const parts = path.slice(1).split('/');
  if (parts.includes('..') || parts.includes('.'))
    return [report(place, `"${path}" must not contain "${parts.includes('..') ? '..' : '.'}"`)];
  if (path.includes('//')) return [report(place, `"${path}" must not contain "//"`)];

  if (/[\u0000-\u001f\u007f]/.test(path)) return [report(place, 'a path must not contain control characters')];
  if (trimSlashes(path) === '/') return [report(place, '"/" belongs to no package')];
  return [];
}

/** A link is named in its directory, and leads to a script or to an absolute path. */
export const linksAreValid: Rule = ({ written }) =>
  packageParts(written).flatMap(({ path, settings }) =>
    linkEntries(settings).flatMap(({ place, name, target }) => {
      if (name === '' || name === '.' || name === '..' || name.includes('/')) {
        return [
          problem(
            [...path, ...place],
            `link "${name}" must be a plain name`,
            'the directory is the key; write {name: target} to link to another path',
          ),
        ];
      }
      if (target.startsWith('/')) return checkPath(problem, [...path, ...place], target);
      return target.includes('/')
        ? [problem([...path, ...place], `link target "${target}" must be the name of a script or an absolute path`)]
        : [];
    }),
  );

type ClaimKind = 'file' | 'link' | 'directory';

interface Claim {
  readonly path: string;
  readonly kind: ClaimKind;
  readonly owner: string;
  readonly place: ManifestPath;
}

/** A path belongs to one package, and is one thing. Looked at for every selector that changes something. */
export const pathsAreClaimedOnce: Rule = (input) =>
  packageViews(input).flatMap((view) => {
    const claims = view.flatMap((each) => claimsOf(each, input));
    const first = new Map<string, Claim>();
    const findings: Finding[] = [];
    for (const claim of claims) {
      const other = first.get(claim.path);
      if (other === undefined) first.set(claim.path, claim);
      else findings.push(...describeConflict(other, claim));
    }
    return [...findings, ...claims.flatMap((claim) => fileAbove(claim, first))];
  });

function claimsOf(view: PackageView, input: RuleInput): Claim[] {
  const { id, settings, where } = view;
  const files = Object.entries(settings.files ?? {}).flatMap(([path, file]): Claim[] => {
    if (file === null) return [];
    const source = typeof file === 'string' ? file : file.source;
    return expandSource(path, source, input).map((each) => ({
      path: each.path,
      kind: 'file',
      owner: id,
      place: where('files', path),
    }));
  });
  const links = linkEntries(settings).map(({ directory, name, place: [, ...rest] }): Claim => ({
    path: join(directory, name),
    kind: 'link',
    owner: id,
    place: where('links', ...rest),
  }));
  const directories = (settings.directories ?? []).map((entry, index): Claim => ({
    path: trimSlashes(typeof entry === 'string' ? entry : entry.path),
    kind: 'directory',
    owner: id,
    place: where('directories', index),
  }));
  const integrated = integratedPaths(view).map((each): Claim => ({ ...each, kind: 'file', owner: id }));
  return [...files, ...links, ...directories, ...integrated];
}

function describeConflict(first: Claim, second: Claim): Finding[] {
  const { path } = second;
  // dpkg and rpm let packages share directories.
  if (first.kind === 'directory' && second.kind === 'directory' && first.owner !== second.owner) return [];
  if (first.owner !== second.owner) {
    return [
      problem(
        second.place,
        `"${path}" is claimed by package ${first.owner} and by package ${second.owner}`,
        'keep it in one of them',
      ),
    ];
  }
  return first.kind === second.kind
    ? [problem(second.place, `package ${second.owner} claims "${path}" twice`, 'keep one of them')]
    : [
        problem(
          second.place,
          `"${path}" is a ${first.kind} and a ${second.kind} of package ${second.owner}`,
          'keep one of them',
        ),
      ];
}

function fileAbove(claim: Claim, claims: ReadonlyMap<string, Claim>): Finding[] {
  const parts = claim.path.split('/');
  for (let length = parts.length - 1; length > 1; length -= 1) {
    const above = claims.get(parts.slice(0, length).join('/'));
    if (above !== undefined && above.kind !== 'directory') {
      return [
        problem(
          claim.place,
          `"${claim.path}" cannot be below "${above.path}", which is a ${above.kind} of package ${above.owner}`,
        ),
      ];
    }
  }
  return [];
}

/** The virtual environment is the main package's alone: upgrades replace it as a whole. */
export const prefixBelongsToMain: Rule = (input) => {
  const prefix = knownPrefix(input.written);
  if (prefix === undefined) return [];
  return packageViews(input).flatMap((view) =>
    view
      .filter(({ id }) => id !== mainPackageId)
      .flatMap((each) => claimsOf(each, input))
      .filter(({ path }) => path === prefix || path.startsWith(`${prefix}/`))
      .map(({ path, place, owner }) =>
        problem(
          place,
          `"${path}" of package ${owner} is below the prefix "${prefix}", which belongs to the main package`,
        ),
      ),
  );
};

function knownPrefix(written: WrittenManifest): string | undefined {
  if (written.prefix !== undefined) return trimSlashes(written.prefix);
  return written.name === undefined ? undefined : defaultPrefix(normalizeName(written.name));
}

/** dpkg refuses a conffile that is not in its package; rpm has nothing to mark either. */
export const configurationFilesAreInstalled: Rule = (input) => {
  if (!input.complete) return [];
  const prefix = knownPrefix(input.written);
  return packageViews(input).flatMap((view) =>
    view.flatMap(({ id, settings, where }) => {
      const installed = new Set(
        Object.entries(settings.files ?? {}).flatMap(([path, file]) =>
          file === null
            ? []
            : expandSource(path, typeof file === 'string' ? file : file.source, input).map((each) => each.path),
        ),
      );
      return (settings['configuration-files'] ?? []).flatMap((path, index) => {
        const isInTree = id === mainPackageId && (prefix === undefined || path.startsWith(`${prefix}/`));
        return installed.has(path) || isInTree
          ? []
          : [
              problem(
                where('configuration-files', index),
                `"${path}" is marked as configuration, but package ${id} installs no such file`,
                'name it under "files" as well',
              ),
            ];
      });
    }),
  );
};
