import { expect, it } from 'vitest';

import { judgementJson, judgementText } from '../../../src/signing/judgement.ts';
import type { KeyFacts } from '../../../src/signing/key-facts.ts';

const facts: KeyFacts = {
  fingerprint: 'A'.repeat(40),
  version: 4,
  algorithm: 'rsa',
  bits: 4096,
  curve: undefined,
  created: 1_767_225_600,
  expires: undefined,
  revoked: false,
  canSign: true,
  digests: ['SHA512'],
  users: ['Übung \u001b[2J\n  debian-12  accepts <a@acme.example>'],
  subkeys: [],
};

it('prints user ids on a line of their own, without what moves a terminal', () => {
  const text = judgementText([{ facts, verdicts: [] }]);
  expect(text.split('\n')[1]).toBe('  Übung \ufffd[2J\ufffd  debian-12  accepts <a@acme.example>');
  expect(JSON.parse(judgementJson([{ facts, verdicts: [] }]))).toMatchObject([{ users: facts.users }]);
});
