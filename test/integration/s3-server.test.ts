import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { mustRun } from '../support/machine.ts';
import { pythonS3 } from '../support/moto.ts';
import { environmentOf, skipNote } from '../support/python-packages.ts';
import { startS3Server } from '../support/s3-server.ts';

const probe = join(import.meta.dirname, '../support/s3/botocore_probe.py');
const title = `as botocore sees it${skipNote(pythonS3)}`;

describe.skipIf('reason' in pythonS3)(`the S3 server of the tests, ${title}`, () => {
  it('signs, compares, checks and refuses as S3 does', async () => {
    await using server = await startS3Server({ publicRead: true });
    const credentials = [server.accessKeyId, server.secretAccessKey] as const;
    const { stdout } = await mustRun(['python3', probe, server.endpoint, 'packages', ...credentials], {
      env: environmentOf(pythonS3),
    });
    // Codes and statuses are those of the S3 API reference ("List of error codes", "Conditional writes").
    expect(JSON.parse(stdout)).toEqual({
      put: true,
      get: 'one',
      range: 'ne',
      metadata: ['no-cache', 'text/plain', { sha256: 'x' }, 3],
      'create again': 'PreconditionFailed 412',
      'swap stale': 'PreconditionFailed 412',
      swap: true,
      'swap vanished': 'NoSuchKey 404',
      create: true,
      'bad checksum': 'BadDigest 400',
      'bad md5': 'BadDigest 400',
      'nothing bad is stored': 'NoSuchKey 404',
      acl: 'AccessControlListNotSupported 400',
      'key b/+plus': true,
      'key b/~tilde^': true,
      'key b/blank and ü': true,
      'key b/./dot': true,
      'key b//empty': true,
      literal: 'NoSuchKey 404',
      'anonymous read': 'two',
      'anonymous missing': 'AccessDenied 403',
      'anonymous list': 'AccessDenied 403',
      'anonymous put': 'AccessDenied 403',
      missing: 'NoSuchKey 404',
      'no bucket': 'NoSuchBucket 404',
      'wrong secret': 'SignatureDoesNotMatch 403',
      'wrong key': 'InvalidAccessKeyId 403',
      copy: 'b/+plus',
      pages: [5, 5, 2],
      keys: ['b/+plus', 'b/./dot', 'b//empty', 'b/blank and ü', 'b/~tilde^'],
      multipart: [5 * 1024 * 1024 + 4, '-2"', { sha256: 'y' }],
      'multipart again': 'PreconditionFailed 412',
      'delete stale': 'PreconditionFailed 412',
      delete: 'NoSuchKey 404',
      clock: 'RequestTimeTooSkewed 403',
    });
    expect(server.keys()).not.toContain('a/bad');
  });
});
