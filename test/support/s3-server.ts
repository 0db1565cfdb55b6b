import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { operationOf, Operations, type Answer } from './s3/operations.ts';
import { parsePolicy } from './s3/policy.ts';
import { escapeXml, Refusal, type ParsedRequest } from './s3/refusal.ts';
import { authenticate } from './s3/signature.ts';
import { etagOf, keptHeaders, type ServedObject } from './s3/state.ts';

export interface S3User {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The policy of the user, as JSON; undefined: the owner of the buckets. */
  readonly policy?: string;
}

/** What the server did, or is about to do. */
export interface S3Request {
  /** From 1, of all requests. */
  readonly number: number;
  /** From 1, of all requests that would change something; 0 for those that only read. */
  readonly mutation: number;
  readonly method: string;
  /** As it was sent, with the query. */
  readonly target: string;
  /** `PutObject`, `GetObject`, `ListObjectsV2`, … */
  readonly operation: string;
  readonly bucket: string;
  readonly key: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** undefined for an anonymous request, and for one whose signature was refused. */
  accessKeyId: string | undefined;
  /** Bytes of the body that came in. */
  readonly received: number;
  /** 0 while there is no answer, and for a connection that was cut. */
  status: number;
}

/**
 * `drop-before`: the connection is cut and nothing was done. `drop-after`: it was done, and the answer is lost.
 * `status`: an answer instead of doing it, such as 503 `SlowDown`. `delay`: it is done late.
 */
export type Fault =
  | { readonly kind: 'drop-before' | 'drop-after' }
  | { readonly kind: 'status'; readonly status: number; readonly code: string }
  | { readonly kind: 'delay'; readonly milliseconds: number };

export interface S3ServerOptions {
  /** `packages` when none is said. */
  readonly buckets?: readonly string[];
  /** The owner is `AKIACOACHBUILDER`, unless there are others. */
  readonly users?: readonly S3User[];
  /** The server's clock, milliseconds since 1970. */
  readonly now?: () => number;
  /** Whether anybody may read the objects, as in the documents' policy. */
  readonly publicRead?: boolean;
  /** 0: any free one. */
  readonly port?: number;
}

export interface S3Server extends AsyncDisposable {
  /** `http://127.0.0.1:port`. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The variables that AWS's tools read, for the first user. */
  readonly env: Readonly<Record<string, string>>;
  /** All requests so far. */
  readonly requests: readonly S3Request[];
  /** What goes wrong; asked before each request is done. */
  fault: ((request: S3Request) => Fault | undefined) | undefined;
  /** The object as it is kept. */
  object(key: string, bucket?: string): ServedObject | undefined;
  /** In byte order. */
  keys(bucket?: string): readonly string[];
  /** Puts bytes under a key past all checks: what an attacker, or a failing disk, does. */
  tamper(key: string, bytes: Uint8Array, bucket?: string): void;
  remove(key: string, bucket?: string): void;
  /** Remembers all objects of a bucket; returns what puts them back. */
  keep(bucket?: string): () => void;
  /** @param policy JSON */
  setPolicy(policy: string | undefined, bucket?: string): void;
  /** How many multipart uploads were begun and neither completed nor aborted. */
  openUploads(): number;
  clearLog(): void;
}

/** The policy of the documents: everybody may read. */
export function publicReadPolicy(bucket: string): string {
  const statement = {
    Sid: '1',
    Effect: 'Allow',
    Principal: { AWS: '*' },
    Action: 's3:GetObject',
    Resource: `arn:aws:s3:::${bucket}/*`,
  };
  return JSON.stringify({ Version: '2008-10-17', Id: 'PolicyForPublicAccess', Statement: [statement] });
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function decode(text: string): string {
  try {
    // A plus is a blank to S3, in paths, too.
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new Refusal(400, 'InvalidURI', "Couldn't parse the specified URI.");
  }
}

function parseRequest(request: IncomingMessage, body: Buffer): ParsedRequest {
  const target = request.url ?? '/';
  const question = `${target}?`.indexOf('?');
  const [rawPath, search] = [target.slice(0, question), target.slice(question + 1)];
  const query = search
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair): [string, string] => {
      const at = (pair + '=').indexOf('=');
      return [decode(pair.slice(0, at)), decode(pair.slice(at + 1))];
    });
  const [bucket = '', ...segments] = rawPath.slice(1).split('/');
  const headers = Object.entries(request.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(',') : (value ?? ''),
  ]);
  return {
    method: request.method ?? 'GET',
    rawPath,
    query: new Map(query),
    headers: Object.fromEntries(headers) as Record<string, string>,
    bucket: decode(bucket),
    key: decode(segments.join('/')),
    body,
  };
}

function refusalAnswer(refusal: Refusal, id: string): Answer {
  const extra = Object.entries(refusal.extra).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`);
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${refusal.code}</Code><Message>${escapeXml(refusal.message)}</Message>${extra.join('')}<RequestId>${id}</RequestId></Error>`;
  return { status: refusal.status, headers: { 'content-type': 'application/xml' }, body };
}

const reading = ['GET', 'HEAD'];

/**
 * An S3 server in memory, on loopback, path-style: it enforces what AWS enforces and most imitations do not: signatures and
 * the clock, conditional writes, checksums, policies with conditions, 403 for missing objects, literal keys, no ACLs. It
 * shares nothing with our client; test/integration/s3-server.test.ts holds it against another one.
 */
