import type { Distribution } from '../distributions/distribution.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { Reporter } from '../report/event.ts';
import type { KeyFacts } from '../signing/key-facts.ts';
import { judgeKey } from '../signing/policy.ts';
import type { Signer } from '../signing/signer.ts';

/**
 * Makes sure, before anything is signed, that the clients of all distributions accept the key; says what they warn of.
 * @param keys the public keys that clients have, since gpg's own copy may have been extended or certified anew
 * @param signer what signs: the primary key, or a subkey of it
 * @throws CoachbuilderError `key-unusable` that names every distribution that would refuse it, with the reasons
 */
export function requireAcceptedKey(
  {
    keys,
    signer: { fingerprint, signingFingerprint },
  }: {
    readonly keys: readonly KeyFacts[];
    readonly signer: Pick<Signer, 'fingerprint' | 'signingFingerprint'>;
  },
  distributions: readonly Distribution[],
  { now, reporter }: { readonly now: Date; readonly reporter: Reporter },
): void {
  const bySubkey = signingFingerprint !== fingerprint;
  const title = bySubkey ? `the subkey ${signingFingerprint} of ${fingerprint}` : fingerprint;
  const own = keys.filter((facts) => facts.fingerprint === fingerprint);
  const judged = own.flatMap((facts) => judgeKey(facts, distributions, now, signingFingerprint));
  const refusing = judged.filter(({ verdict }) => verdict === 'refuses');
  if (refusing.length > 0) {
    const primary = bySubkey ? 'sign with the primary key, which needs its secret part, ' : '';
    throw new CoachbuilderError(
      'key-unusable',
      `clients of ${refusing.map(({ distribution }) => distribution).join(', ')} would refuse what ${title} signs`,
      {
        details: refusing.map(({ distribution, reasons }) => `${distribution}: ${reasons.join('; ')}`),
        hint: `look at it with admin/check-key (a key that was extended has to be exported into release.key again), ${primary}make a key that all accept with admin/create-key, or leave those distributions out; nothing was published`,
      },
    );
  }
  const warnings = new Set(judged.filter(({ verdict }) => verdict === 'warns').flatMap(({ reasons }) => reasons));
  for (const reason of warnings) reporter.report({ type: 'warning', message: `the signing key ${title}: ${reason}` });
}
