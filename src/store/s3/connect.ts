import type { S3, S3ClientConfig } from '@aws-sdk/client-s3';

import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import { clockFailure, largestSkew } from './failures.ts';

export interface S3Settings {
  /** For messages. */
  readonly title: string;
  /** Of a server other than AWS; its buckets are addressed by path. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  /** `AWS_*`; what is not in there, the SDK looks for where AWS's own tools do. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Requests that fail for reasons that pass (500, 503, a lost connection) are made so often, with growing pauses. */
export const maxAttempts = 5;

type Credentials = Pick<S3ClientConfig, 'credentials' | 'profile'>;

/**
 * The keys of the environment, at once. Everything else is the SDK's own search, in this order: profiles of ~/.aws (keys,
 * SSO, a role, `credential_process`), a web identity, the container, and last the machine's metadata service, which takes
 * a second or two when there is none (AWS_EC2_METADATA_DISABLED=true spares them).
 */
function credentialsOf({ title, env }: S3Settings): Credentials {
  const [id, secret] = [env['AWS_ACCESS_KEY_ID'] ?? '', env['AWS_SECRET_ACCESS_KEY'] ?? ''];
  const token = env['AWS_SESSION_TOKEN'] ?? '';
  const profile = env['AWS_PROFILE'] ?? '';
  if (id !== '' && secret !== '') {
    return {
      credentials: { accessKeyId: id, secretAccessKey: secret, ...(token === '' ? {} : { sessionToken: token }) },
    };
  }
  if (id !== '' || secret !== '') {
    const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
    const [present, absent] = id === '' ? [names[1], names[0]] : names;
    throw new CoachbuilderError(
      'store-denied',
      `there are no credentials for ${title}: ${present} is set, ${absent} is not`,
      {
        hint: `set ${absent}, too, or neither and AWS_PROFILE`,
      },
    );
  }
  return profile === '' ? {} : { profile };
}

/** The SDK tells every user of an older Node to update it; what runs here was tested with this version of both. */
function withoutVersionWarning<Result>(action: () => Result): Result {
  const emit = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error, ...rest: readonly unknown[]): void => {
    if (String(warning).startsWith('NodeVersionSupportWarning')) return;
    (emit as (warning: string | Error, ...rest: readonly unknown[]) => void)(warning, ...rest);
  };
  try {
    return action();
  } finally {
    process.emitWarning = emit;
  }
}

/** The time in the headers of an answer that the SDK made an error of. */
function timeOf(error: unknown): Date | undefined {
  const response = (error as { readonly $response?: { readonly headers?: Readonly<Record<string, string>> } })
    .$response;
  const time = new Date(response?.headers?.['date'] ?? '');
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/**
 * A client of S3. The SDK is loaded only when a bucket is used at all: it takes longer than all the rest of us.
 * @throws CoachbuilderError `store-denied` when the environment holds half of the credentials
 */
export async function connect(settings: S3Settings): Promise<S3> {
  const { endpoint, env } = settings;
  const region = settings.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? (endpoint && 'us-east-1');
  const credentials = credentialsOf(settings);
  const sdk = await import('@aws-sdk/client-s3');
  const client = withoutVersionWarning(
    () =>
      new sdk.S3({
        ...credentials,
        ...(region === undefined ? {} : { region }),
        ...(endpoint === undefined ? { followRegionRedirects: true } : { endpoint, forcePathStyle: true }),
        maxAttempts,
        retryMode: 'standard',
        requestHandler: { connectionTimeout: 10_000, socketTimeout: 60_000 },
        // We give the SHA-256 ourselves. The SDK's own CRC32 trailers are not understood by every server.
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
      }),
  );
  // The SDK would quietly correct the clock by the answer's date; but an index that is dated by a wrong clock is one that
  // apt refuses (in the future), or ignores (in the past).
  client.middlewareStack.addRelativeTo(
    <Request, Answer>(next: (request: Request) => Promise<Answer>) =>
      async (request: Request): Promise<Answer> => {
        try {
          return await next(request);
        } catch (error) {
          const [ours, theirs] = [new Date(), timeOf(error)];
          if (theirs !== undefined && Math.abs(ours.getTime() - theirs.getTime()) > largestSkew) {
            throw clockFailure(settings.title, ours, theirs);
          }
          throw error;
        }
      },
    { name: 'refuseWrongClock', relation: 'after', toMiddleware: 'retryMiddleware', override: true },
  );
  return client;
}
