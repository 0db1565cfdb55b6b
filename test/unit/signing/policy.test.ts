import { describe, expect, it } from 'vitest';

import { builtInDistributions } from '../../../src/distributions/table.ts';
import type { KeyFacts, KeyPart } from '../../../src/signing/key-facts.ts';
import { clientOf } from '../../../src/signing/clients.ts';
import { judgeKey } from '../../../src/signing/policy.ts';

const now = new Date('2026-11-21T12:00:00Z');
const seconds = (text: string): number => Date.parse(text) / 1000;

const part: KeyPart = {
  fingerprint: 'A'.repeat(40),
  version: 4,
  algorithm: 'rsa',
  bits: 4096,
  curve: undefined,
  created: seconds('2026-01-01'),
  expires: undefined,
  revoked: false,
  canSign: true,
  digests: ['SHA512'],
};
const good: KeyFacts = { ...part, users: ['Acme <a@acme.example>'], subkeys: [] };

const all = [...builtInDistributions().values()];

/** The distributions that give a verdict other than `accepts`, with it. */
function objections(facts: KeyFacts, day = now): Readonly<Record<string, string>> {
  return Object.fromEntries(
    judgeKey(facts, all, day).flatMap(({ distribution, verdict }) =>
      verdict === 'accepts' ? [] : [[distribution, verdict]],
    ),
  );
}

function refusing(facts: KeyFacts): readonly string[] {
  return Object.entries(objections(facts)).flatMap(([id, verdict]) => (verdict === 'refuses' ? [id] : []));
}

const sequoia = ['centos-stream-10', 'rhel-10', 'rocky-10', 'alma-10', 'fedora-41', 'fedora-42', 'fedora-43'];
const sqv = ['debian-13', 'ubuntu-26.04'];
const el7 = ['centos-7', 'amazonlinux-2'];
const el8 = ['rhel-8', 'rocky-8', 'alma-8'];
const el9 = ['centos-stream-9', 'rhel-9', 'rocky-9', 'alma-9'];

function sorted(...ids: readonly (readonly string[])[]): readonly string[] {
  return ids.flat().sort();
}

