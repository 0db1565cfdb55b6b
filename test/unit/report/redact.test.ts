import { describe, expect, it } from 'vitest';

import { createRedactor, withoutUrlCredentials } from '../../../src/report/redact.ts';

describe('redaction', () => {
  it('hides the user information of every URL, secret or not', () => {
    const redact = createRedactor();
    expect(redact.text('from https://bob:hunter2@example.com/simple and http://token@example.com/x')).toBe(
      'from https://****@example.com/simple and http://****@example.com/x',
    );
  });

  it('hides a password in every form in which tools print it', () => {
    const redact = createRedactor();
    redact.add('p@ss word');
    expect(redact.text('plain p@ss word, encoded p%40ss%20word')).toBe('plain ****, encoded ****');
  });

  it('hides the decoded form of a password that was given encoded', () => {
    const redact = createRedactor();
    redact.add('p%40ss');
    expect(redact.text('401 for p@ss')).toBe('401 for ****');
  });

  it('hides the longer of two secrets whole when one begins with the other', () => {
    const redact = createRedactor();
    redact.add('secret');
    redact.add('secret-and-more');
    expect(redact.text('secret-and-more')).toBe('****');
  });

  it('leaves text alone that holds no secret, and does not take an empty word for one', () => {
    const redact = createRedactor();
    redact.add('');
    expect(redact.text('a mail to ops@example.com')).toBe('a mail to ops@example.com');
  });

  it('takes credentials out of a URL that is to be kept', () => {
    expect(withoutUrlCredentials('https://bob:hunter2@example.com/simple/')).toBe('https://example.com/simple/');
  });
});
