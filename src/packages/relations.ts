import type { Distribution } from '../distributions/distribution.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { Relation, RelationKind } from '../manifest/manifest.ts';

type SimpleRelation = Omit<Relation, 'alternatives'>;

/** A field of a control file or a tag of a spec with its relations, in the order in which the format lists them. */
export interface RelationField {
  readonly field: string;
  readonly relations: readonly string[];
}

/** Debian Policy 7.1: `<` and `>` alone are obsolete; strictly earlier and later are `<<` and `>>`. */
const debianOperators = { '<': '<<', '<=': '<=', '=': '=', '>=': '>=', '>': '>>' } as const;

/** Which relations may name alternatives: Debian Policy 7.1. RPM's rich dependencies have no such form for the others either. */
const kindsWithAlternatives: readonly RelationKind[] = ['depends', 'recommends', 'suggests'];

/** The relation that a bare name stands for, or a name with a condition. */
export function relation(name: string, condition?: Relation['condition']): Relation {
  return { name, condition, alternatives: [] };
}

function refuse(kind: RelationKind, subject: Relation, distribution: Distribution, reason: string): CoachbuilderError {
  const text = debianRelation(subject);
  return new CoachbuilderError(
    'unsupported-by-target',
    `${distribution.title} cannot express that a package ${kind} ${text}: ${reason}`,
    { hint: `change the relation for ${distribution.id} in the manifest` },
  );
}

/**
 * Debian's notation (Policy 7.1): `a (>= 1) | b`.
 */
export function debianRelation({ name, condition, alternatives }: Relation): string {
  const simple = (one: SimpleRelation): string =>
    one.condition === undefined
      ? one.name
      : `${one.name} (${debianOperators[one.condition.operator]} ${one.condition.version})`;
  return [{ name, condition }, ...alternatives].map(simple).join(' | ');
}

/** RPM's notation: `a >= 1`, and `(a >= 1 or b)` for alternatives (RPM documentation, "Boolean Dependencies"). */
export function rpmRelation({ name, condition, alternatives }: Relation): string {
  const simple = (one: SimpleRelation): string =>
    one.condition === undefined ? one.name : `${one.name} ${one.condition.operator} ${one.condition.version}`;
  const all = [{ name, condition }, ...alternatives].map(simple);
  return all.length === 1 ? all.join('') : `(${all.join(' or ')})`;
}

function check(kind: RelationKind, subject: Relation, distribution: Distribution): void {
  const { condition, alternatives } = subject;
  if (alternatives.length > 0) {
    if (!kindsWithAlternatives.includes(kind)) {
      throw refuse(kind, subject, distribution, 'only depends, recommends and suggests may name alternatives');
    }
    if (distribution.format === 'rpm' && !distribution.rpm.features.richDependencies) {
      throw refuse(kind, subject, distribution, `its rpm ${distribution.rpm.rpm} knows no alternatives`);
    }
  }
  // Debian Policy 7.5: a provided version is exact.
  if (kind === 'provides' && condition !== undefined && condition.operator !== '=') {
    throw refuse(kind, subject, distribution, 'a provided version has to be exact');
  }
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

/**
 * The relation fields of a Debian control file, in the order in which dpkg writes them; empty ones are left out.
 * What a package replaces it also conflicts with: that is how dpkg is made to take the old package away (Policy 7.6.2).
 * @throws CoachbuilderError `unsupported-by-target` for what a control file cannot say
 */
export function debianRelationFields(
  relations: Readonly<Record<RelationKind, readonly Relation[]>>,
  distribution: Distribution,
): readonly RelationField[] {
  const render = (...kinds: readonly RelationKind[]): readonly string[] =>
    unique(
      kinds.flatMap((kind) =>
        relations[kind].map((one) => {
          check(kind, one, distribution);
          return debianRelation(one);
        }),
      ),
    );
  return [
    { field: 'Depends', relations: render('depends') },
    { field: 'Recommends', relations: render('recommends') },
    { field: 'Suggests', relations: render('suggests') },
    { field: 'Conflicts', relations: render('conflicts', 'replaces') },
    { field: 'Replaces', relations: render('replaces') },
    { field: 'Provides', relations: render('provides') },
  ].filter(({ relations: texts }) => texts.length > 0);
}

/**
 * The relation tags of a spec. Weak dependencies are kept for an rpm that does not know them: it ignores the tags
 * (measured with rpm 4.11.3).
 * @throws CoachbuilderError `unsupported-by-target` for what the target's rpm cannot read
 */
export function rpmRelationFields(
  relations: Readonly<Record<RelationKind, readonly Relation[]>>,
  distribution: Distribution,
): readonly RelationField[] {
  const render = (field: string, kind: RelationKind): RelationField => ({
    field,
    relations: unique(
      relations[kind].map((one) => {
        check(kind, one, distribution);
        return rpmRelation(one);
      }),
    ),
  });
  return [
    render('Requires', 'depends'),
    render('Recommends', 'recommends'),
    render('Suggests', 'suggests'),
    render('Conflicts', 'conflicts'),
    render('Obsoletes', 'replaces'),
    render('Provides', 'provides'),
  ].filter(({ relations: texts }) => texts.length > 0);
}