describe('what the clients of distributions make of keys', () => {
  it('has a client for each distribution', () => {
    const found = Object.fromEntries(all.map((distribution) => [distribution.id, clientOf(distribution)]));
    expect(found).toMatchObject({
      'ubuntu-16.04': 'gpgv1',
      'debian-11': 'gpgv2',
      'debian-12': 'gpgv2',
      'ubuntu-22.04': 'gpgv2',
      'ubuntu-24.04': 'gpgv-strict',
      'debian-13': 'sqv',
      'centos-7': 'rpm-4.11',
      'rocky-8': 'rpm-4.14',
      'rocky-9': 'rpm-4.16',
      'rocky-10': 'rpm-sequoia',
      'fedora-43': 'dnf5',
      'opensuse-leap-15.6': 'rpm-4.14-suse',
      'amazonlinux-2023': 'rpm-4.16-amazon',
    });
  });

  it('nobody objects to RSA-4096 with SHA-512, not even to an encryption subkey beside it', () => {
    expect(objections(good)).toEqual({});
    expect(objections({ ...good, subkeys: [{ ...part, canSign: false }] })).toEqual({});
  });

  it('RSA-1024 is refused by Sequoia, and Ubuntu 24.04 warns', () => {
    expect([...refusing({ ...good, bits: 1024 })].sort()).toEqual(sorted(sqv, sequoia));
    expect(objections({ ...good, bits: 1024 })['ubuntu-24.04']).toBe('warns');
  });

  it('RSA-2048 is accepted by all, and apt 3 warns of 2030', () => {
    expect(objections({ ...good, bits: 2048 })).toEqual({ 'debian-13': 'warns', 'ubuntu-26.04': 'warns' });
    expect(objections({ ...good, bits: 2048 }, new Date('2030-02-02'))['debian-13']).toBe('refuses');
  });

  it('SHA-1 self-signatures are refused by Sequoia and by Enterprise Linux 9', () => {
    const facts = { ...good, digests: ['SHA1'] };
    expect([...refusing(facts)].sort()).toEqual(sorted(sqv, sequoia, el9));
    // Beside a good primary key it is only rpm 4.16 that looks at subkeys which do not sign.
    expect([...refusing({ ...good, subkeys: [{ ...part, canSign: false, digests: ['SHA1'] }] })].sort()).toEqual(
      sorted(el9),
    );
  });

  it('Ed25519 needs gpgv 2, and rpm 4.17', () => {
    const facts: KeyFacts = { ...good, algorithm: 'eddsa', bits: undefined, curve: 'ed25519' };
    expect([...refusing(facts)].sort()).toEqual(
      sorted(['ubuntu-14.04', 'ubuntu-16.04', 'amazonlinux-2023'], el7, el8, el9),
    );
  });

  it('a subkey that signs is refused by yum of CentOS 7 and by dnf5', () => {
    const facts = { ...good, canSign: false, subkeys: [{ ...part, fingerprint: 'B'.repeat(40) }] };
    expect([...refusing(facts)].sort()).toEqual(sorted(el7, ['fedora-41', 'fedora-42', 'fedora-43']));
    expect(objections({ ...facts, canSign: true })).toEqual({});
  });

  it('is about what signs, where that is known, whatever else could sign', () => {
    const subkey = { ...part, fingerprint: 'B'.repeat(40) };
    const by = (facts: KeyFacts, fingerprint: string): readonly string[] =>
      judgeKey(facts, all, now, fingerprint).flatMap(({ distribution, verdict }) =>
        verdict === 'refuses' ? [distribution] : [],
      );
    const both = { ...good, subkeys: [subkey] };
    expect(by(both, good.fingerprint)).toEqual([]);
    expect([...by(both, subkey.fingerprint)].sort()).toEqual(sorted(el7, ['fedora-41', 'fedora-42', 'fedora-43']));
    // Of two subkeys it is not the newest one that counts.
    const weak = { ...subkey, fingerprint: 'C'.repeat(40), bits: 1024 };
    expect(by({ ...good, subkeys: [weak, subkey] }, weak.fingerprint)).toEqual(expect.arrayContaining(sqv));
  });

  it('a subkey that the public key lacks, or has revoked, is refused by all', () => {
    const subkey = { ...part, fingerprint: 'B'.repeat(40) };
    const ids = all.map(({ id }) => id);
    const without = judgeKey(good, all, now, subkey.fingerprint);
    expect(without.map(({ distribution, verdict }) => [distribution, verdict])).toEqual(
      ids.map((id) => [id, 'refuses']),
    );
    expect(new Set(without.flatMap(({ reasons }) => reasons))).toEqual(
      new Set([
        `it knows no ${subkey.fingerprint} that signs: the subkey is not in the public key, or not for that, or revoked`,
      ]),
    );
    const revoked = judgeKey({ ...good, subkeys: [{ ...subkey, revoked: true }] }, all, now, subkey.fingerprint);
    expect(revoked.map(({ verdict }) => verdict)).toEqual(ids.map(() => 'refuses'));
  });

  it('everybody refuses keys that cannot sign, are revoked or have expired', () => {
    const ids = all.map(({ id }) => id);
    expect(refusing({ ...good, canSign: false })).toEqual(ids);
    expect(refusing({ ...good, revoked: true })).toEqual(ids);
    expect(refusing({ ...good, expires: seconds('2026-11-20') })).toEqual(ids);
  });

  it('warns of the end of a key 90 days before', () => {
    expect(Object.values(objections({ ...good, expires: seconds('2027-02-01') }))).toEqual(all.map(() => 'warns'));
    expect(objections({ ...good, expires: seconds('2027-02-25') })).toEqual({});
    const reasons = judgeKey({ ...good, expires: seconds('2027-02-01') }, all, now).map((verdict) => verdict.reasons);
    expect(new Set(reasons.flat())).toEqual(
      new Set([
        'the key expires on 2027-02-01: from then on it refuses whatever it has signed before',
        'the key expires on 2027-02-01: from then on it refuses what is signed after that',
        'the key expires on 2027-02-01: from then on it refuses packages that are signed after that, and every index',
      ]),
    );
  });
});
