import { timestamp } from '../sbom/bill.ts';
import { clientTitle, type KeyVerdict } from './policy.ts';
import type { KeyFacts, KeyPart } from './key-facts.ts';

/** A key and what the clients say of it. */
export interface JudgedKey {
  readonly facts: KeyFacts;
  readonly verdicts: readonly KeyVerdict[];
}

const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);

const names: Readonly<Record<KeyPart['algorithm'], string>> = {
  rsa: 'RSA',
  dsa: 'DSA',
  ecdsa: 'ECDSA',
  eddsa: 'EdDSA',
  other: 'an algorithm that does not sign',
};

/** What kind of key it is: `RSA-4096`, `ed25519`. */
export function keyKind({ algorithm, bits, curve }: Pick<KeyPart, 'algorithm' | 'bits' | 'curve'>): string {
  return curve ?? [names[algorithm], ...(bits === undefined ? [] : [String(bits)])].join('-');
}

/** Of a user id, which a stranger may have written: what would do something to a terminal is left out. */
const printable = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');

function describePart(part: KeyPart): string {
  return [
    keyKind(part),
    `made on ${day(part.created)}`,
    part.expires === undefined ? 'never expires' : `expires on ${day(part.expires)}`,
    ...(part.revoked ? ['revoked'] : []),
    part.canSign ? 'signs' : 'does not sign',
    `certified with ${part.digests.length === 0 ? 'nothing' : part.digests.join(', ')}`,
  ].join(', ');
}

/** Sentences of a verdict, a line each. */
function verdictLines(verdict: KeyVerdict, width: number): readonly string[] {
  const head = `  ${verdict.distribution.padEnd(width)}  ${verdict.verdict.padEnd(7)}  ${clientTitle(verdict.client)}`;
  const [first, ...others] = verdict.reasons;
  if (first === undefined) return [head];
  const indent = ' '.repeat(width + 13);
  return [`${head}: ${first}`, ...others.map((reason) => `${indent}and: ${reason}`)];
}

/** What `check-key` prints for people; every line is ended. */
export function judgementText(keys: readonly JudgedKey[]): string {
  return keys
    .map(({ facts, verdicts }) => {
      const width = Math.max(...verdicts.map(({ distribution }) => distribution.length));
      return [
        `key ${facts.fingerprint === '' ? `of OpenPGP version ${String(facts.version)}` : facts.fingerprint}`,
        ...facts.users.map((user) => `  ${printable(user)}`),
        `  ${describePart(facts)}`,
        ...facts.subkeys.map((subkey) => `  subkey ${subkey.fingerprint}: ${describePart(subkey)}`),
        ...verdicts.flatMap((verdict) => verdictLines(verdict, width)),
        '',
      ].join('\n');
    })
    .join('\n');
}

const time = (seconds: number | undefined): string | null => (seconds === undefined ? null : timestamp(seconds));

function partJson(part: KeyPart): object {
  const { fingerprint, version, algorithm, bits, curve, created, expires, revoked, canSign, digests } = part;
  return {
    fingerprint,
    version,
    algorithm,
    bits: bits ?? null,
    curve: curve ?? null,
    created: time(created),
    expires: time(expires),
    revoked,
    canSign,
    digests,
  };
}

/** The same for programs: a JSON array. */
export function judgementJson(keys: readonly JudgedKey[]): string {
  const values = keys.map(({ facts, verdicts }) => ({
    ...partJson(facts),
    users: facts.users,
    subkeys: facts.subkeys.map(partJson),
    verdicts: verdicts.map(({ distribution, client, verdict, reasons }) => ({
      distribution,
      client: clientTitle(client),
      verdict,
      reasons,
    })),
  }));
  return `${JSON.stringify(values, null, 2)}\n`;
}
