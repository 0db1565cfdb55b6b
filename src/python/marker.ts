import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { MarkerEnvironment } from './environment.ts';
import { normalizeName } from './name.ts';
import { Scanner } from './scanner.ts';
import { parseSpecifiers, satisfies } from './specifiers.ts';
import { tryParseVersion } from './version.ts';

type MarkerVariable = keyof MarkerEnvironment | 'extra';

type MarkerOperand =
  { readonly kind: 'variable'; readonly name: MarkerVariable } | { readonly kind: 'literal'; readonly value: string };

type MarkerOperator = '===' | '~=' | '==' | '!=' | '<=' | '>=' | '<' | '>' | 'in' | 'not in';

/** An environment marker (PEP 508) as a tree; `and` binds tighter than `or`. */
export type Marker =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Marker[] }
  | {
      readonly kind: 'comparison';
      readonly left: MarkerOperand;
      readonly operator: MarkerOperator;
      readonly right: MarkerOperand;
    };

/** The variables, and the older spellings that PEP 345 and setuptools used. */
const variables: Readonly<Record<string, MarkerVariable>> = {
  implementation_name: 'implementation_name',
  implementation_version: 'implementation_version',
  os_name: 'os_name',
  'os.name': 'os_name',
  platform_machine: 'platform_machine',
  'platform.machine': 'platform_machine',
  platform_release: 'platform_release',
  platform_system: 'platform_system',
  platform_version: 'platform_version',
  'platform.version': 'platform_version',
  platform_python_implementation: 'platform_python_implementation',
  'platform.python_implementation': 'platform_python_implementation',
  python_implementation: 'platform_python_implementation',
  python_full_version: 'python_full_version',
  python_version: 'python_version',
  sys_platform: 'sys_platform',
  'sys.platform': 'sys_platform',
  extra: 'extra',
};

/** The variables that hold versions; everything else compares as text (dependency specifiers specification). */
const versionVariables: ReadonlySet<MarkerVariable> = new Set<MarkerVariable>([
  'implementation_version',
  'platform_release',
  'python_full_version',
  'python_version',
]);

/**
 * Parses an environment marker such as `python_version < "3.8" and extra == "tls"` (PEP 508).
 * The set-valued `extras` and `dependency_groups` of lock files (PEP 751) are refused.
 * @throws CoachbuilderError `requirement-invalid` naming the column
 */
export function parseMarker(text: string): Marker {
  const scanner = new Scanner(text, 'marker');
  const marker = scanMarker(scanner);
  if (!scanner.atEnd) scanner.fail('expected "and", "or" or the end of the marker');
  return marker;
}

/** Reads a marker inside a longer text, up to what is no marker any more; `requirement.ts` uses it. */
export function scanMarker(scanner: Scanner): Marker {
  return scanOperands(scanner, 'or', () => scanOperands(scanner, 'and', () => scanAtom(scanner)));
}

function scanOperands(scanner: Scanner, word: 'and' | 'or', scanOne: () => Marker): Marker {
  const first = scanOne();
  const operands = [first];
  const separator = word === 'and' ? /and\b/y : /or\b/y;
  while (scanner.take(separator) !== undefined) operands.push(scanOne());
  return operands.length === 1 ? first : { kind: word, operands };
}

function scanAtom(scanner: Scanner): Marker {
  scanner.skipSpace();
  const marker = scanner.take(/\(/y) === undefined ? scanComparison(scanner) : scanGroup(scanner);
  scanner.skipSpace();
  return marker;
}

function scanGroup(scanner: Scanner): Marker {
  const marker = scanMarker(scanner);
  scanner.expect(/\)/y, 'a closing parenthesis');
  return marker;
}

function scanComparison(scanner: Scanner): Marker {
  const start = scanner.position;
  const left = scanOperand(scanner);
  scanner.skipSpace();
  const operator = scanOperator(scanner);
  scanner.skipSpace();
  const right = scanOperand(scanner);
  if (left.kind === 'literal' && right.kind === 'literal') {
    scanner.fail('one side of a comparison has to be a variable', start);
  }
  return { kind: 'comparison', left, operator, right };
}

