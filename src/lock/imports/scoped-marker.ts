import type { MarkerEnvironment } from '../../python/environment.ts';
import { evaluateMarker, parseMarker } from '../../python/marker.ts';

/** The extras and dependency groups that the markers of a lock may ask for. */
export interface MarkerScope {
  readonly markers: MarkerEnvironment;
  readonly extras: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
}

/** A comparison that is always true, or never. */
function constant(truth: boolean): string {
  return `python_version ${truth ? '!=' : '=='} "0"`;
}

/**
 * Whether a marker of a lock holds. In a lock several extras are chosen at once, so a question about one is answered by
 * whether it is among them: `extra == 'x'` and, in PEP 751, `'x' in extras` and `'x' in dependency_groups`.
 * @throws CoachbuilderError `requirement-invalid` for what is no marker
 */
export function markerHolds(marker: string | undefined, scope: MarkerScope): boolean {
  if (marker === undefined || marker.trim() === '') return true;
  const text = marker
    .replaceAll(
      /(['"])([^'"]*)\1\s+(not\s+in|in)\s+(extras|dependency_groups)\b/g,
      (_, _quote: string, name: string, operator: string, set: string) =>
        constant((set === 'extras' ? scope.extras : scope.groups).has(name) === (operator === 'in')),
    )
    .replaceAll(/\bextra\s*(==|!=)\s*(['"])([^'"]*)\2/g, (_, operator: string, _quote: string, name: string) =>
      constant(scope.extras.has(name) === (operator === '==')),
    )
    .replaceAll(/(['"])([^'"]*)\1\s*(==|!=)\s*extra\b/g, (_, _quote: string, name: string, operator: string) =>
      constant(scope.extras.has(name) === (operator === '==')),
    );
  return evaluateMarker(parseMarker(text), scope.markers, []);
}
