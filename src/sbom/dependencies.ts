import { applying } from '../lock/lock-request.ts';
import type { CoreMetadata } from '../python/core-metadata.ts';
import type { MarkerEnvironment } from '../python/environment.ts';
import { normalizeName } from '../python/name.ts';
import { parseRequirement, type Requirement } from '../python/requirement.ts';

export interface DependencyQuestion {
  /** By normalized name: what every distribution of the tree says about itself. */
  readonly distributions: ReadonlyMap<string, Pick<CoreMetadata, 'requiresDist'>>;
  /** The application's normalized name. */
  readonly application: string;
  /** Extras of the application that are packaged. */
  readonly extras: readonly string[];
  /** What was asked for beside the application: lines of requirements files. */
  readonly requirements: readonly Requirement[];
  readonly markers: MarkerEnvironment;
}

export interface DependencyGraph {
  /** What the package itself asks for: the application, and what requirements files add; sorted. */
  readonly roots: readonly string[];
  /** By normalized name, one entry for every distribution: what its requirements that hold on the target come to, sorted. */
  readonly edges: ReadonlyMap<string, readonly string[]>;
}

/**
 * Which distribution of a tree requires which, markers evaluated for the target, with the extras that are asked for on
 * the way. What nothing requires, such as a pin of another tool's lock, counts as asked for by the package.
 */
export function dependencyGraph(question: DependencyQuestion): DependencyGraph {
  const { distributions, application, extras, requirements, markers } = question;
  const edges = new Map([...distributions.keys()].sort().map((name) => [name, new Set<string>()]));
  const seen = new Set<string>();
  const reached = new Set<string>();

  const visitAll = (first: { readonly name: string; readonly extras: readonly string[] }): void => {
    const queue = [first];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const name = normalizeName(next.name);
      const wanted = next.extras.map(normalizeName).sort();
      const visit = `${name}[${wanted.join(',')}]`;
      const found = distributions.get(name);
      if (found === undefined || seen.has(visit)) continue;
      seen.add(visit);
      reached.add(name);
      for (const requirement of applying(found.requiresDist.map(parseRequirement), wanted, markers)) {
        const other = normalizeName(requirement.name);
        // An extra that is defined by other extras of the same distribution is no dependency on itself.
        if (other !== name && distributions.has(other)) edges.get(name)?.add(other);
        queue.push(requirement);
      }
    }
  };

  const roots = new Set<string>();
  const root = (name: string, wanted: readonly string[]): void => {
    if (!distributions.has(name)) return;
    roots.add(name);
    visitAll({ name, extras: wanted });
  };
  root(application, extras);
  for (const requirement of requirements) {
    const name = normalizeName(requirement.name);
    // What the application requires itself is in the list as well.
    if (edges.get(application)?.has(name) === true) visitAll(requirement);
    else root(name, requirement.extras);
  }
  for (const name of edges.keys()) if (!reached.has(name)) root(name, []);
  return {
    roots: [...roots].sort(),
    edges: new Map([...edges].map(([name, others]) => [name, [...others].sort()])),
  };
}
