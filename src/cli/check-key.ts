import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { Distribution } from '../distributions/distribution.ts';
import { selectDistributions } from '../distributions/select.ts';
import { builtInDistributions } from '../distributions/table.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { ManifestFile } from '../manifest/read.ts';
import { formatCount } from '../report/format.ts';
import { judgementJson, judgementText, type JudgedKey } from '../signing/judgement.ts';
import { readKeyFile } from '../signing/key-facts.ts';
import { judgeKey } from '../signing/policy.ts';
import { isErrno } from '../system/files.ts';
import { parseCheckKeyOptions, type CheckKeyOptions } from './key-options.ts';
import { findManifest } from './order.ts';
import type { World } from './world.ts';

function keyFile(options: CheckKeyOptions, manifest: ManifestFile | undefined): string {
  if (options.file !== undefined) return options.file;
  const key = manifest?.written.release?.key;
  if (manifest !== undefined && key !== undefined) return resolve(manifest.directory, key);
  throw new CoachbuilderError('usage', 'no key file is named, and no manifest names one', {
    hint: 'give the file of a public key, or run this where the manifest has release.key; admin/create-key makes a key',
  });
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) throw error;
    throw new CoachbuilderError('key-unusable', `there is no key file ${file}`, {
      hint: 'write one with: gpg --armor --export <fingerprint>',
      cause: error,
    });
  }
}

function targets(options: CheckKeyOptions, manifest: ManifestFile | undefined): readonly Distribution[] {
  const table = manifest?.distributions ?? builtInDistributions();
  const words = options.distributions.length > 0 ? options.distributions : (manifest?.written.targets ?? ['all']);
  return selectDistributions(words, table);
}

/** The error for a key that somebody would refuse; undefined when all take it. */
function refusal(keys: readonly JudgedKey[], file: string): CoachbuilderError | undefined {
  const refusing = new Set(
    keys.flatMap(({ verdicts }) =>
      verdicts.flatMap(({ verdict, distribution }) => (verdict === 'refuses' ? [distribution] : [])),
    ),
  );
  if (refusing.size === 0) return undefined;
  return new CoachbuilderError(
    'key-unusable',
    `${formatCount(refusing.size, 'distribution')} would refuse ${file}: ${[...refusing].join(', ')}`,
    { hint: 'make a key that all accept with admin/create-key, or leave those distributions out' },
  );
}

/**
 * The command `check-key`: what the clients of each distribution make of a public key.
 * @throws CoachbuilderError `key-unusable` after printing when one would refuse it, `usage`; UsageError, HelpShown
 */
export async function checkKey(argv: readonly string[], world: World): Promise<void> {
  const options = parseCheckKeyOptions(argv, world);
  const manifest = await findManifest({ manifest: options.manifest, packageUri: '.' }, world);
  const file = keyFile(options, manifest);
  const distributions = targets(options, manifest);
  const { keys } = readKeyFile(await readBytes(file), file);
  const judged = keys.map((facts) => ({ facts, verdicts: judgeKey(facts, distributions, world.now) }));
  world.stdout(options.json ? judgementJson(judged) : judgementText(judged));
  const error = refusal(judged, file);
  if (error !== undefined) throw error;
}
