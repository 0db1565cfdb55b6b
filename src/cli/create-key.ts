import { readFile } from 'node:fs/promises';

import { builtInDistributions } from '../distributions/table.ts';
import { quoteShell } from '../formats/quote-shell.ts';
import { keyTools } from '../plan/required-tools.ts';
import { createKey as makeKey, type CreatedKey } from '../signing/create-key.ts';
import { readKeyFile } from '../signing/key-facts.ts';
import { judgeKey } from '../signing/policy.ts';
import { parseCreateKeyOptions, type CreateKeyOptions } from './key-options.ts';
import { openSession, setUpTools } from './session.ts';
import { readPassphrase } from './signing-options.ts';
import type { World } from './world.ts';

function nextSteps(key: CreatedKey, options: CreateKeyOptions): string {
  const { gpgHome, passphrase } = options.signing;
  const home = gpgHome === undefined ? '' : `GNUPGHOME=${quoteShell(gpgHome)} `;
  return [
    `fingerprint: ${key.fingerprint}`,
    `public key:  ${key.publicFile}`,
    ...(key.secretFile === undefined
      ? []
      : [`secret key:  ${key.secretFile} (mode 0600; whoever has it signs as you)`]),
    ...(passphrase === undefined ? ['passphrase:  none; whoever can read the secret key signs as you'] : []),
    '',
    'Next:',
    '  1. Commit the public key, and name both in the manifest:',
    '       release:',
    '         key: <path of the public key, relative to the manifest>',
    '       repository:',
    `         signing-key: ${key.fingerprint}`,
    '  2. Keep a copy of the secret key where only you can get at it; a lost key cannot be replaced quietly:',
    `       ${home}gpg --armor --output signing-key.secret.asc --export-secret-keys ${key.fingerprint}`,
    '  3. Publish: admin/publish-packages signs with it.',
    '',
  ].join('\n');
}

/**
 * The command `create-key`.
 * @throws CoachbuilderError `output-exists`, `output-unwritable`, `key-unusable`, `signing-failed`, `tool-missing`, `usage`;
 * UsageError, HelpShown
 */
export async function createKey(argv: readonly string[], world: World): Promise<void> {
  const options = parseCreateKeyOptions(argv, world);
  const passphrase = await readPassphrase(options.signing.passphrase);
  const plain = { progress: 'plain', verbosity: 'quiet', buildDirectory: undefined, offline: false } as const;
  await using session = await openSession(plain, world);
  await setUpTools(keyTools, session, world);
  const { user, expire, output, exportSecret } = options;
  const { gpgHome } = options.signing;
  const key = await makeKey({ user, expire, output, exportSecret, passphrase, gpgHome }, session.ports);
  const { keys } = readKeyFile(await readFile(key.publicFile), key.publicFile);
  const reasons = keys.flatMap((facts) =>
    judgeKey(facts, [...builtInDistributions().values()], world.now).flatMap((verdict) => verdict.reasons),
  );
  for (const message of new Set(reasons)) session.ports.reporter.report({ type: 'warning', message });
  session.ports.reporter.close();
  world.stdout(nextSteps(key, options));
}
