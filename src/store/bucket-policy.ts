import type { BucketAddress } from '../model/store-location.ts';

/** The settings of a bucket that `admin/bucket-policy` prints. */
export const bucketPolicyNames = ['public-read', 'modern', 'publisher', 'gc', 'lifecycle', 'public-access'] as const;
export type BucketPolicyName = (typeof bucketPolicyNames)[number];

/** Amazon's partitions: the second part of every ARN. Other servers use `aws`. */
export const partitions = ['aws', 'aws-cn', 'aws-us-gov'] as const;

export interface BucketPolicyRequest extends BucketAddress {
  readonly partition: (typeof partitions)[number];
  /** Whether anybody may list the bucket, too: a missing object is then 404 instead of 403. */
  readonly listing: boolean;
}

export interface BucketPolicy {
  readonly name: BucketPolicyName;
  /** What it is for, one line. */
  readonly title: string;
  /** The command that sets it; the file is the policy. */
  readonly command: string;
  /** JSON, with a line feed at its end. */
  readonly text: string;
}

function bucketArn({ partition, bucket }: BucketPolicyRequest): string {
  return `arn:${partition}:s3:::${bucket}`;
}

/** The objects of the repository that match a pattern; a `*` of policies matches slashes, too. */
function objects(request: BucketPolicyRequest, pattern: string): string {
  return `${bucketArn(request)}/${request.prefix === '' ? '' : `${request.prefix}/`}${pattern}`;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The policy as Flocker's documents print it, white space included: "To make the entire bucket public". */
function publicRead(request: BucketPolicyRequest): string {
  return [
    '{',
    '     "Version": "2008-10-17",',
    '     "Id": "PolicyForPublicAccess",',
    '     "Statement": [',
    '             {',
    '                     "Sid": "1",',
    '                     "Effect": "Allow",',
    '                     "Principal": "*",',
    '                     "Action": "s3:GetObject",',
    `                     "Resource": "${objects(request, '*')}"`,
    '             }',
    '     ]',
    '}',
    '',
  ].join('\n');
}

/**
 * What is written once and never again. Packages lie at least three directories deep, in every layout; a release package
 * lies one deep, at the stable address of its newest version (`centos/acme-release.el7.noarch.rpm`), and stays replaceable.
 */
const immutable = [
  '*/*/*/*.deb',
  '*/*/*/*.rpm',
  '*/by-hash/*',
  '*/repodata/*-primary.xml.gz',
  '*/repodata/*-filelists.xml.gz',
  '*/repodata/*-other.xml.gz',
  '*/.snap/*',
  '*/.history/*',
];

/** Amazon S3 User Guide, "Enforce conditional writes on Amazon S3 buckets": the second condition excepts parts of an upload. */
const createsUnconditionally = { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } };

function modern(request: BucketPolicyRequest): string {
  const list = {
    Sid: 'AnybodyLists',
    Effect: 'Allow',
    Principal: '*',
    Action: 's3:ListBucket',
    Resource: bucketArn(request),
    ...ofPrefix(request),
  };
  return json({
    Version: '2012-10-17',
    Id: 'PackageRepository',
    Statement: [
      {
        Sid: 'AnybodyReads',
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: objects(request, '*'),
      },
      ...(request.listing ? [list] : []),
      {
        Sid: 'PublishedPackagesAreImmutable',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:PutObject',
        Resource: immutable.map((pattern) => objects(request, pattern)),
        Condition: createsUnconditionally,
      },
    ],
  });
}

/** Listing is an action on the bucket: which part of it is a condition. */
function ofPrefix({ prefix }: BucketPolicyRequest): object {
  return prefix === '' ? {} : { Condition: { StringLike: { 's3:prefix': [`${prefix}/*`] } } };
}

function roleOf(request: BucketPolicyRequest, sid: string, actions: readonly string[]): string {
  return json({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: `${sid}Lists`,
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: bucketArn(request),
        ...ofPrefix(request),
      },
      { Sid: sid, Effect: 'Allow', Action: actions, Resource: objects(request, '*') },
    ],
  });
}

/** A bucket has one lifecycle configuration: setting it replaces the rules that are there. */
function lifecycle({ prefix }: BucketPolicyRequest): string {
  const rule = { Status: 'Enabled', Filter: { Prefix: prefix === '' ? '' : `${prefix}/` } };
  return json({
    Rules: [
      { ID: 'abort-incomplete-uploads', ...rule, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
      { ID: 'forget-replaced-versions', ...rule, NoncurrentVersionExpiration: { NoncurrentDays: 30 } },
    ],
  });
}

/** ACLs are refused and ignored; a policy, which is what makes a repository public, is not. */
const publicAccess = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: false,
  RestrictPublicBuckets: false,
};

type Writer = Omit<BucketPolicy, 'name' | 'command'> & { readonly command: (bucket: string) => string };

function writers(request: BucketPolicyRequest): Readonly<Record<BucketPolicyName, Writer>> {
  const bucketPolicy = (bucket: string): string =>
    `aws s3api put-bucket-policy --bucket ${bucket} --policy file://policy.json`;
  const rolePolicy = (role: string) => (): string =>
    `aws iam put-role-policy --role-name ${role} --policy-name ${role} --policy-document file://policy.json`;
  return {
    'public-read': {
      title: 'bucket policy: anybody may read, and nothing more is said',
      command: bucketPolicy,
      text: publicRead(request),
    },
    modern: {
      title: 'bucket policy: anybody may read, and what was published is never overwritten',
      command: bucketPolicy,
      text: modern(request),
    },
    // "If-Match" needs s3:GetObject beside s3:PutObject. No s3:DeleteObject, no s3:PutObjectAcl.
    publisher: {
      title: 'policy of the role that publishes, promotes, yanks and refreshes: it cannot delete',
      command: rolePolicy('package-publisher'),
      text: roleOf(request, 'Publishes', ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload']),
    },
    gc: {
      title: 'policy of the role that collects garbage: it cannot write',
      command: rolePolicy('package-collector'),
      text: roleOf(request, 'CollectsGarbage', ['s3:GetObject', 's3:DeleteObject']),
    },
    lifecycle: {
      title: 'lifecycle of the bucket: what uploads left behind, and what a versioned bucket keeps of replaced objects',
      command: (bucket) =>
        `aws s3api put-bucket-lifecycle-configuration --bucket ${bucket} --lifecycle-configuration file://policy.json`,
      text: lifecycle(request),
    },
    'public-access': {
      title: 'public access block: no ACLs, but a policy may make the bucket public; set it before the bucket policy',
      command: (bucket) =>
        `aws s3api put-public-access-block --bucket ${bucket} --public-access-block-configuration file://policy.json`,
      text: json(publicAccess),
    },
  };
}

/** Says how a bucket has to be set up; pure. */
export function bucketPolicyOf(name: BucketPolicyName, request: BucketPolicyRequest): BucketPolicy {
  const { title, command, text } = writers(request)[name];
  return { name, title, command: command(request.bucket), text };
}
