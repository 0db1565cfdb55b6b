import { normalizeName } from '../../python/name.ts';
import { parseRequirement } from '../../python/requirement.ts';
import type { Tree } from '../../tree/tree.ts';
import { ownerOf, type HealthFinding } from './finding.ts';
import type { InstalledDistribution } from './installed.ts';

/** What each distribution requires, and what that requires, and so on; whatever the markers and extras. */
function closures(installed: readonly InstalledDistribution[]): (distribution: string) => ReadonlySet<string> {
  const direct = new Map(
    installed.map(({ distribution, metadata }) => [
      distribution,
      metadata.requiresDist.map((text) => normalizeName(parseRequirement(text).name)),
    ]),
  );
  return (distribution) => {
    const reached = new Set<string>();
    const pending = [distribution];
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (reached.has(name)) continue;
      reached.add(name);
      pending.push(...(direct.get(name) ?? []));
    }
    return reached;
  };
}

/**
 * Libraries that are taken for the tree's own because of their name alone. Such a library is found when something loads it
 * first, as torch does with those of NVIDIA's wheels, and a distribution that counts on that requires the other one. Where
 * neither requires the other, the file may mean the system's library, for which no relation is written then.
 */
export function findNamesakes(
  { unsearched = [] }: Pick<Tree, 'unsearched'>,
  installed: readonly InstalledDistribution[],
): readonly HealthFinding[] {
  const closureOf = closures(installed);
  const related = (one: string | undefined, other: string | undefined, library: string): boolean => {
    // The interpreter is there before anything else is loaded; its own libraries need not be.
    if (one === undefined || other === undefined) return other === undefined && /^libpython\d/.test(library);
    return closureOf(one).has(other) || closureOf(other).has(one);
  };
  return unsearched.flatMap(({ file, distribution, library, found }): readonly HealthFinding[] => {
    if (found.some(({ owners }) => owners.some((owner) => related(distribution, owner, library)))) return [];
    const [first] = found;
    if (first === undefined) return [];
    const holder = ownerOf(first.owners[0]);
    return [
      {
        check: 'libraries',
        severity: 'warning',
        path: file,
        message: `${file}${ownerOf(distribution)} needs ${library}, to which no path of its own leads, and the package asks for none because of ${first.path}${holder}`,
        hint: `when it means the system's, add the package that has it to "depends" of the main package; when that file is loaded before it, say so in health.accept`,
      },
    ];
  });
}
