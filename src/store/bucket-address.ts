import { CoachbuilderError } from '../errors/coachbuilder-error.ts';

/** A bucket, or a part of one. */
export interface BucketAddress {
  readonly bucket: string;
  /** Without a slash at its ends; empty for the whole bucket. */
  readonly prefix: string;
}

function refuse(message: string, hint: string): CoachbuilderError {
  return new CoachbuilderError('usage', message, { hint });
}

/** Amazon's rules for names of general purpose buckets: each is what a name must not be, and how to say so. */
const forbidden: readonly (readonly [RegExp, string])[] = [
  [/^.{0,2}$|^.{64,}$/, 'must be 3 to 63 characters long'],
  [/[A-Z]/, 'must not hold capital letters'],
  [/[^a-z0-9.-]/, 'may hold only lower-case letters, digits, "." and "-"'],
  [/^[^a-z0-9]|[^a-z0-9]$/, 'must begin and end with a letter or a digit'],
  [/\.\./, 'must not hold ".."'],
  [/^\d+\.\d+\.\d+\.\d+$/, 'must not look like an IP address'],
  [/^(?:xn--|sthree-|amzn-s3-demo-)/, 'begins with what Amazon keeps for itself'],
  [/(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/, 'ends with what Amazon keeps for itself'],
];

function requireBucketName(name: string): void {
  const broken = forbidden.find(([pattern]) => pattern.test(name));
  if (broken === undefined) return;
  throw refuse(
    `"${name}" is no name of a bucket: it ${broken[1]}`,
    'name the bucket as acme-packages, or with a prefix as s3://acme-packages/linux',
  );
}

/** `*`, `?` and `${}` mean something in policies, and a key with an empty or a dotted segment is one that no client asks for. */
function requirePrefix(prefix: string): void {
  const segments = prefix.split('/');
  if (prefix === '' || (/^[\w.+=,@/-]+$/.test(prefix) && segments.every((part) => !/^\.{0,2}$/.test(part)))) return;
  throw refuse(
    `"${prefix}" is no prefix of a repository`,
    'a prefix is words of letters, digits and any of _.+=,@- with "/" between them',
  );
}

/**
 * Reads `acme-packages`, `s3://acme-packages` or `s3://acme-packages/linux`.
 * @throws CoachbuilderError `usage` when it is no name that a bucket can have
 */
export function parseBucketAddress(text: string): BucketAddress {
  const [, scheme] = /^([A-Za-z][\w+.-]*):\/\//.exec(text) ?? [];
  if (scheme !== undefined && scheme !== 's3')
    throw refuse(
      `"${text}" is not the address of a bucket`,
      'name the bucket alone, or with a prefix as s3://acme-packages/linux',
    );
  const rest = text.replace(/^s3:\/\//, '').replace(/\/$/, '');
  const slash = rest.indexOf('/');
  const bucket = slash === -1 ? rest : rest.slice(0, slash);
  const prefix = slash === -1 ? '' : rest.slice(slash + 1);
  requireBucketName(bucket);
  requirePrefix(prefix);
  return { bucket, prefix };
}
