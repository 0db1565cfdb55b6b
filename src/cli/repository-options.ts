import { resolve } from 'node:path';

import { type Command } from 'commander';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { isBucket, judgeEndpoint, judgeStore, type Refusal } from '../model/store-location.ts';
import type { Verbosity } from '../report/lines.ts';
import { addProgressOptions, chooseProgress, type Progress } from './options.ts';
import {
  addSigningOptions,
  readSigningOptions,
  type RawSigningOptions,
  type SigningOptions,
} from './signing-options.ts';
import type { World } from './world.ts';

/** What every command about a published repository was asked. */
export interface RepositoryOptions {
  /** `s3://bucket/prefix` or an absolute path; undefined: the manifest says it. */
  readonly to: string | undefined;
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  /** As given; undefined: that of the working directory. */
  readonly manifest: string | undefined;
  /** Whether what was published is read back through its public address. */
  readonly readBack: boolean;
  readonly signing: SigningOptions;
  readonly verbosity: Verbosity;
  readonly progress: Progress;
  readonly buildDirectory: string | undefined;
}

/** What commander hands over. */
export interface RawRepositoryOptions extends RawSigningOptions {
  readonly to?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly manifest?: string;
  readonly readBack?: boolean;
  readonly verbose?: boolean;
  readonly quiet?: boolean;
  readonly progress: 'auto' | Progress;
  readonly buildDirectory?: string;
}

/** Adds the options that say which repository a command is about, with which key, and how it talks. */
export function addRepositoryOptions(command: Command): Command {
  command
    .option('--to <store>', 's3://bucket/prefix, or a directory; without it repository.store of the manifest')
    .option('--endpoint <url>', 'The address of an S3-compatible server')
    .option('--region <name>', 'The region of the bucket')
    .option('--manifest <file>', 'The manifest with the section release; without it that of the working directory');
  return addProgressOptions(
    addSigningOptions(command).option('--no-read-back', 'Do not look at what was published through its public address'),
  )
    .option('--build-directory <directory>', 'Keep the log and the receipt there')
    .helpOption('-h, --help', 'Show this help')
    .exitOverride();
}

/** Before packages are read and keys are opened: a variable that was empty, an address of another kind. */
function requireAccepted(option: string, refusal: Refusal | undefined): void {
  if (refusal !== undefined)
    throw new CoachbuilderError('usage', `${option}=${refusal.message}`, { hint: refusal.hint });
}

/** @throws CoachbuilderError `usage` */
export function readRepositoryOptions(raw: RawRepositoryOptions, world: World): RepositoryOptions {
  const { to, endpoint, region, manifest, buildDirectory } = raw;
  if (to !== undefined) requireAccepted('--to', judgeStore(to));
  if (endpoint !== undefined) requireAccepted('--endpoint', judgeEndpoint(endpoint));
  return {
    to: to === undefined || isBucket(to) ? to : resolve(world.cwd, to),
    ...{ endpoint, region, manifest, buildDirectory },
    readBack: raw.readBack !== false,
    signing: readSigningOptions(raw, world),
    ...chooseProgress(raw, world),
  };
}
