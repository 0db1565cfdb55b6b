import { describe, expect, it } from 'vitest';

import type { FinishedScripts } from '../../../src/formats/finished-scripts.ts';
import { previewJson, previewScripts, previewText } from '../../../src/formats/script-preview.ts';

const shell = (text: string): string => `#!/bin/sh\n${text}`;

function aDeb(overrides: Partial<FinishedScripts> = {}): FinishedScripts {
  return {
    file: '/p_2_all.deb',
    format: 'deb',
    name: 'p',
    version: '2',
    architecture: 'all',
    scripts: [
      { name: 'postinst', interpreter: ['/bin/sh'], text: shell('echo new postinst') },
      { name: 'prerm', interpreter: ['/bin/sh'], text: shell('echo new prerm\n') },
    ],
    triggers: '',
    ...overrides,
  };
}

const earlier = aDeb({
  file: '/p_1_all.deb',
  version: '1',
  scripts: [{ name: 'postrm', interpreter: ['/bin/sh'], text: shell('echo old postrm\n') }],
});

describe('the preview of scripts', () => {
  it('shows every script as it is', () => {
    expect(previewText(previewScripts(aDeb({ triggers: 'interest /opt\n' }), undefined, undefined))).toBe(
      'p 2 (deb, all)\n\n==> postinst\n#!/bin/sh\necho new postinst\n\n==> prerm\n#!/bin/sh\necho new prerm\n\n' +
        '==> triggers\ninterest /opt\n',
    );
  });

  it('shows in a state only what the packages hold', () => {
    expect(previewText(previewScripts(aDeb(), 'upgrade', earlier))).toBe(
      'p 2 (deb, all), upgrade: it is installed over an earlier version\n\n' +
        "==> postrm upgrade 2 (the earlier version's)\n#!/bin/sh\necho old postrm\n\n" +
        '==> postinst configure 1\n#!/bin/sh\necho new postinst\n',
    );
  });

  it('says what it cannot know', () => {
    const text = previewText(previewScripts(aDeb(), 'upgrade', undefined));
    expect(text.match(/^==> .*$/gm)).toEqual([
      "==> prerm upgrade 2 (the earlier version's)",
      "==> postrm upgrade 2 (the earlier version's)",
      '==> postinst configure <old-version>',
    ]);
    expect(text).toContain('--previous');
    expect(JSON.parse(previewJson(previewScripts(aDeb(), 'upgrade', undefined)))).toMatchObject({
      state: { name: 'upgrade', calls: [{ script: 'prerm', whose: 'previous', text: null }, {}, { whose: 'package' }] },
    });
  });

  it('shows an empty argument', () => {
    expect(previewText(previewScripts(aDeb(), 'install', undefined))).toContain("==> postinst configure ''\n");
  });

  it('says when nothing runs', () => {
    expect(previewText(previewScripts(aDeb(), 'purge', undefined))).toMatch(/\n\nnothing runs\n$/);
    expect(previewText(previewScripts(aDeb({ scripts: [] }), undefined, undefined))).toBe(
      'p 2 (deb, all)\n\nnothing runs\n',
    );
  });

  // deb-triggers(5): "interest", "interest-await", "interest-noawait"; "activate" is of the other side.
  it.each([
    ['', 0],
    ['activate-noawait ldconfig\n', 0],
    ['# interest /opt\n', 0],
    ['interest /opt\n', 1],
    ['activate x\ninterest-noawait /opt\n', 1],
  ])('knows from %j whether postinst is triggered', (triggers, count) => {
    expect(previewScripts(aDeb({ triggers }), 'triggered', undefined).inState?.calls).toHaveLength(count);
  });

  it('writes scriptlets as a spec does, with their interpreter', () => {
    const rpm = aDeb({
      format: 'rpm',
      scripts: [
        { name: 'post', interpreter: ['/sbin/ldconfig'], text: '' },
        { name: 'preun', interpreter: ['/bin/sh'], text: 'exit 0' },
      ],
    });
    expect(previewText(previewScripts(rpm, undefined, undefined))).toBe(
      'p 2 (rpm, all)\n\n==> %post\n#!/sbin/ldconfig\n\n==> %preun\n#!/bin/sh\nexit 0\n',
    );
    expect(previewText(previewScripts(rpm, 'erase', undefined))).toContain('==> %preun 0\n#!/bin/sh\nexit 0\n');
  });

  it('refuses a state that the format does not have', () => {
    expect(() => previewScripts(aDeb(), 'upgrad', undefined)).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: 'a .deb package has no state upgrad. Did you mean "upgrade"?',
        hint: expect.stringContaining('abort-upgrade') as string,
      }) as Error,
    );
  });

  it('refuses another package as an earlier version', () => {
    expect(() => previewScripts(aDeb(), 'upgrade', aDeb({ name: 'q' }))).toThrow(/no earlier version/);
    expect(() => previewScripts(aDeb(), 'upgrade', aDeb({ format: 'rpm' }))).toThrow(/no earlier version/);
  });
});
