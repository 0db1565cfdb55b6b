import { randomUUID } from 'node:crypto';

import { judge, parsePolicy, type Policy } from './policy.ts';
import { escapeXml, Refusal, uriEncode, type ParsedRequest } from './refusal.ts';
import { verifiedBody } from './signature.ts';
import {
  checkWriteConditions,
  etagOf,
  keptHeaders,
  multipartEtag,
  parseRange,
  readCondition,
  type Bucket,
  type ServedObject,
  type Upload,
} from './state.ts';

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

/** Who asks: the policies of a user, undefined for the owner, who may do everything that no policy denies. */
export interface Caller {
  readonly principal: string | undefined;
  readonly policies: readonly Policy[] | undefined;
}

function xml(root: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${root}>`;
}

function element(name: string, text: string | number | boolean): string {
  return `<${name}>${escapeXml(String(text))}</${name}>`;
}

/** The smallest part but for the last one, bytes. */
const smallestPart = 5 * 1024 * 1024;

/** The names of S3's operations, for the log and for faults. */
export function operationOf({ method, key, query, headers }: ParsedRequest): string {
  const verb = `${method}${key === '' ? ' bucket' : ''}`;
  if (query.has('policy')) return `${method === 'GET' ? 'Get' : method === 'PUT' ? 'Put' : 'Delete'}BucketPolicy`;
  if (method === 'POST' && query.has('uploads')) return 'CreateMultipartUpload';
  if (query.has('uploadId')) {
    if (method === 'PUT') return headers['x-amz-copy-source'] === undefined ? 'UploadPart' : 'UploadPartCopy';
    return method === 'POST' ? 'CompleteMultipartUpload' : method === 'DELETE' ? 'AbortMultipartUpload' : 'ListParts';
  }
  const names: Readonly<Record<string, string>> = {
    'GET bucket': query.has('location')
      ? 'GetBucketLocation'
      : query.has('uploads')
        ? 'ListMultipartUploads'
        : 'ListObjectsV2',
    'HEAD bucket': 'HeadBucket',
    'PUT bucket': 'CreateBucket',
    GET: 'GetObject',
    HEAD: 'HeadObject',
    PUT: headers['x-amz-copy-source'] === undefined ? 'PutObject' : 'CopyObject',
    DELETE: 'DeleteObject',
  };
  return names[verb] ?? verb;
}

/** The permission that an operation needs. */
const permissions: Readonly<Record<string, string>> = {
  GetObject: 's3:GetObject',
  HeadObject: 's3:GetObject',
  PutObject: 's3:PutObject',
  CopyObject: 's3:PutObject',
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
  UploadPartCopy: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  AbortMultipartUpload: 's3:AbortMultipartUpload',
  ListParts: 's3:ListMultipartUploadParts',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
  DeleteObject: 's3:DeleteObject',
  ListObjectsV2: 's3:ListBucket',
  HeadBucket: 's3:ListBucket',
  GetBucketLocation: 's3:GetBucketLocation',
  GetBucketPolicy: 's3:GetBucketPolicy',
  PutBucketPolicy: 's3:PutBucketPolicy',
  DeleteBucketPolicy: 's3:DeleteBucketPolicy',
};

/** What S3 does, over buckets in memory. Everything between reading the body and the answer is one step. */
export class Operations {
  readonly buckets = new Map<string, Bucket>();
  readonly uploads = new Map<string, Upload>();
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  /** @throws Refusal */
  answer(request: ParsedRequest, caller: Caller): Answer {
    const operation = operationOf(request);
    const bucket = this.buckets.get(request.bucket);
    if (bucket === undefined) {
      // Only who is known learns which buckets there are.
      if (caller.principal === undefined) throw denied();
      throw new Refusal(404, 'NoSuchBucket', 'The specified bucket does not exist', { BucketName: request.bucket });
    }
    const permission = permissions[operation];
    if (permission === undefined) throw new Refusal(501, 'NotImplemented', `${operation} is not implemented`);
    const { headers } = request;
    const acl = Object.keys(headers).find((name) => name === 'x-amz-acl' || name.startsWith('x-amz-grant-'));
    if (acl !== undefined) throw new Refusal(400, 'AccessControlListNotSupported', 'The bucket does not allow ACLs');
    if (!this.may(request, caller, permission, request.key)) throw denied();
    switch (operation) {
      case 'GetObject':
      case 'HeadObject':
        return this.read(request, bucket, caller);
      case 'PutObject': {
        const { bytes, checksums } = verifiedBody(request);
        return this.store(
          bucket,
          request,
          { bytes, etag: etagOf(bytes), headers: { ...keptHeaders(headers), ...checksums } },
          checksums,
        );
      }
      case 'CopyObject':
        return this.copy(request, bucket, caller);
      case 'DeleteObject':
        return this.remove(request, bucket);
      case 'ListObjectsV2':
        return this.list(request, bucket);
      case 'HeadBucket':
        return { status: 200, headers: { 'x-amz-bucket-region': 'us-east-1' } };
      case 'GetBucketLocation':
        return { status: 200, body: xml('LocationConstraint', '') };
      case 'GetBucketPolicy':
        if (bucket.policy === undefined)
          throw new Refusal(404, 'NoSuchBucketPolicy', 'The bucket policy does not exist');
        return { status: 200, headers: { 'content-type': 'application/json' }, body: bucket.policy.text };
      case 'PutBucketPolicy': {
        const text = verifiedBody(request).bytes.toString('utf8');
        bucket.policy = { text, statements: parsePolicy(text, request.bucket) };
        return { status: 204 };
      }
      case 'DeleteBucketPolicy':
        bucket.policy = undefined;
        return { status: 204 };
      case 'ListMultipartUploads': {
        const open = [...this.uploads].filter(([, upload]) => upload.bucket === request.bucket);
        const items = open.map(
          ([id, upload]) => `<Upload>${element('Key', upload.key)}${element('UploadId', id)}</Upload>`,
        );
        return { status: 200, body: xml('ListMultipartUploadsResult', items.join('')) };
      }
      default:
        return this.multipart(operation, request, bucket, caller);
    }
  }

  private may(request: ParsedRequest, caller: Caller, action: string, key: string): boolean {
    const { headers } = request;
    const creates = ['PutObject', 'CopyObject', 'CompleteMultipartUpload'].includes(operationOf(request));
    const context: Record<string, string> = { 'aws:securetransport': 'false' };
    if (action === 's3:PutObject') context['s3:objectcreationoperation'] = String(creates);
    for (const name of ['if-none-match', 'if-match']) {
      const value = headers[name];
      if (value !== undefined) context[`s3:${name}`] = value;
    }
    const prefix = request.query.get('prefix');
    if (action === 's3:ListBucket' && prefix !== undefined) context['s3:prefix'] = prefix;
    const arn = `arn:aws:s3:::${request.bucket}`;
    const onBucket = /^s3:(?:ListBucket|GetBucket|PutBucket|DeleteBucket)/.test(action);
    const question = { principal: caller.principal, action, resource: onBucket ? arn : `${arn}/${key}`, context };
    const statements = this.buckets.get(request.bucket)?.policy?.statements ?? [];
    const verdict = judge([statements, ...(caller.policies ?? [])], question);
    if (verdict !== 'silent') return verdict === 'allow';
    return caller.principal !== undefined && caller.policies === undefined;
  }

  /** S3 does not tell those who may not list whether there is an object. */
  private missing(request: ParsedRequest, caller: Caller, key: string): Refusal {
    if (!this.may(request, caller, 's3:ListBucket', '')) return denied();
    return new Refusal(404, 'NoSuchKey', 'The specified key does not exist.', { Key: key });
  }

  private read(request: ParsedRequest, bucket: Bucket, caller: Caller): Answer {
    const object = bucket.objects.get(request.key);
    if (object === undefined) throw this.missing(request, caller, request.key);
    const { 'x-amz-checksum-mode': mode, range: wanted } = request.headers;
    const kept = Object.entries(object.headers).filter(
      ([name]) => mode === 'ENABLED' || !name.startsWith('x-amz-checksum-'),
    );
    const headers: Record<string, string> = {
      ...Object.fromEntries(kept),
      etag: object.etag,
      'last-modified': new Date(object.modified).toUTCString(),
      'accept-ranges': 'bytes',
    };
    const condition = readCondition(request.headers, object);
    if (condition === 412)
      throw new Refusal(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
    if (condition === 304) return { status: 304, headers };
    const range = parseRange(wanted, object.bytes.length);
    if (range === undefined) return { status: 200, headers, body: object.bytes };
    const [first, last] = range;
    headers['content-range'] = `bytes ${String(first)}-${String(last)}/${String(object.bytes.length)}`;
    return { status: 206, headers, body: object.bytes.subarray(first, last + 1) };
  }

  private store(
    bucket: Bucket,
    request: ParsedRequest,
    object: Omit<ServedObject, 'modified'>,
    answered: Readonly<Record<string, string>> = {},
  ): Answer {
    checkWriteConditions(request.headers, bucket.objects.get(request.key));
    bucket.objects.set(request.key, { ...object, modified: this.now() });
    return { status: 200, headers: { etag: object.etag, ...answered } };
  }

  private source(request: ParsedRequest, caller: Caller): ServedObject {
    const path = decodeURIComponent(request.headers['x-amz-copy-source'] ?? '').replace(/^\//, '');
    const from = path.slice(0, path.indexOf('/'));
    const key = path.slice(path.indexOf('/') + 1);
    const bucket = this.buckets.get(from);
    if (bucket === undefined) throw new Refusal(404, 'NoSuchBucket', 'The specified bucket does not exist');
    const asked = { ...request, bucket: from };
    if (!this.may(asked, caller, 's3:GetObject', key)) throw denied();
    const object = bucket.objects.get(key);
    if (object === undefined) throw this.missing(asked, caller, key);
    return object;
  }

  /** Conditions of the target are ignored, as servers do that are older than them: nobody may rely on them here. */
  private copy(request: ParsedRequest, bucket: Bucket, caller: Caller): Answer {
    const source = this.source(request, caller);
    const replace = request.headers['x-amz-metadata-directive'] === 'REPLACE';
    const headers = replace ? keptHeaders(request.headers) : source.headers;
    this.store(bucket, { ...request, headers: {} }, { bytes: source.bytes, etag: etagOf(source.bytes), headers });
    const result = element('LastModified', new Date(this.now()).toISOString()) + element('ETag', etagOf(source.bytes));
    return { status: 200, body: xml('CopyObjectResult', result) };
  }

  private remove(request: ParsedRequest, bucket: Bucket): Answer {
    const present = bucket.objects.get(request.key);
    if (request.headers['if-match'] !== undefined)
      checkWriteConditions({ 'if-match': request.headers['if-match'] }, present);
    bucket.objects.delete(request.key);
    return { status: 204 };
  }

  private list({ query, bucket: name }: ParsedRequest, bucket: Bucket): Answer {
    if (query.get('list-type') !== '2') throw new Refusal(501, 'NotImplemented', 'only version 2 of the list');
    const prefix = query.get('prefix') ?? '';
    const delimiter = query.get('delimiter') ?? '';
    const limit = Math.min(Number(query.get('max-keys') ?? '1000'), 1000);
    const token = query.get('continuation-token');
    const after = token === undefined ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString();
    const encode = query.get('encoding-type') === 'url' ? (key: string) => uriEncode(key, false) : (key: string) => key;
    const keys = [...bucket.objects.keys()]
      .filter((key) => key.startsWith(prefix))
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const groupOf = (key: string): string | undefined => {
      const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      return end === -1 ? undefined : key.slice(0, end + delimiter.length);
    };
    const entries = [...new Set(keys.map((key) => groupOf(key) ?? key))].filter(
      (entry) => after === '' || Buffer.compare(Buffer.from(entry), Buffer.from(after)) > 0,
    );
    const page = entries.slice(0, limit);
    const truncated = entries.length > page.length;
    const items = page.map((entry) => {
      const object = bucket.objects.get(entry);
      if (object === undefined) return `<CommonPrefixes>${element('Prefix', encode(entry))}</CommonPrefixes>`;
      const modified = new Date(object.modified).toISOString();
      return `<Contents>${element('Key', encode(entry))}${element('LastModified', modified)}${element('ETag', object.etag)}${element('Size', object.bytes.length)}<StorageClass>STANDARD</StorageClass></Contents>`;
    });
    const next = truncated
      ? element('NextContinuationToken', Buffer.from(page.at(-1) ?? '').toString('base64url'))
      : '';
    const encoding = query.has('encoding-type') ? element('EncodingType', 'url') : '';
    const head = `${element('Name', name)}${element('Prefix', encode(prefix))}${encoding}${element('KeyCount', page.length)}${element('MaxKeys', limit)}`;
    return {
      status: 200,
      body: xml('ListBucketResult', `${head}${element('IsTruncated', truncated)}${next}${items.join('')}`),
    };
  }

  private multipart(operation: string, request: ParsedRequest, bucket: Bucket, caller: Caller): Answer {
    const { query, key, headers } = request;
    if (operation === 'CreateMultipartUpload') {
      const id = randomUUID();
      this.uploads.set(id, { bucket: request.bucket, key, headers: keptHeaders(headers), parts: new Map() });
      const body = element('Bucket', request.bucket) + element('Key', key) + element('UploadId', id);
      return { status: 200, body: xml('InitiateMultipartUploadResult', body) };
    }
    const id = query.get('uploadId') ?? '';
    const upload = this.uploads.get(id);
    if (upload?.key !== key || upload.bucket !== request.bucket) {
      throw new Refusal(404, 'NoSuchUpload', 'The specified multipart upload does not exist.');
    }
    const number = Number(query.get('partNumber'));
    switch (operation) {
      case 'UploadPart': {
        const { bytes, checksums } = verifiedBody(request);
        const etag = etagOf(bytes);
        upload.parts.set(number, { bytes, etag, sha256: checksums['x-amz-checksum-sha256'] });
        return { status: 200, headers: { etag, ...checksums } };
      }
      case 'UploadPartCopy': {
        const source = this.source(request, caller);
        const range = parseRange(headers['x-amz-copy-source-range'], source.bytes.length);
        const bytes = range === undefined ? source.bytes : source.bytes.subarray(range[0], range[1] + 1);
        upload.parts.set(number, { bytes, etag: etagOf(bytes), sha256: undefined });
        const result = element('LastModified', new Date(this.now()).toISOString()) + element('ETag', etagOf(bytes));
        return { status: 200, body: xml('CopyPartResult', result) };
      }
      case 'AbortMultipartUpload':
        this.uploads.delete(id);
        return { status: 204 };
      case 'CompleteMultipartUpload':
        return this.complete(id, upload, request, bucket);
      default:
        return { status: 200, body: xml('ListPartsResult', '') };
    }
  }

  private complete(id: string, upload: Upload, request: ParsedRequest, bucket: Bucket): Answer {
    const named = [...request.body.toString('utf8').matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, text = '']) => ({
      number: Number(/<PartNumber>(\d+)</.exec(text)?.[1]),
      etag: (/<ETag>(.*?)</.exec(text)?.[1] ?? '').replaceAll('&quot;', '').replaceAll('"', ''),
      sha256: /<ChecksumSHA256>(.*?)</.exec(text)?.[1],
    }));
    if (named.length === 0) throw new Refusal(400, 'MalformedXML', 'The XML you provided was not well-formed');
    const parts = named.map(({ number, etag, sha256 }, index) => {
      const part = upload.parts.get(number);
      if (part?.etag !== `"${etag}"` || (sha256 !== undefined && sha256 !== part.sha256)) {
        throw new Refusal(400, 'InvalidPart', 'One or more of the specified parts could not be found.');
      }
      if (number <= (named[index - 1]?.number ?? 0))
        throw new Refusal(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.');
      if (index < named.length - 1 && part.bytes.length < smallestPart) {
        throw new Refusal(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
      }
      return part;
    });
    const bytes = Buffer.concat(parts.map((part) => part.bytes));
    const etag = multipartEtag(parts.map((part) => part.etag));
    this.store(bucket, request, { bytes, etag, headers: upload.headers });
    this.uploads.delete(id);
    const body = element('Bucket', request.bucket) + element('Key', request.key) + element('ETag', etag);
    return { status: 200, body: xml('CompleteMultipartUploadResult', body) };
  }
}

function denied(): Refusal {
  return new Refusal(403, 'AccessDenied', 'Access Denied');
}
