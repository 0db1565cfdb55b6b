import type { Distribution } from '../distributions/distribution.ts';
import { aptClients, clientOf, clients, clientTitles, type Client } from './clients.ts';
import type { KeyFacts, KeyPart } from './key-facts.ts';

export type Verdict = 'accepts' | 'warns' | 'refuses';

/** What the client of a distribution makes of a key. */
export interface KeyVerdict {
  /** The distribution's id. */
  readonly distribution: string;
  readonly client: Client;
  readonly verdict: Verdict;
  /** Why it does not simply accept it; sentences without a full stop. */
  readonly reasons: readonly string[];
}

/** What rules look at: the key, the part of it that signs, and the day. */
interface State {
  readonly key: KeyFacts;
  /** Undefined when nothing in the key can sign, or not what is said to sign. */
  readonly signing: KeyPart | undefined;
  /** The fingerprint of what is said to sign, when that is known. */
  readonly signedBy: string | undefined;
  readonly now: Date;
}

interface Answer {
  readonly verdict: Exclude<Verdict, 'accepts'>;
  readonly reason: string;
}

type Rule = (state: State) => Readonly<Partial<Record<Client, Answer>>>;

const nobody: Readonly<Partial<Record<Client, Answer>>> = {};

function answers(who: readonly Client[], verdict: Answer['verdict'], reason: string): Partial<Record<Client, Answer>> {
  return Object.fromEntries(who.map((client) => [client, { verdict, reason }]));
}

const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);

/** Days before its end from which on a key is warned of: fleets need that long to get a release package. */
export const warningDays = 90;

function seconds(now: Date): number {
  return Math.floor(now.getTime() / 1000);
}

const sequoia = ['rpm-sequoia', 'dnf5'] as const satisfies readonly Client[];
const ownParsers = ['rpm-4.11', 'rpm-4.14', 'rpm-4.16', 'rpm-4.16-amazon'] as const satisfies readonly Client[];

/*
 * What is marked [ran] was measured with that client: gpgv 2.2 and rpm 4.18 of Debian 12, sqv 1.3 under apt's own policy
 * and rpm 4.20 with Sequoia of Debian 13; test/acceptance/keys.test.ts does so again. [issue] is told by users of the client,
 * [source] is read in its source, and [common] is general knowledge.
 */
const rules: readonly Rule[] = [
  // RSA below 2048 bits: Ubuntu 24.04 prints "uses weak algorithm (rsa1024)" [issue]; Sequoia: not since 2014 [ran].
  ({ signing }) =>
    signing?.algorithm !== 'rsa' || (signing.bits ?? 0) >= 2048
      ? nobody
      : {
          ...answers(['gpgv-strict'], 'warns', `RSA of ${String(signing.bits)} bits is a weak algorithm`),
          ...answers(
            ['sqv', ...sequoia],
            'refuses',
            `RSA of ${String(signing.bits)} bits is too short since 2014-02-01`,
          ),
        },
  // apt's default-sequoia.config of Debian 13: rsa2048 = 2030-02-01, which is for all below 3072 bits [ran].
  ({ signing, now }) => {
    if (signing?.algorithm !== 'rsa' || (signing.bits ?? 0) < 2048 || (signing.bits ?? 0) >= 3072) return nobody;
    const isOver = now.getTime() >= Date.UTC(2030, 1, 1);
    return answers(['sqv'], isOver ? 'refuses' : 'warns', 'RSA below 3072 bits is refused from 2030-02-01 on');
  },
  // The same file has 2024-02-01 for DSA; rpm-sequoia takes it from 2048 bits on [ran]. gpgv 2.8's list has no DSA [issue].
  ({ signing }) =>
    signing?.algorithm !== 'dsa'
      ? nobody
      : {
          ...answers(['gpgv-strict'], 'warns', 'DSA is a weak algorithm'),
          ...answers(['sqv'], 'refuses', 'DSA is not accepted since 2024-02-01'),
          ...((signing.bits ?? 0) < 2048
            ? answers(sequoia, 'refuses', `DSA of ${String(signing.bits)} bits is too short since 2014-02-01`)
            : {}),
        },
  // rpm reads EdDSA since 4.17 (rpm pull request 1202; told of Rocky 9 in patchman 824); gpgv since 2.1 [common].
  ({ signing }) =>
    signing?.algorithm !== 'eddsa'
      ? nobody
      : {
          ...answers(['gpgv1', ...ownParsers], 'refuses', 'it cannot read EdDSA keys such as Ed25519'),
          ...answers(['rpm-4.14-suse'], 'warns', 'rpm of this version reads EdDSA only where the vendor has added it'),
        },
  // rpmsign has no tag for ECDSA, and rpm before Sequoia does not import such keys [ran]; apt's list has none [source].
  ({ signing }) =>
    signing?.algorithm !== 'ecdsa'
      ? nobody
      : {
          ...answers(['gpgv1'], 'refuses', 'it cannot read keys of elliptic curves'),
          ...answers(['gpgv-strict'], 'warns', 'ECDSA is not among the algorithms that it trusts'),
          ...answers(
            [...ownParsers, 'rpm-4.14-suse', ...sequoia],
            'refuses',
            'rpm packages cannot be signed with ECDSA',
          ),
        },
  // OpenPGP keys of version 6 (RFC 9580) are for Sequoia only; those of version 3 are for nobody any more [common].
  ({ key }) =>
    key.version === 4
      ? nobody
      : answers(
          key.version === 6 ? clients.filter((client) => !['sqv', ...sequoia].includes(client)) : clients,
          'refuses',
          `it cannot read OpenPGP keys of version ${String(key.version)}`,
        ),
  // SHA-1: sqv and rpm 4.20 say so [ran], rpm of Enterprise Linux 9 "Hash algorithm SHA1 not available" [issue].
  ({ key, signing }) => {
    const digests = new Set([key, signing ?? key].flatMap((part) => part.digests));
    const reason = 'the key certifies itself with SHA-1';
    return digests.has('SHA1') || digests.has('RIPEMD160')
      ? {
          ...answers(['sqv'], 'refuses', `${reason}, not accepted since 2026-02-01`),
          ...answers(sequoia, 'refuses', reason),
          ...answers(['rpm-4.16-amazon'], 'warns', `${reason}, which the crypto policy of the machine may forbid`),
        }
      : nobody;
  },
  // Here any subkey will do it, even one that does not sign: rpm issue 1977.
  ({ key }) =>
    [key, ...key.subkeys].some(({ digests }) => digests.includes('SHA1'))
      ? answers(
          ['rpm-4.16'],
          'refuses',
          'the key or a subkey of it is certified with SHA-1, which the crypto policy forbids',
        )
      : nobody,
  // gpg itself refuses MD5 [common].
  ({ key }) =>
    key.digests.includes('MD5') ? answers(clients, 'refuses', 'the key certifies itself with MD5') : nobody,
  // rpm 4.11 knows primary keys only [common]; dnf5 says "Signing key not found" [issue].
  ({ key, signing }) =>
    signing === undefined || signing === key
      ? nobody
      : answers(
          ['rpm-4.11', 'dnf5'],
          'refuses',
          'a subkey signs instead of the primary key, and signatures of subkeys are not found',
        ),
  ({ signing, signedBy }) => {
    if (signing !== undefined) return nobody;
    const other = `it knows no ${signedBy ?? ''} that signs: the subkey is not in the public key, or not for that, or revoked`;
    return answers(clients, 'refuses', signedBy === undefined ? 'nothing in the key can sign' : other);
  },
  ({ key }) => (key.revoked ? answers(clients, 'refuses', 'the key is revoked') : nobody),
  ({ key, signing, now }) => expiry(key, signing, now),
];

