import type { Distribution } from '../distributions/distribution.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { Reporter } from '../report/event.ts';
import { readKeyFile } from '../signing/key-facts.ts';
import { judgeKey } from '../signing/policy.ts';

/**
 * Makes sure, before anything is signed, that the clients of all distributions accept the key; says what they warn of.
 * @param keyText the armoured public keys that clients have, since gpg's own copy may have been extended or certified anew
 * @param fingerprint of the one that signs
 * @throws CoachbuilderError `key-unusable` that names every distribution that would refuse it, with the reasons
 */
export function requireAcceptedKey(
  { keyText, fingerprint }: { readonly keyText: string; readonly fingerprint: string },
  distributions: readonly Distribution[],
  { now, reporter }: { readonly now: Date; readonly reporter: Reporter },
): void {
  const { keys } = readKeyFile(Buffer.from(keyText), fingerprint);
  const signing = keys.filter((facts) => facts.fingerprint === fingerprint);
  const judged = signing.flatMap((facts) => judgeKey(facts, distributions, now));
  const refusing = judged.filter(({ verdict }) => verdict === 'refuses');
  if (refusing.length > 0) {
    throw new CoachbuilderError(
      'key-unusable',
      `clients of ${refusing.map(({ distribution }) => distribution).join(', ')} would refuse what ${fingerprint} signs`,
      {
        details: refusing.map(({ distribution, reasons }) => `${distribution}: ${reasons.join('; ')}`),
        hint: 'look at it with admin/check-key (a key that was extended has to be exported into release.key again), make a key that all accept with admin/create-key, or leave those distributions out; nothing was published',
      },
    );
  }
  const warnings = new Set(judged.filter(({ verdict }) => verdict === 'warns').flatMap(({ reasons }) => reasons));
  for (const reason of warnings)
    reporter.report({ type: 'warning', message: `the signing key ${fingerprint}: ${reason}` });
}