function scanOperator(scanner: Scanner): MarkerOperator {
  const expected = 'a comparison (<=, <, !=, ==, >=, >, ~=, ===, in, not in)';
  const text = scanner.expect(/===|~=|==|!=|<=|>=|<|>|in\b|not\s+in\b/y, expected)[0];
  return (text.startsWith('not') ? 'not in' : text) as MarkerOperator;
}

function scanOperand(scanner: Scanner): MarkerOperand {
  const literal = scanner.take(/'([^']*)'|"([^"]*)"/y);
  if (literal !== undefined) return { kind: 'literal', value: literal[1] ?? literal[2] ?? '' };
  const start = scanner.position;
  const word = scanner.expect(/[a-z][a-z0-9_.]*/iy, 'a marker variable or a quoted text')[0];
  const name = Object.hasOwn(variables, word) ? variables[word] : undefined;
  return name === undefined ? scanner.fail(`"${word}" is not a marker variable`, start) : { kind: 'variable', name };
}

/**
 * Whether a marker holds for a target and the extras that were asked for. With several extras one that makes it hold
 * is enough, as in pip.
 * @throws CoachbuilderError `requirement-invalid` for a comparison that has no meaning (`os_name ~= "x"`)
 */
export function evaluateMarker(marker: Marker, environment: MarkerEnvironment, extras: readonly string[]): boolean {
  const candidates = extras.length === 0 ? [''] : extras;
  return candidates.some((extra) => evaluate(marker, { ...environment, extra }));
}

type Values = MarkerEnvironment & { readonly extra: string };

function evaluate(marker: Marker, values: Values): boolean {
  switch (marker.kind) {
    case 'and':
      return marker.operands.every((operand) => evaluate(operand, values));
    case 'or':
      return marker.operands.some((operand) => evaluate(operand, values));
    case 'comparison': {
      const { left, operator, right } = marker;
      const variable = left.kind === 'variable' ? left.name : right.kind === 'variable' ? right.name : undefined;
      const normalize = variable === 'extra' ? normalizeName : (value: string): string => value;
      return compare(normalize(valueOf(left, values)), operator, {
        right: normalize(valueOf(right, values)),
        asVersions: variable !== undefined && versionVariables.has(variable),
      });
    }
  }
}

function valueOf(operand: MarkerOperand, values: Values): string {
  return operand.kind === 'literal' ? operand.value : values[operand.name];
}

/**
 * Text has no order: `<` and `>` never hold for it, `<=` and `>=` mean equal. That is what the dependency specifiers
 * specification says since 2025; PEP 508 itself fell back to Python's comparison of strings.
 */
function compare(
  left: string,
  operator: MarkerOperator,
  { right, asVersions }: { readonly right: string; readonly asVersions: boolean },
): boolean {
  if (operator === 'in') return right.includes(left);
  if (operator === 'not in') return !right.includes(left);
  if (asVersions && isSpecifier(operator, right)) {
    if (operator === '===') return left.toLowerCase() === right.toLowerCase();
    return tryParseVersion(left) !== undefined && satisfies(left, `${operator}${right}`, { prereleases: true });
  }
  switch (operator) {
    case '<':
    case '>':
      return false;
    case '==':
    case '<=':
    case '>=':
      return left === right;
    case '!=':
      return left !== right;
    case '===':
    case '~=':
      throw new CoachbuilderError(
        'requirement-invalid',
        `a marker compares "${left}" and "${right}" with ${operator}`,
        {
          hint: 'Use == or != to compare texts that are not versions.',
        },
      );
  }
}

function isSpecifier(operator: string, version: string): boolean {
  try {
    return parseSpecifiers(`${operator}${version}`).length === 1;
  } catch (error) {
    if (error instanceof CoachbuilderError) return false;
    throw error;
  }
}

/** A marker as text, in the spelling that every tool reads. */
export function formatMarker(marker: Marker): string {
  if (marker.kind === 'comparison') {
    return `${formatOperand(marker.left)} ${marker.operator} ${formatOperand(marker.right)}`;
  }
  return marker.operands
    .map((operand) => (operand.kind === 'comparison' ? formatMarker(operand) : `(${formatMarker(operand)})`))
    .join(` ${marker.kind} `);
}

function formatOperand(operand: MarkerOperand): string {
  if (operand.kind === 'variable') return operand.name;
  return operand.value.includes('"') ? `'${operand.value}'` : `"${operand.value}"`;
}
