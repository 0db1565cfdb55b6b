import { describe, expect, it } from 'vitest';

import { bucketPolicy } from '../../../src/cli/bucket-policy.ts';
import { UsageError } from '../../../src/cli/options.ts';
import { parseBucketAddress } from '../../../src/store/bucket-address.ts';
import { bucketPolicyNames, bucketPolicyOf, type BucketPolicyName } from '../../../src/store/bucket-policy.ts';
import { fakeWorld } from '../../support/world.ts';

/** The literal block of Flocker's packaging.rst, "To make the entire bucket public, this bucket has the following policy". */
const documented = `{
     "Version": "2008-10-17",
     "Id": "PolicyForPublicAccess",
     "Statement": [
             {
                     "Sid": "1",
                     "Effect": "Allow",
                     "Principal": "*",
                     "Action": "s3:GetObject",
                     "Resource": "arn:aws:s3:::clusterhq-archive/*"
             }
     ]
}
`;

interface Statement {
  readonly Effect: string;
  readonly Principal?: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: unknown;
}

async function printed(...argv: readonly string[]): Promise<string> {
  const { world, output } = fakeWorld();
  await bucketPolicy(argv, world);
  return output.stdout;
}

async function statements(policy: BucketPolicyName, bucket: string): Promise<readonly Statement[]> {
  return (JSON.parse(await printed(bucket, `--policy=${policy}`)) as { Statement: readonly Statement[] }).Statement;
}

const list = (value: string | readonly string[]): readonly string[] => (typeof value === 'string' ? [value] : value);

/** A policy's wildcard: `*` is any text, slashes included (IAM User Guide, "Using wildcards in ARNs"). */
function covers(patterns: string | readonly string[], resource: string): boolean {
  return list(patterns).some((pattern) =>
    new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(resource),
  );
}

