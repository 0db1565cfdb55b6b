import { Command, Option } from 'commander';

import { parseBucketAddress } from '../store/bucket-address.ts';
import {
  bucketPolicyNames,
  partitions,
  type BucketPolicyName,
  type BucketPolicyRequest,
} from '../store/bucket-policy.ts';
import { parse, UsageError } from './options.ts';
import type { World } from './world.ts';

/** What `bucket-policy` was asked. */
export interface BucketPolicyOptions {
  readonly request: BucketPolicyRequest;
  /** More than one when all were asked for. */
  readonly names: readonly BucketPolicyName[];
}

interface Raw {
  readonly policy: BucketPolicyName | 'all';
  readonly partition: BucketPolicyRequest['partition'];
  readonly listing?: boolean;
}

function bucketPolicyCommand(): Command {
  return (
    new Command('bucket-policy')
      .description(
        'Prints how a bucket that holds package repositories is set up: who may read, write and delete.\n\n' +
          'The bucket is its name, or s3://bucket/prefix for a part of one. Nothing is changed.',
      )
      // Commander's own count of arguments would have us ask for --distribution.
      .argument('[bucket...]', 'The name of the bucket, or s3://bucket/prefix')
      .addOption(
        new Option('--policy <name>', 'Print this one alone, as JSON; without it all, with how each is set')
          .choices([...bucketPolicyNames, 'all'])
          .default('all'),
      )
      .option('--listing', 'Let anybody list the bucket, too (modern)')
      .addOption(
        new Option('--partition <name>', "Amazon's partition that the bucket is in").choices(partitions).default('aws'),
      )
      .helpOption('-h, --help', 'Show this help')
      .exitOverride()
  );
}

/**
 * Reads the command line of `bucket-policy`.
 * @throws UsageError, HelpShown, CoachbuilderError `usage` for a name that no bucket can have
 */
export function parseBucketPolicyOptions(argv: readonly string[], world: World): BucketPolicyOptions {
  const command = bucketPolicyCommand();
  parse(command, argv, world);
  const { policy, partition, listing } = command.opts<Raw>();
  const [bucket, ...others] = command.args;
  const usage = (message: string): UsageError => new UsageError(command.helpInformation().trimEnd(), message);
  if (bucket === undefined) throw usage('Must specify a bucket.');
  if (others.length > 0) throw usage('Must specify one bucket only.');
  return {
    request: { ...parseBucketAddress(bucket), partition, listing: listing === true },
    names: policy === 'all' ? bucketPolicyNames : [policy],
  };
}
