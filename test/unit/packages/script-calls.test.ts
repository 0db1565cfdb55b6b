import { describe, expect, it } from 'vitest';

import { calledScripts, scriptCalls, scriptStates } from '../../../src/packages/script-calls.ts';

const versions = { version: '2', previous: '1' };

/** `old-prerm upgrade 2`, as Debian Policy 6.6 writes calls; a trailing `!` for one that fails. */
function written(format: 'deb' | 'rpm', state: string, known: Parameters<typeof scriptCalls>[2] = versions): unknown {
  return scriptCalls(format, state, known)?.calls.map((call) =>
    [`${call.whose === 'previous' ? 'old-' : ''}${call.script}`, ...call.arguments, ...(call.fails ? ['!'] : [])].join(
      ' ',
    ),
  );
}

describe('what dpkg calls', () => {
  // Debian Policy 4.7: 6.5, 6.6 (steps 1 to 5, and their "error unwind"), 6.7, 6.8.
  it.each([
    ['install', ['preinst install', 'postinst configure ']],
    ['install-after-remove', ['preinst install 1 2', 'postinst configure 1']],
    ['upgrade', ['old-prerm upgrade 2', 'preinst upgrade 1 2', 'old-postrm upgrade 2', 'postinst configure 1']],
    ['configure', ['postinst configure <most-recently-configured-version>']],
    ['triggered', ['postinst triggered <trigger-names>']],
    ['abort-install', ['preinst install !', 'postrm abort-install']],
    [
      'abort-upgrade',
      ['old-prerm upgrade 2', 'preinst upgrade 1 2 !', 'postrm abort-upgrade 1 2', 'old-postinst abort-upgrade 2'],
    ],
    [
      'failed-upgrade',
      [
        'old-prerm upgrade 2 !',
        'prerm failed-upgrade 1 2',
        'preinst upgrade 1 2',
        'old-postrm upgrade 2 !',
        'postrm failed-upgrade 1 2',
        'postinst configure 1',
      ],
    ],
    ['deconfigure', ['prerm deconfigure in-favour <package> <version>']],
    [
      'abort-deconfigure',
      ['prerm deconfigure in-favour <package> <version>', 'postinst abort-deconfigure in-favour <package> <version>'],
    ],
    ['remove', ['prerm remove', 'postrm remove']],
    ['remove-in-favour', ['prerm remove in-favour <package> <version>', 'postrm remove']],
    ['abort-remove', ['prerm remove !', 'postinst abort-remove']],
    ['purge', ['postrm purge']],
    ['disappear', ['postrm disappear <overwriter> <overwriter-version>']],
  ])('%s', (state, calls) => {
    expect(written('deb', state)).toEqual(calls);
  });

  it('knows no script but the four of Debian Policy 6.1', () => {
    expect([...calledScripts('deb')].sort()).toEqual(['postinst', 'postrm', 'preinst', 'prerm']);
  });

  it('holds the place of a version that is not known', () => {
    expect(written('deb', 'upgrade', { version: '2', previous: undefined })).toEqual([
      'old-prerm upgrade 2',
      'preinst upgrade <old-version> 2',
      'old-postrm upgrade 2',
      'postinst configure <old-version>',
    ]);
  });
});

describe('what rpm calls', () => {
  // rpm-scriptlets(7), "EXECUTION ORDER"; the arguments are those of rpm 4.18.
  it.each([
    ['install', ['pretrans 1', 'pre 1', 'post 1', 'posttrans 1']],
    [
      'upgrade',
      [
        'pretrans 2',
        'old-preuntrans 1',
        'pre 2',
        'post 2',
        'old-preun 1',
        'old-postun 1',
        'posttrans 2',
        'old-postuntrans 1',
      ],
    ],
    ['erase', ['preuntrans 0', 'preun 0', 'postun 0', 'postuntrans 0']],
    ['verify', ['verifyscript 1']],
  ])('%s', (state, calls) => {
    expect(written('rpm', state)).toEqual(calls);
  });
});

describe('the states', () => {
  it('differ by format', () => {
    expect(scriptStates('rpm')).toEqual(['install', 'upgrade', 'erase', 'verify']);
    expect(scriptStates('deb')).toContain('purge');
    expect(scriptCalls('rpm', 'purge', versions)).toBeUndefined();
  });

  it.each(['', 'upgrad', 'constructor', 'toString'])('have none called %j', (name) => {
    expect(scriptCalls('deb', name, versions)).toBeUndefined();
  });
});