describe('the policies of a bucket', () => {
  it("are the documents', byte for byte", async () => {
    expect(await printed('clusterhq-archive', '--policy=public-read')).toBe(documented);
    expect(await printed('s3://acme/linux/', '--policy=public-read')).toBe(
      documented.replace('clusterhq-archive/*', 'acme/linux/*'),
    );
  });

  it.each(bucketPolicyNames)('%s is JSON, and nothing else', async (name) => {
    for (const bucket of ['acme-packages', 's3://acme-packages/linux'])
      expect(JSON.parse(await printed(bucket, `--policy=${name}`))).toBeTypeOf('object');
  });

  it('are all printed, each with the command that sets it', async () => {
    const text = await printed('acme-packages');
    for (const name of bucketPolicyNames) expect(text).toContain(`# ${name}: `);
    expect(text).toContain('aws s3api put-bucket-policy --bucket acme-packages --policy file://policy.json');
    const [, ...sections] = text.split(/(?:^|\n)# [a-z-]+: .*\n# aws .*\n/);
    expect(sections).toHaveLength(bucketPolicyNames.length);
    for (const section of sections) expect(JSON.parse(section)).toBeTypeOf('object');
  });

  it('make immutable what is written once, and nothing that is written again', async () => {
    for (const [address, root] of [
      ['acme', ''],
      ['s3://acme/linux/x', 'linux/x/'],
    ] as const) {
      const denied = (await statements('modern', address)).find((statement) => statement.Effect === 'Deny');
      const refused = (key: string): boolean => covers(denied?.Resource ?? [], `arn:aws:s3:::acme/${root}${key}`);
      for (const key of [
        'debian/12/amd64/acme-app_1.0-1_amd64.deb',
        'debian/pool/main/a/acme-app/acme-app_1.0-1_amd64.deb',
        'centos-testing/7/x86_64/acme-app-1.0-1.x86_64.rpm',
        'debian/12/amd64/by-hash/SHA256/0123',
        'debian/dists/bookworm/main/binary-amd64/by-hash/SHA256/0123',
        'centos/7/x86_64/repodata/0123-primary.xml.gz',
        'centos/7/x86_64/.snap/1-0123/repodata/repomd.xml',
        'debian/12/amd64/.history/1-0123.json.gz',
      ])
        expect(refused(key), key).toBe(true);
      for (const key of [
        'debian/12/amd64/InRelease',
        'debian/12/amd64/Packages.gz',
        'debian/dists/bookworm/InRelease',
        'centos/7/x86_64/mirrorlist',
        'centos/7/x86_64/repodata/repomd.xml',
        'centos/7/x86_64/repodata/repomd.xml.asc',
        // The newest release package has one address for ever.
        'centos/acme-release.el7.noarch.rpm',
        'debian/acme-release.debian12.all.deb',
        'acme.asc',
        'index.html',
      ])
        expect(refused(key), key).toBe(false);
    }
  });

  it('cover no other part of the bucket, nor a sibling whose name begins alike', async () => {
    for (const name of ['public-read', 'modern', 'publisher', 'gc'] as const)
      for (const { Resource: patterns, Condition: condition } of await statements(name, 's3://acme/linux')) {
        if (list(patterns).includes('arn:aws:s3:::acme')) {
          expect(condition).toEqual({ StringLike: { 's3:prefix': ['linux/*'] } });
          continue;
        }
        for (const key of ['secret/1/2/a.deb', 'linux-secret/1/2/a.deb', 'a/b/c/d.deb'])
          expect(covers(patterns, `arn:aws:s3:::acme/${key}`), `${name} ${key}`).toBe(false);
      }
  });

  it('give each role what it needs and nothing else', async () => {
    const actions = async (name: BucketPolicyName): Promise<readonly string[]> =>
      (await statements(name, 'acme')).flatMap(({ Action: action }) => list(action)).sort();
    expect(await actions('publisher')).toEqual([
      's3:AbortMultipartUpload',
      's3:GetObject',
      's3:ListBucket',
      's3:PutObject',
    ]);
    expect(await actions('gc')).toEqual(['s3:DeleteObject', 's3:GetObject', 's3:ListBucket']);
  });

  it('let anybody list on request only', async () => {
    expect(await printed('acme', '--policy=modern')).not.toContain('ListBucket');
    expect(await printed('acme', '--policy=modern', '--listing')).toContain('"Action": "s3:ListBucket"');
  });

  it('name the partition that was asked for', () => {
    const request = { bucket: 'acme', prefix: '', partition: 'aws-cn', listing: false } as const;
    expect(bucketPolicyOf('modern', request).text).toContain('"arn:aws-cn:s3:::acme/*"');
  });
});

describe('the name of a bucket', () => {
  it.each([
    ['acme-packages', 'acme-packages', ''],
    ['s3://acme.packages', 'acme.packages', ''],
    ['s3://acme-packages/', 'acme-packages', ''],
    ['s3://acme-packages/linux/stable/', 'acme-packages', 'linux/stable'],
  ])('is read: %s', (text, bucket, prefix) => {
    expect(parseBucketAddress(text)).toEqual({ bucket, prefix });
  });

  // Amazon S3 User Guide, "General purpose bucket naming rules".
  it.each([
    ['', '3 to 63'],
    ['ab', '3 to 63'],
    ['a'.repeat(64), '3 to 63'],
    ['Acme', 'capital'],
    ['acme_packages', 'lower-case letters, digits'],
    ['acme packages', 'lower-case letters, digits'],
    ['acme*', 'lower-case letters, digits'],
    ['-acme', 'begin and end'],
    ['acme.', 'begin and end'],
    ['ac..me', '".."'],
    ['192.168.5.4', 'IP address'],
    ['xn--acme', 'Amazon keeps'],
    ['sthree-acme', 'Amazon keeps'],
    ['acme-s3alias', 'Amazon keeps'],
    ['acme--x-s3', 'Amazon keeps'],
    ['https://acme.s3.amazonaws.com', 'not the address of a bucket'],
    ['s3://acme/a//b', 'no prefix'],
    ['s3://acme/../b', 'no prefix'],
    ['s3://acme/*', 'no prefix'],
    ['s3://acme/${aws:username}', 'no prefix'],
    ['acme/a"b', 'no prefix'],
  ])('is refused: %s', (text, message) => {
    expect(() => parseBucketAddress(text)).toThrow(message);
  });

  it('has to be given, once', () => {
    expect(() => bucketPolicy([], fakeWorld().world)).toThrow(UsageError);
    expect(() => bucketPolicy(['acme', 'beta'], fakeWorld().world)).toThrow('one bucket only');
    expect(() => bucketPolicy(['acme', '--policy=private'], fakeWorld().world)).toThrow(UsageError);
  });
});
