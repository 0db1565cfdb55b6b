/*
 * Where a repository may be. The manifest, the command line and the environment say it, and policies of buckets are about
 * it: one rule, so that none of them takes what another refuses later.
 */

/** Why a text is not what it should be, and what to say instead. Neither repeats credentials that somebody wrote into it. */
export interface Refusal {
  readonly message: string;
  readonly hint: string;
}

/** A bucket, or a part of one. */
export interface BucketAddress {
  readonly bucket: string;
  /** Without a slash at its ends; empty for the whole bucket. */
  readonly prefix: string;
}

/** Begins the addresses of buckets; what else is no address of any kind is a directory. */
const bucketScheme = 's3://';

/** Amazon S3 User Guide, "General purpose bucket naming rules": each is what a name must not be, and how to say so. */
const forbiddenNames: readonly (readonly [RegExp, string])[] = [
  [/^.{0,2}$|^.{64,}$/, 'must be 3 to 63 characters long'],
  [/[A-Z]/, 'must not hold capital letters'],
  [/[^a-z0-9.-]/, 'may hold only lower-case letters, digits, "." and "-"'],
  [/^[^a-z0-9]|[^a-z0-9]$/, 'must begin and end with a letter or a digit'],
  [/\.\./, 'must not hold ".."'],
  [/^\d+\.\d+\.\d+\.\d+$/, 'must not look like an IP address'],
  [/^(?:xn--|sthree-|amzn-s3-demo-)/, 'must not begin with what Amazon keeps for itself'],
  [/(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/, 'must not end with what Amazon keeps for itself'],
];

/** Secrets of AWS may hold a slash, so that where they begin and end in an address is a guess: nothing up to the last `@` is shown. */
function withoutUserInfo(text: string): string {
  return text.replace(/^((?:\w+:\/\/)?).*@/s, '$1…@');
}

/** Whether a store is a bucket; otherwise it is a directory. */
export function isBucket(store: string): boolean {
  return store.startsWith(bucketScheme);
}

/** Takes `acme-packages`, `s3://acme-packages` or `s3://acme-packages/linux` apart; `judgeBucket` says whether it is one. */
export function splitBucketAddress(text: string): BucketAddress {
  const rest = (isBucket(text) ? text.slice(bucketScheme.length) : text).replace(/\/+$/, '');
  const [bucket = '', ...segments] = rest.split('/');
  return { bucket, prefix: segments.join('/') };
}

/**
 * `*`, `?` and `${}` mean something in policies; S3 takes keys literally, so that one with an empty or a dotted segment is
 * one that no client asks for; and names that begin like ours are hidden in a directory that the bucket is copied to.
 */
function isPrefix(prefix: string): boolean {
  const segments = prefix.split('/');
  return (
    prefix === '' ||
    (/^[\w.+=,@/-]+$/.test(prefix) && segments.every((segment) => !/^(?:\.{0,2}$|\.coachbuilder-)/.test(segment)))
  );
}

/**
 * @param text a bucket's name alone, or its address
 * @returns undefined for a bucket that there may be
 */
export function judgeBucket(text: string): Refusal | undefined {
  const { bucket, prefix } = splitBucketAddress(text);
  const refused = `${withoutUserInfo(text)} is no place for a repository`;
  const broken = forbiddenNames.find(([pattern]) => pattern.test(bucket));
  if (broken !== undefined) {
    return {
      message: `${refused}: the name of a bucket ${broken[1]}`,
      hint: 'say s3://acme-packages, or s3://acme-packages/linux for a part of it',
    };
  }
  if (isPrefix(prefix)) return undefined;
  return {
    message: `${refused}: what follows the bucket is no prefix`,
    hint: 'a prefix is words of letters, digits and any of _.+=,@- with "/" between them',
  };
}

/**
 * @param text `s3://bucket`, `s3://bucket/prefix`, or a directory
 * @returns undefined for what may be a store
 */
export function judgeStore(text: string): Refusal | undefined {
  if (isBucket(text)) return judgeBucket(text);
  const [scheme] = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text) ?? [];
  if (text !== '' && scheme === undefined) return undefined;
  // What follows the scheme may be credentials.
  return {
    message: `${scheme === undefined ? '' : `${scheme}…`} is no place for a repository`,
    hint: 'say s3://bucket, s3://bucket/prefix, or a directory ("." for this one)',
  };
}

/** @returns undefined for the address of an S3-compatible server. Its buckets are addressed by path: it has none of its own. */
export function judgeEndpoint(text: string): Refusal | undefined {
  // Of S3 nobody signs in by the address; and what is in it would be in messages.
  if (/^https?:\/\/[^/@?#\s]+\/?$/.test(text)) return undefined;
  return {
    message: `${withoutUserInfo(text)} is no endpoint`,
    hint: 'say http://host:port, or https://host, without a path and without credentials: those are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  };
}
