import type { Distribution } from '../distributions/distribution.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { Reporter } from '../report/event.ts';
import { readKeyFile } from '../signing/key-facts.ts';
import { judgeKey } from '../signing/policy.ts';
import type { Signer } from '../signing/signer.ts';

/**
 * Makes sure, before anything is signed, that the clients of all distributions accept the key; says what they warn of.
 * @throws CoachbuilderError `key-unusable` that names every distribution that would refuse it, with the reasons
 */
export function requireAcceptedKey(
  { publicKey, fingerprint }: Pick<Signer, 'publicKey' | 'fingerprint'>,
  distributions: readonly Distribution[],
  { now, reporter }: { readonly now: Date; readonly reporter: Reporter },
): void {
  const { keys } = readKeyFile(Buffer.from(publicKey), fingerprint);
  const judged = keys.flatMap((facts) => judgeKey(facts, distributions, now));
  const refusing = judged.filter(({ verdict }) => verdict === 'refuses');
  if (refusing.length > 0) {
    throw new CoachbuilderError(
      'key-unusable',
      `clients of ${refusing.map(({ distribution }) => distribution).join(', ')} would refuse what ${fingerprint} signs`,
      {
        details: refusing.map(({ distribution, reasons }) => `${distribution}: ${reasons.join('; ')}`),
        hint: 'look at it with admin/check-key, make a key that all accept with admin/create-key, or leave those distributions out; nothing was published',
      },
    );
  }
  const warnings = new Set(judged.filter(({ verdict }) => verdict === 'warns').flatMap(({ reasons }) => reasons));
  for (const reason of warnings)
    reporter.report({ type: 'warning', message: `the signing key ${fingerprint}: ${reason}` });
}
