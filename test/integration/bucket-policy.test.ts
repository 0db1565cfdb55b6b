import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectAclCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { parseBucketAddress } from '../../src/store/bucket-address.ts';
import { bucketPolicyOf, type BucketPolicyName } from '../../src/store/bucket-policy.ts';
import { startS3Server, type S3Server } from '../support/s3-server.ts';

const users = {
  owner: { accessKeyId: 'AKIAOWNER', secretAccessKey: 'owner-of-the-bucket' },
  publisher: { accessKeyId: 'AKIAPUBLISHER', secretAccessKey: 'publishes-packages' },
  gc: { accessKeyId: 'AKIACOLLECTOR', secretAccessKey: 'collects-garbage' },
} as const;
type User = keyof typeof users;

function policy(name: BucketPolicyName, address: string, listing = false): string {
  return bucketPolicyOf(name, { ...parseBucketAddress(address), partition: 'aws', listing }).text;
}

/** What AWS's own client is told: the status of the answer. */
async function status(answer: Promise<{ readonly $metadata: { readonly httpStatusCode?: number } }>): Promise<number> {
  try {
    return (await answer).$metadata.httpStatusCode ?? 0;
  } catch (error) {
    const { $metadata: metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
    if (metadata?.httpStatusCode === undefined) throw error;
    return metadata.httpStatusCode;
  }
}

describe.each([
  ['packages', ''],
  ['s3://packages/linux', 'linux/'],
])('the policies of %s, on a server that enforces them', (address, prefix) => {
  let server: S3Server;
  const clients: Partial<Record<User, S3Client>> = {};

  beforeAll(async () => {
    server = await startS3Server({
      users: [
        users.owner,
        { ...users.publisher, policy: policy('publisher', address) },
        { ...users.gc, policy: policy('gc', address) },
      ],
    });
    for (const user of Object.keys(users) as User[])
      clients[user] = new S3Client({
        ...{ endpoint: server.endpoint, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1 },
        credentials: users[user],
      });
    server.setPolicy(policy('modern', address));
  });

  afterAll(async () => {
    for (const client of Object.values(clients)) client.destroy();
    await server[Symbol.asyncDispose]();
  });

  const as = (user: User): S3Client => clients[user] ?? new S3Client();
  const put = (key: string, user: User, condition: { IfNoneMatch?: string; IfMatch?: string } = {}): Promise<number> =>
    status(as(user).send(new PutObjectCommand({ Bucket: 'packages', Key: prefix + key, Body: 'x', ...condition })));
  const remove = (key: string, user: User): Promise<number> =>
    status(as(user).send(new DeleteObjectCommand({ Bucket: 'packages', Key: prefix + key })));
  const anonymous = async (method: string, key: string): Promise<number> =>
    (await fetch(`${server.endpoint}/packages/${prefix}${key}`, { method, ...(method === 'PUT' ? { body: 'x' } : {}) }))
      .status;

  it.each([
    'debian/12/amd64/app_1_amd64.deb',
    'centos/7/x86_64/app-1.x86_64.rpm',
    'debian/12/amd64/by-hash/SHA256/0123',
    'centos/7/x86_64/repodata/0123-primary.xml.gz',
    'centos/7/x86_64/.snap/1-0123/repodata/repomd.xml',
    'debian/12/amd64/.history/1-0123.json.gz',
    'debian/pool/bookworm/main/app/app_1_amd64.deb',
  ])('let %s be created, and never be overwritten, whoever asks', async (key) => {
    for (const user of ['owner', 'publisher'] as const) {
      const own = key.replace('1', user.charAt(0));
      expect(await put(own, user)).toBe(403);
      expect(await put(own, user, { IfNoneMatch: '*' })).toBe(200);
      expect(await put(own, user, { IfNoneMatch: '*' })).toBe(412);
      // An exchange would overwrite it, too.
      const etag = server.object(prefix + own)?.etag ?? '';
      expect(await put(own, user, { IfMatch: etag })).toBe(403);
    }
  });

  it.each([
    'debian/12/amd64/InRelease',
    'centos/7/x86_64/mirrorlist',
    'centos/7/x86_64/repodata/repomd.xml',
    'acme.asc',
  ])('let %s be written again', async (key) => {
    expect(await put(key, 'publisher')).toBe(200);
    expect(await put(key, 'publisher', { IfMatch: server.object(prefix + key)?.etag ?? '' })).toBe(200);
  });

  it('let a release package be replaced at its address', async () => {
    for (const key of ['centos/acme-release.el7.noarch.rpm', 'debian/acme-release.debian12.all.deb']) {
      expect(await put(key, 'publisher')).toBe(200);
      expect(await put(key, 'publisher')).toBe(200);
    }
  });

  it('let anybody read, and nobody else write, delete or list', async () => {
    await put('debian/12/amd64/InRelease', 'publisher');
    expect(await anonymous('GET', 'debian/12/amd64/InRelease')).toBe(200);
    expect(await anonymous('HEAD', 'debian/12/amd64/InRelease')).toBe(200);
    expect(await anonymous('GET', 'debian/12/amd64/nothing')).toBe(403);
    expect(await anonymous('PUT', 'debian/12/amd64/InRelease')).toBe(403);
    expect(await anonymous('PUT', 'debian/12/amd64/new.deb')).toBe(403);
    expect(await anonymous('DELETE', 'debian/12/amd64/InRelease')).toBe(403);
    expect((await fetch(`${server.endpoint}/packages?list-type=2`)).status).toBe(403);
  });

  it('let anybody list on request, so that what is missing is 404', async () => {
    server.setPolicy(policy('modern', address, true));
    try {
      const query = `list-type=2&prefix=${encodeURIComponent(prefix)}`;
      expect((await fetch(`${server.endpoint}/packages?${query}`)).status).toBe(200);
      if (prefix === '') expect(await anonymous('GET', 'debian/12/amd64/nothing')).toBe(404);
    } finally {
      server.setPolicy(policy('modern', address));
    }
  });

  it('let the publisher write and the collector delete, and neither do what the other does', async () => {
    expect(await put('debian/12/amd64/InRelease', 'publisher')).toBe(200);
    expect(await remove('debian/12/amd64/InRelease', 'publisher')).toBe(403);
    expect(await put('debian/12/amd64/InRelease', 'gc')).toBe(403);
    expect(await put('debian/12/amd64/new.deb', 'gc', { IfNoneMatch: '*' })).toBe(403);
    for (const user of ['publisher', 'gc'] as const) {
      const list = new ListObjectsV2Command({ Bucket: 'packages', Prefix: `${prefix}debian/` });
      expect(await status(as(user).send(list))).toBe(200);
      const get = new GetObjectCommand({ Bucket: 'packages', Key: `${prefix}debian/12/amd64/InRelease` });
      expect(await status(as(user).send(get))).toBe(200);
      const acl = new PutObjectAclCommand({
        ...{ Bucket: 'packages', Key: `${prefix}debian/12/amd64/InRelease`, ACL: 'public-read' },
      });
      expect(await status(as(user).send(acl))).toBeGreaterThanOrEqual(400);
    }
    expect(await remove('debian/12/amd64/InRelease', 'gc')).toBe(204);
  });

  it.runIf(prefix !== '')('say nothing about the rest of the bucket', async () => {
    server.tamper('secret/1/2/a.deb', Buffer.from('x'));
    server.tamper('linux-secret', Buffer.from('x'));
    for (const key of ['secret/1/2/a.deb', 'linux-secret']) {
      expect((await fetch(`${server.endpoint}/packages/${key}`)).status).toBe(403);
      const get = new GetObjectCommand({ Bucket: 'packages', Key: key });
      expect(await status(as('publisher').send(get))).toBe(403);
      expect(await status(as('gc').send(new DeleteObjectCommand({ Bucket: 'packages', Key: key })))).toBe(403);
      expect(await status(as('gc').send(new ListObjectsV2Command({ Bucket: 'packages', Prefix: 'secret/' })))).toBe(
        403,
      );
    }
    expect(
      await status(as('owner').send(new PutObjectCommand({ Bucket: 'packages', Key: 'a/b/c/d.deb', Body: 'x' }))),
    ).toBe(200);
  });

  it("are accepted by it: the documents' policy, too", async () => {
    server.setPolicy(policy('public-read', address));
    await put('debian/12/amd64/InRelease', 'publisher');
    expect(await anonymous('GET', 'debian/12/amd64/InRelease')).toBe(200);
    expect(await anonymous('PUT', 'debian/12/amd64/InRelease')).toBe(403);
    // What it does not do: the reason for the modern one.
    expect(await put('debian/12/amd64/app_9_amd64.deb', 'publisher')).toBe(200);
    expect(await put('debian/12/amd64/app_9_amd64.deb', 'publisher')).toBe(200);
  });
});
