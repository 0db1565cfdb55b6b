import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

import { Refusal, uriEncode, type ParsedRequest } from './refusal.ts';

/** Milliseconds by which a clock may be wrong, in both directions. */
const allowedSkew = 15 * 60_000;

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

interface Authorization {
  readonly accessKeyId: string;
  readonly scope: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

function parseAuthorization(header: string): Authorization {
  const match =
    /^AWS4-HMAC-SHA256\s+Credential=([^/]+)\/([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})$/.exec(
      header,
    );
  if (match === null) {
    throw new Refusal(400, 'AuthorizationHeaderMalformed', 'The authorization header that you provided is not valid.');
  }
  const [, accessKeyId = '', scope = '', signed = '', signature = ''] = match;
  return { accessKeyId, scope, signedHeaders: signed.split(';'), signature };
}

/** YYYYMMDD'T'HHMMSS'Z' in milliseconds since 1970. */
function parseAmzDate(text: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null)
    throw new Refusal(403, 'AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header');
  const [year = 0, month = 0, ...rest] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, rest[0], rest[1], rest[2], rest[3]);
}

/**
 * Checks the signature in the header of a request, as the documentation of AWS Signature Version 4 describes it, on its own:
 * nothing of the client's library is used.
 * @returns the access key of who signed, or undefined for an anonymous request
 */
export function authenticate(
  request: ParsedRequest,
  secretOf: (accessKeyId: string) => string | undefined,
  now: number,
): string | undefined {
  const { headers } = request;
  if (request.query.has('X-Amz-Signature')) throw new Refusal(501, 'NotImplemented', 'no signatures in queries');
  const header = headers['authorization'];
  if (header === undefined) return undefined;
  const authorization = parseAuthorization(header);
  const { accessKeyId, scope, signedHeaders } = authorization;
  const secret = secretOf(accessKeyId);
  if (secret === undefined) {
    throw new Refusal(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', {
      AWSAccessKeyId: accessKeyId,
    });
  }
  const date = headers['x-amz-date'] ?? '';
  const signedAt = parseAmzDate(date);
  if (Math.abs(now - signedAt) > allowedSkew) {
    throw new Refusal(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
      {
        RequestTime: date,
        ServerTime: new Date(now).toISOString(),
        MaxAllowedSkewMilliseconds: String(allowedSkew),
      },
    );
  }
  const [day = '', region = '', service = '', terminator = ''] = scope.split('/');
  if (service !== 's3' || terminator !== 'aws4_request' || day !== date.slice(0, 8)) {
    throw new Refusal(
      400,
      'AuthorizationHeaderMalformed',
      `The authorization header is malformed; the scope is ${scope}.`,
    );
  }
  const unsigned = Object.keys(headers).filter(
    (name) => (name.startsWith('x-amz-') || name === 'host') && !signedHeaders.includes(name),
  );
  if (unsigned.length > 0) {
    throw new Refusal(403, 'AccessDenied', 'There were headers present in the request which were not signed', {
      HeadersNotSigned: unsigned.join(', '),
    });
  }
  const payload = headers['x-amz-content-sha256'];
  if (payload === undefined) throw new Refusal(400, 'InvalidRequest', 'Missing required header: x-amz-content-sha256');
  const canonical = [
    request.method,
    uriEncode(decodeURIComponent(request.rawPath), false),
    [...request.query]
      .map(([name, value]) => `${uriEncode(name)}=${uriEncode(value)}`)
      .sort()
      .join('&'),
    ...signedHeaders.map((name) => `${name}:${(headers[name] ?? '').trim().replaceAll(/ +/g, ' ')}`),
    '',
    signedHeaders.join(';'),
    payload,
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n');
  const key = [day, region, service, terminator].reduce<string | Buffer>(hmac, `AWS4${secret}`);
  const expected = hmac(key, text);
  if (!timingSafeEqual(expected, Buffer.from(authorization.signature, 'hex'))) {
    throw new Refusal(
      403,
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided.',
    );
  }
  return accessKeyId;
}

/** aws-chunked: `size;extensions CRLF bytes CRLF`, up to a chunk of no bytes, and trailing headers. */
function unchunk(body: Buffer): { readonly bytes: Buffer; readonly trailers: Readonly<Record<string, string>> } {
  const pieces: Buffer[] = [];
  for (let at = 0; ;) {
    const end = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.toString('latin1', at, end), 16);
    if (end === -1 || Number.isNaN(size))
      throw new Refusal(400, 'IncompleteBody', 'The chunks of the body are damaged.');
    at = end + 2;
    if (size === 0) {
      const lines = body
        .toString('latin1', at)
        .split('\r\n')
        .filter((line) => line.includes(':'));
      const pairs = lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1),
      ]);
      return { bytes: Buffer.concat(pieces), trailers: Object.fromEntries(pairs) as Record<string, string> };
    }
    pieces.push(body.subarray(at, at + size));
    at += size + 2;
  }
}

function checksum(algorithm: string, bytes: Buffer): string | undefined {
  if (algorithm === 'sha256' || algorithm === 'sha1') return createHash(algorithm).update(bytes).digest('base64');
  if (algorithm !== 'crc32') return undefined;
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return value.toString('base64');
}

/**
 * The bytes of a request, compared with everything that it says of them.
 * @returns the checksum headers to answer and to keep, too
 */
export function verifiedBody(request: ParsedRequest): {
  readonly bytes: Buffer;
  readonly checksums: Readonly<Record<string, string>>;
} {
  const payload = request.headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD';
  if (payload.startsWith('STREAMING-AWS4')) throw new Refusal(501, 'NotImplemented', 'no signed chunks');
  const chunked = payload.startsWith('STREAMING-');
  const { bytes, trailers } = chunked ? unchunk(request.body) : { bytes: request.body, trailers: {} };
  if (/^[0-9a-f]{64}$/.test(payload) && payload !== sha256(bytes)) {
    throw new Refusal(
      400,
      'XAmzContentSHA256Mismatch',
      'The provided x-amz-content-sha256 header does not match what was computed.',
    );
  }
  const md5 = request.headers['content-md5'];
  if (md5 !== undefined && md5 !== createHash('md5').update(bytes).digest('base64')) {
    throw new Refusal(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  const length = request.headers['x-amz-decoded-content-length'];
  if (length !== undefined && Number(length) !== bytes.length) {
    throw new Refusal(400, 'IncompleteBody', 'The body is not as long as was announced.');
  }
  const checksums: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...request.headers, ...trailers })) {
    const algorithm = /^x-amz-checksum-(sha256|sha1|crc32|crc32c|crc64nvme)$/.exec(name)?.[1];
    if (algorithm === undefined) continue;
    const computed = checksum(algorithm, bytes);
    if (computed === undefined) throw new Refusal(501, 'NotImplemented', `no ${algorithm}`);
    if (computed !== value.trim()) {
      throw new Refusal(
        400,
        'BadDigest',
        `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
      );
    }
    checksums[name] = computed;
  }
  return { bytes, checksums };
}