/**
 * apt with gpgv refuses everything that the key ever signed as soon as it expires; sqv and rpm go by the time of the
 * signature, so that they refuse what is new. dnf goes by the day where it verifies an index (`repo_gpgcheck`), so that
 * nothing new is found [ran with dnf 4 of Debian 13]; other dnfs are taken to do the same.
 */
function expiry(key: KeyFacts, signing: KeyPart | undefined, now: Date): Partial<Record<Client, Answer>> {
  const ends = [key.expires, signing?.expires].filter((end) => end !== undefined);
  if (ends.length === 0) return nobody;
  const end = Math.min(...ends);
  const left = end - seconds(now);
  if (left > warningDays * 24 * 60 * 60) return nobody;
  const byGpgv = new Set<Client>(aptClients.filter((client) => client !== 'sqv'));
  const byDnf = new Set<Client>(clients.filter((client) => clientTitles[client].startsWith('dnf')));
  return Object.fromEntries(
    clients.map((client): [Client, Answer] => {
      const extent = byGpgv.has(client)
        ? 'whatever it has signed before'
        : byDnf.has(client)
          ? 'packages that are signed after that, and every index'
          : 'what is signed after that';
      return left <= 0
        ? [client, { verdict: 'refuses', reason: `the key has expired on ${day(end)}: it refuses ${extent}` }]
        : [client, { verdict: 'warns', reason: `the key expires on ${day(end)}: from then on it refuses ${extent}` }];
    }),
  );
}

/**
 * The part of a key that signs.
 * @param signedBy its fingerprint; undefined means what `openSigner` takes when it has all secret parts
 * @returns undefined when nothing can, or not that part
 */
function signingPart(key: KeyFacts, now: Date, signedBy: string | undefined): KeyPart | undefined {
  const able = ({ canSign, revoked }: KeyPart): boolean => canSign && !revoked;
  if (signedBy !== undefined) return [key, ...key.subkeys].find((part) => part.fingerprint === signedBy && able(part));
  if (able(key)) return key;
  const subkeys = key.subkeys.filter(able);
  return subkeys.findLast(({ expires }) => expires === undefined || expires > seconds(now)) ?? subkeys.at(-1);
}

const severity: readonly Verdict[] = ['accepts', 'warns', 'refuses'];

function worst(answersOfRules: readonly Answer[]): Verdict {
  return severity[Math.max(0, ...answersOfRules.map(({ verdict }) => severity.indexOf(verdict)))] ?? 'accepts';
}

/**
 * What the clients of distributions make of a key, before anything is signed with it. Policies that the administrator of
 * a machine has changed are not known here.
 * @param now a key that has expired by then is refused
 * @param signedBy fingerprint of the key or subkey that signs, where a secret key was found; the public key tells what
 *   could sign, and not which secret parts somebody has
 * @returns one verdict for each distribution, in the same order
 */
export function judgeKey(
  facts: KeyFacts,
  distributions: readonly Distribution[],
  now: Date,
  signedBy?: string,
): readonly KeyVerdict[] {
  const state = { key: facts, signing: signingPart(facts, now, signedBy), signedBy, now };
  const all = rules.map((rule) => rule(state));
  return distributions.map((distribution) => {
    const client = clientOf(distribution);
    const given = all.flatMap((table) => table[client] ?? []);
    return { distribution: distribution.id, client, verdict: worst(given), reasons: given.map(({ reason }) => reason) };
  });
}

/** How people know a client: `apt 3 with sqv`. */
export function clientTitle(client: Client): string {
  return clientTitles[client];
}
