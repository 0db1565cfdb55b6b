import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { compareParsedVersions, isPrerelease, parseVersion, tryParseVersion, type PythonVersion } from './version.ts';

/** One clause of a specifier set: `>=1.2`, `!=1.*`. */
export interface Specifier {
  readonly operator: '===' | '~=' | '==' | '!=' | '<=' | '>=' | '<' | '>';
  /** As written, without a trailing `.*`. */
  readonly version: string;
  /** Whether `.*` followed: the release's beginning has to match. */
  readonly prefix: boolean;
}

const clausePattern = /^(===|~=|==|!=|<=|>=|<|>)\s*([^\s,;)]+)$/;

/**
 * Parses a specifier set, `>=1.2, !=1.3.*` (PEP 440, "Version specifiers"); the empty text is the empty set.
 * `>=1.2.*` and `<2.*`, which PEP 440 forbids but old releases on the index declare, count as `>=1.2` and `<2`.
 * @throws CoachbuilderError `requirement-invalid`
 */
export function parseSpecifiers(text: string): readonly Specifier[] {
  return text
    .split(',')
    .map((clause) => clause.trim())
    .filter((clause) => clause !== '')
    .map((clause) => {
      const specifier = parseClause(clause);
      if (specifier === undefined) {
        throw new CoachbuilderError('requirement-invalid', `"${clause}" is not a version specifier`, {
          hint: 'Write an operator (==, !=, <=, >=, <, >, ~=, ===) and a version, such as >=1.2 or ==1.2.*.',
        });
      }
      return specifier;
    });
}

function parseClause(clause: string): Specifier | undefined {
  const match = clausePattern.exec(clause);
  if (match === null) return undefined;
  const operator = match[1] as Specifier['operator'];
  const written = match[2] ?? '';
  if (operator === '===') return { operator, version: written, prefix: false };
  const prefix = written.endsWith('.*');
  const text = prefix ? written.slice(0, -2) : written;
  const version = tryParseVersion(text);
  if (version === undefined) return undefined;
  const equality = operator === '==' || operator === '!=';
  if (!equality && version.local.length > 0) return undefined;
  if (operator === '~=' && (prefix || version.release.length < 2)) return undefined;
  if (prefix) {
    if (isPrerelease(version) || version.post !== undefined || version.local.length > 0) return undefined;
    if (operator === '<=' || operator === '>') return undefined;
  }
  return { operator, version: text, prefix: prefix && equality };
}

/**
 * Whether a version is inside a specifier set (PEP 440).
 *
 * Pre-releases are inside only when a clause other than `!=` names one; `prereleases` decides it either way.
 * @throws CoachbuilderError `version-invalid` for the version, `requirement-invalid` for the set
 */
export function satisfies(
  version: string,
  specifierSet: string,
  options: { readonly prereleases?: boolean | undefined } = {},
): boolean {
  const candidate = parseVersion(version);
  const specifiers = parseSpecifiers(specifierSet);
  const prereleases = options.prereleases ?? specifiers.some(namesPrerelease);
  if (!prereleases && isPrerelease(candidate)) return false;
  return specifiers.every((specifier) => matches(version, candidate, specifier));
}

function namesPrerelease(specifier: Specifier): boolean {
  if (specifier.operator === '!=' || specifier.prefix) return false;
  const version = tryParseVersion(specifier.version);
  return version !== undefined && isPrerelease(version);
}

function matches(written: string, candidate: PythonVersion, specifier: Specifier): boolean {
  if (specifier.operator === '===') return written.trim().toLowerCase() === specifier.version.toLowerCase();
  const wanted = parseVersion(specifier.version);
  const open = withoutLocal(candidate);
  switch (specifier.operator) {
    case '==':
      return isEqual(candidate, wanted, specifier.prefix);
    case '!=':
      return !isEqual(candidate, wanted, specifier.prefix);
    case '~=':
      return compareParsedVersions(open, wanted) >= 0 && startsWith(candidate, wanted, wanted.release.slice(0, -1));
    case '<=':
      return compareParsedVersions(open, wanted) <= 0;
    case '>=':
      return compareParsedVersions(open, wanted) >= 0;
    case '<':
      return isBefore(candidate, wanted);
    case '>':
      return isAfter(open, wanted);
  }
}

/** A local version counts only when the clause names one ("Version matching"). */
function isEqual(candidate: PythonVersion, wanted: PythonVersion, prefix: boolean): boolean {
  if (prefix) return startsWith(candidate, wanted, wanted.release);
  return compareParsedVersions(wanted.local.length === 0 ? withoutLocal(candidate) : candidate, wanted) === 0;
}

function startsWith(candidate: PythonVersion, wanted: PythonVersion, release: readonly number[]): boolean {
  if (candidate.epoch !== wanted.epoch) return false;
  return release.every((number, index) => (candidate.release[index] ?? 0) === number);
}

/** `<V` leaves out the pre-releases of V, unless V is one ("Exclusive ordered comparison"): it ends before V's first dev. */
function isBefore(candidate: PythonVersion, wanted: PythonVersion): boolean {
  return compareParsedVersions(candidate, isPrerelease(wanted) ? wanted : { ...wanted, dev: 0 }) < 0;
}

/** `>V` leaves out the post-releases of V, unless V is one ("Exclusive ordered comparison"). */
function isAfter(candidate: PythonVersion, wanted: PythonVersion): boolean {
  if (compareParsedVersions(candidate, wanted) <= 0) return false;
  if (wanted.post !== undefined || candidate.post === undefined) return true;
  return compareParsedVersions({ ...candidate, post: undefined, dev: undefined }, wanted) !== 0;
}

function withoutLocal(version: PythonVersion): PythonVersion {
  return { ...version, local: [] };
}
