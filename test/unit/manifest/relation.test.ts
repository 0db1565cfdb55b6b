import { describe, expect, it } from 'vitest';

import { parseRelation } from '../../../src/manifest/relation.ts';
import { aRelation } from '../../support/manifest.ts';

describe('parseRelation', () => {
  it.each([
    ['openssh-client', aRelation('openssh-client')],
    ['docker.io (>= 1.3.0)', aRelation('docker.io', '>=', '1.3.0')],
    ['docker.io(>=1.3.0)', aRelation('docker.io', '>=', '1.3.0')],
    ['docker-io >= 1.4.1-8.fc20', aRelation('docker-io', '>=', '1.4.1-8.fc20')],
    ['zlib1g (<< 1:1.3)', aRelation('zlib1g', '<', '1:1.3')],
    ['zlib1g (>> 1:1.3~rc1)', aRelation('zlib1g', '>', '1:1.3~rc1')],
    ['a == 2', aRelation('a', '=', '2')],
    ['a=2', aRelation('a', '=', '2')],
    ['a <= 2', aRelation('a', '<=', '2')],
    ['a < 2', aRelation('a', '<', '2')],
    ['a > 2', aRelation('a', '>', '2')],
    ['/usr/sbin/iptables', aRelation('/usr/sbin/iptables')],
    ['python(abi) = 3.6', aRelation('python(abi)', '=', '3.6')],
    ['libc.so.6(GLIBC_2.4)(64bit)', aRelation('libc.so.6(GLIBC_2.4)(64bit)')],
    ['perl(Foo::Bar)', aRelation('perl(Foo::Bar)')],
    ['python3:any', aRelation('python3:any')],
  ])('reads %s', (text, relation) => {
    expect(parseRelation(text)).toEqual({ relation });
  });

  it('reads alternatives in order of preference', () => {
    expect(parseRelation('default-mta | postfix (>= 3) | mail-transport-agent')).toEqual({
      relation: {
        name: 'default-mta',
        condition: undefined,
        alternatives: [
          { name: 'postfix', condition: { operator: '>=', version: '3' } },
          { name: 'mail-transport-agent', condition: undefined },
        ],
      },
    });
  });

  it('reads maps', () => {
    expect(parseRelation({ name: 'a' })).toEqual({ relation: aRelation('a') });
    expect(parseRelation({ name: 'a', compare: '>>', version: '1' })).toEqual({ relation: aRelation('a', '>', '1') });
  });

  it.each([
    { name: 'a', compare: '<' as const },
    { name: 'a', version: '1' },
  ])('refuses half a condition: %j', (written) => {
    expect(parseRelation(written)).toEqual({
      problem: { message: 'Must specify both or neither compare and version.' },
    });
  });

  it.each([
    '',
    'a |',
    'a b',
    'a (>= 1',
    'a >= ',
    'a (~ 1)',
    '(a or b)',
    'a, b',
    'a\nb',
    '%{name}',
    { name: 'a b' },
    { name: 'a', compare: '=' as const, version: '1 2' },
  ])('refuses %j', (written) => {
    expect(parseRelation(written)).toHaveProperty(
      'problem.message',
      expect.stringMatching(/ is not (?:a relation|the (?:name|version) of a package)$/),
    );
  });
});
