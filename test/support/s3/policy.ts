import { Refusal } from './refusal.ts';

/** What is asked of a policy: who wants to do what, with which circumstances. */
export interface Question {
  /** undefined: anonymous. */
  readonly principal: string | undefined;
  /** `s3:GetObject`. */
  readonly action: string;
  /** `arn:aws:s3:::bucket/key`. */
  readonly resource: string;
  /** By condition key, in lower case; absent means null. */
  readonly context: Readonly<Record<string, string>>;
}

interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly principals: readonly string[] | undefined;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

export type Policy = readonly Statement[];

function malformed(message: string): Refusal {
  return new Refusal(400, 'MalformedPolicy', message);
}

function strings(value: unknown, what: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((item) => {
    if (typeof item === 'boolean') return String(item);
    if (typeof item !== 'string' || item === '') throw malformed(`Missing or invalid ${what}`);
    return item;
  });
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(`Invalid ${what}`);
  return value as Readonly<Record<string, unknown>>;
}

const operators = ['Null', 'Bool', 'StringEquals', 'StringNotEquals', 'StringLike', 'StringNotLike'];
const members = ['Sid', 'Effect', 'Principal', 'Action', 'Resource', 'Condition'];

function parsePrincipal(value: unknown): readonly string[] {
  if (value === '*') return ['*'];
  return strings(record(value, 'principal in policy')['AWS'], 'principal in policy');
}

/**
 * Reads a policy as strictly as S3 does: an unknown word is refused.
 * @param bucket of a bucket policy, whose resources may lie in this bucket only; undefined for a policy of a user, which
 * has no principals
 */
export function parsePolicy(text: string, bucket: string | undefined): Policy {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw malformed('Policies must be valid JSON and the first byte must be {');
  }
  const document = record(parsed, 'policy');
  const unknown = Object.keys(document).find((name) => !['Version', 'Id', 'Statement'].includes(name));
  if (unknown !== undefined) throw malformed(`Unknown field ${unknown}`);
  if (!['2008-10-17', '2012-10-17'].includes(String(document['Version'])))
    throw malformed('The policy must contain a valid version string');
  const list: readonly unknown[] = Array.isArray(document['Statement'])
    ? document['Statement']
    : [document['Statement']];
  return list.map((item) => {
    const statement = record(item, 'statement');
    const strange = Object.keys(statement).find((name) => !members.includes(name));
    if (strange !== undefined) throw malformed(`Unknown field ${strange}`);
    const effect = statement['Effect'];
    if (effect !== 'Allow' && effect !== 'Deny') throw malformed(`Invalid effect: ${String(effect)}`);
    const resources = strings(statement['Resource'], 'resource');
    const arn = `arn:aws:s3:::${bucket ?? ''}`;
    if (bucket !== undefined && resources.some((resource) => resource !== arn && !resource.startsWith(`${arn}/`))) {
      throw malformed('Policy has invalid resource');
    }
    const conditions = Object.entries(record(statement['Condition'] ?? {}, 'condition')).map(([operator, keys]) => {
      if (!operators.includes(operator)) throw malformed(`Invalid Condition type : ${operator}`);
      const values = Object.entries(record(keys, 'condition')).map(([key, value]) => [
        key.toLowerCase(),
        strings(value, 'condition'),
      ]);
      return [operator, Object.fromEntries(values)] as const;
    });
    return {
      effect,
      principals: bucket === undefined ? undefined : parsePrincipal(statement['Principal']),
      actions: strings(statement['Action'], 'action'),
      resources,
      conditions: Object.fromEntries(conditions),
    };
  });
}

function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

function holds(operator: string, value: string | undefined, wanted: readonly string[]): boolean {
  switch (operator) {
    case 'Null':
      return wanted.includes(String(value === undefined));
    case 'Bool':
      return value !== undefined && wanted.includes(value);
    case 'StringEquals':
      return value !== undefined && wanted.includes(value);
    case 'StringLike':
      return value !== undefined && wanted.some((pattern) => matches(pattern, value));
    case 'StringNotEquals':
      return value === undefined || !wanted.includes(value);
    default:
      return value === undefined || !wanted.some((pattern) => matches(pattern, value));
  }
}

function applies(statement: Statement, question: Question): boolean {
  const { principal, action, resource, context } = question;
  const isFor =
    statement.principals === undefined ||
    statement.principals.some(
      (name) => name === '*' || (principal !== undefined && name.endsWith(`:user/${principal}`)),
    );
  return (
    isFor &&
    statement.actions.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
    statement.resources.some((pattern) => matches(pattern, resource)) &&
    Object.entries(statement.conditions).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => holds(operator, context[key], wanted)),
    )
  );
}

/** What policies say: an explicit Deny is above every Allow. */
export function judge(policies: readonly Policy[], question: Question): 'allow' | 'deny' | 'silent' {
  const effects = policies
    .flat()
    .filter((statement) => applies(statement, question))
    .map((statement) => statement.effect);
  if (effects.includes('Deny')) return 'deny';
  return effects.includes('Allow') ? 'allow' : 'silent';
}
