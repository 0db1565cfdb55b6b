import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';

/** What an error of the SDK tells; every member may be absent, and errors of the network have none of them. */
export interface S3Failure {
  /** S3's code, or the kind of a failure of the client. */
  readonly name: string;
  readonly status: number | undefined;
  /** How often it was tried. */
  readonly attempts: number;
  readonly message: string;
}

interface SdkError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
}

export function readFailure(error: unknown): S3Failure {
  const { name, code, $metadata: metadata } = (typeof error === 'object' && error !== null ? error : {}) as SdkError;
  const word = typeof name === 'string' ? name : 'Error';
  const text = error instanceof Error ? error.message : '';
  // Node reports several addresses that refused it as one error without a text of its own.
  const inner = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0].message : '';
  return {
    name: metadata?.httpStatusCode === undefined && typeof code === 'string' ? code : word,
    status: metadata?.httpStatusCode,
    attempts: metadata?.attempts ?? 1,
    message: text === '' ? inner : text,
  };
}

/** There is no object of this key; of a HEAD, or no bucket: its answer has no words. */
export function saysNoObject(error: unknown): boolean {
  return ['NoSuchKey', 'NotFound'].includes(readFailure(error).name);
}

/** The condition of a write does not hold. A key that vanished is one that changed. */
export function saysConditionFailed(error: unknown): boolean {
  const { name, status } = readFailure(error);
  return status === 412 || name === 'NoSuchKey';
}

/** Another write to the key is under way; S3 asks for the same request again. */
export function saysConflict(error: unknown): boolean {
  return readFailure(error).status === 409;
}

/** The difference in clocks from which S3 refuses requests, in milliseconds. */
export const largestSkew = 15 * 60_000;

/** @param theirs the time in the answer's header */
export function clockFailure(title: string, ours: Date, theirs: Date): CoachbuilderError {
  const minutes = Math.round(Math.abs(ours.getTime() - theirs.getTime()) / 60_000);
  const direction = ours > theirs ? 'ahead of' : 'behind';
  return new CoachbuilderError(
    'store-denied',
    `${title} refuses us, because this clock is ${String(minutes)} minutes ${direction} its own`,
    {
      details: [`our clock:   ${ours.toISOString()}`, `their clock: ${theirs.toISOString()}`],
      hint: 'set the clock of this machine ("timedatectl set-ntp true"); indexes with a wrong date would be refused by clients, too',
    },
  );
}

const credentialsHint =
  'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE for a profile of ~/.aws; "Stores" in docs/publishing.md says where else they are looked for';

const denials: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  InvalidAccessKeyId: ['does not know the access key', credentialsHint],
  SignatureDoesNotMatch: ['says that the secret key is not the one of the access key', credentialsHint],
  ExpiredToken: [
    'says that the credentials have expired',
    'get new ones ("aws sso login", or whatever made these), then run the same command again',
  ],
  InvalidToken: ['does not accept the session token', credentialsHint],
  AuthorizationHeaderMalformed: [
    'does not accept our signature',
    'give the region of the bucket: --region, or AWS_REGION',
  ],
  PermanentRedirect: [
    'says that the bucket is in another region',
    'give the region of the bucket: --region, or AWS_REGION',
  ],
};

function denial(title: string, action: string, failure: S3Failure, details: readonly string[]): CoachbuilderError {
  const [what, hint] = denials[failure.name] ?? [
    `does not let us ${action}`,
    'let these credentials do s3:GetObject, s3:PutObject and s3:ListBucket ("admin/bucket-policy" prints such a policy); without ListBucket, S3 says the same of objects that are not there',
  ];
  return new CoachbuilderError('store-denied', `${title} ${what}`, { hint, details });
}

/**
 * The error for people. Neither the request nor the answer goes with it: they hold signatures.
 * @param action in the infinitive: `read debian/12/amd64/InRelease`
 */
export function storeFailure(error: unknown, title: string, endpoint: string, action: string): CoachbuilderError {
  if (error instanceof CoachbuilderError) return error;
  const failure = readFailure(error);
  const { name, status, attempts, message } = failure;
  const tried = attempts > 1 ? [`tried ${String(attempts)} times`] : [];
  const details = [`${name}${status === undefined ? '' : ` (${String(status)})`}: ${message}`, ...tried];
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') {
    return new CoachbuilderError('store-denied', `there are no credentials for ${title}`, {
      hint: credentialsHint,
      details: [message],
    });
  }
  if (message === 'Region is missing') {
    return new CoachbuilderError('store-denied', `the region of ${title} is not known`, {
      hint: 'give it: --region, or AWS_REGION',
    });
  }
  if (name === 'NoSuchBucket') {
    return new CoachbuilderError('store-missing', `there is no bucket of the name in ${title} at ${endpoint}`, {
      hint: 'check the name, the endpoint and the region; if it is to be there, make it: aws s3 mb',
      details,
    });
  }
  if (status === 401 || status === 403 || denials[name] !== undefined) return denial(title, action, failure, details);
  if (status === 501) {
    return new CoachbuilderError('store-unavailable', `${endpoint} cannot do what is needed to ${action}`, {
      hint: 'choose a server that knows conditional writes (If-Match, If-None-Match); docs/publishing.md names some',
      details,
    });
  }
  const state = status === undefined ? 'does not answer' : 'answers failures';
  return new CoachbuilderError('store-unavailable', `${endpoint} ${state}: we could not ${action}`, {
    hint: 'run the same command again later: it continues where this one stopped, and clients have noticed nothing',
    details,
  });
}