export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const now = options.now ?? Date.now;
  const users = options.users ?? [
    { accessKeyId: 'AKIACOACHBUILDER', secretAccessKey: 'kZ7/not+a=secret/that/anybody/uses' },
  ];
  const [owner] = users;
  if (owner === undefined) throw new Error('a server needs a user');
  const operations = new Operations(now);
  for (const name of options.buckets ?? ['packages']) {
    const text = options.publicRead === true ? publicReadPolicy(name) : undefined;
    const policy = text === undefined ? undefined : { text, statements: parsePolicy(text, name) };
    operations.buckets.set(name, { objects: new Map(), policy });
  }
  const log: S3Request[] = [];
  let mutations = 0;
  let requests = 0;

  const perform = (parsed: ParsedRequest, entry: S3Request): Answer => {
    const id = randomUUID();
    try {
      const secretOf = (name: string): string | undefined =>
        users.find((user) => user.accessKeyId === name)?.secretAccessKey;
      entry.accessKeyId = authenticate(parsed, secretOf, now());
      const user = users.find((one) => one.accessKeyId === entry.accessKeyId);
      const policies = user?.policy === undefined ? undefined : [parsePolicy(user.policy, undefined)];
      return operations.answer(parsed, { principal: entry.accessKeyId, policies });
    } catch (error) {
      if (error instanceof Refusal) return refusalAnswer(error, id);
      throw error;
    }
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body: Buffer;
    try {
      body = await readBody(request);
    } catch {
      // The client went away in the middle: nothing has happened.
      return;
    }
    const parsed = parseRequest(request, body);
    requests += 1;
    if (!reading.includes(parsed.method)) mutations += 1;
    const entry: S3Request = {
      number: requests,
      mutation: reading.includes(parsed.method) ? 0 : mutations,
      method: parsed.method,
      target: request.url ?? '/',
      operation: operationOf(parsed),
      bucket: parsed.bucket,
      key: parsed.key,
      headers: parsed.headers,
      accessKeyId: undefined,
      received: body.length,
      status: 0,
    };
    log.push(entry);
    const fault = server.fault?.(entry);
    if (fault?.kind === 'drop-before') {
      request.socket.destroy();
      return;
    }
    if (fault?.kind === 'delay') await delay(fault.milliseconds, undefined, { ref: false });
    const answer =
      fault?.kind === 'status'
        ? refusalAnswer(new Refusal(fault.status, fault.code, 'Please try again.'), randomUUID())
        : perform(parsed, entry);
    if (fault?.kind === 'drop-after') {
      request.socket.destroy();
      return;
    }
    entry.status = answer.status;
    const bytes = Buffer.from(answer.body ?? '');
    const noBody = answer.status === 304 || answer.status === 204;
    response.writeHead(answer.status, {
      date: new Date(now()).toUTCString(),
      server: 'coachbuilder-test',
      ...(noBody ? {} : { 'content-length': String(bytes.length) }),
      ...answer.headers,
    });
    response.end(noBody || parsed.method === 'HEAD' ? undefined : bytes);
  };

  const http = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (!response.headersSent && error instanceof Refusal) {
        response.writeHead(error.status).end();
        return;
      }
      // A defect of the server: the test has to see it, and not to wait for it.
      process.stderr.write(`s3-server: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      request.socket.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const endpoint = `http://127.0.0.1:${String((http.address() as AddressInfo).port)}`;
  const bucketOf = (name = 'packages') => {
    const bucket = operations.buckets.get(name);
    if (bucket === undefined) throw new Error(`the server has no bucket ${name}`);
    return bucket;
  };

  const server: S3Server = {
    endpoint,
    accessKeyId: owner.accessKeyId,
    secretAccessKey: owner.secretAccessKey,
    env: {
      AWS_ACCESS_KEY_ID: owner.accessKeyId,
      AWS_SECRET_ACCESS_KEY: owner.secretAccessKey,
      AWS_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    requests: log,
    fault: undefined,
    object: (key, bucket) => bucketOf(bucket).objects.get(key),
    keys: (bucket) =>
      [...bucketOf(bucket).objects.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    keep(bucket) {
      const { objects } = bucketOf(bucket);
      const kept = [...objects];
      return () => {
        objects.clear();
        for (const [key, object] of kept) objects.set(key, object);
      };
    },
    tamper(key, bytes, bucket) {
      const present = bucketOf(bucket).objects.get(key);
      const content = Buffer.from(bytes);
      bucketOf(bucket).objects.set(key, {
        bytes: content,
        etag: etagOf(content),
        modified: now(),
        headers: present?.headers ?? keptHeaders({}),
      });
    },
    remove(key, bucket) {
      bucketOf(bucket).objects.delete(key);
    },
    setPolicy(policy, name = 'packages') {
      bucketOf(name).policy =
        policy === undefined ? undefined : { text: policy, statements: parsePolicy(policy, name) };
    },
    openUploads: () => operations.uploads.size,
    clearLog() {
      log.length = 0;
      mutations = 0;
      requests = 0;
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => http.close(resolve));
      http.closeAllConnections();
      await closed;
    },
  };
  return server;
}
