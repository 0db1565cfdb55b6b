import { describe, expect, it } from 'vitest';

import { escapeHtml, fitText, textWidth } from '../../../src/build-report/text.ts';

describe('text in HTML', () => {
  it.each([
    ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
    [`" onload='x' \``, '&quot; onload=&#39;x&#39; &#96;'],
    ['a & b &amp; c', 'a &amp; b &amp;amp; c'],
    ['two\nlines\tand a tab', 'two\nlines\tand a tab'],
    ['nul\0 escape\u001b[31m', 'nul\\u{0} escape\\u{1b}[31m'],
    ['\u202egpj.exe \u200bzero', '\\u{202e}gpj.exe \\u{200b}zero'],
    ['half \ud800 a sign', 'half \\u{d800} a sign'],
    ['Zoë 統 🐍', 'Zoë 統 🐍'],
    ['', ''],
  ])('%j', (text, escaped) => {
    expect(escapeHtml(text)).toBe(escaped);
  });
});

describe('text in a picture', () => {
  it('stays when it fits, ends in an ellipsis when it does not, and goes when nothing of it is left to read', () => {
    expect(fitText('numpy', 60, 12)).toBe('numpy');
    expect(fitText('prompt-toolkit', 60, 12)).toBe('prompt-…');
    expect(fitText('prompt-toolkit', 20, 12)).toBe('');
  });

  it('is never wider than the room for it', () => {
    for (const text of ['charset-normalizer', '統一的な名前です', '🐍🐍🐍🐍🐍🐍', 'WWWWWWWWWWWW'])
      for (let room = 0; room < 200; room += 7)
        expect(textWidth(fitText(text, room, 12), 12)).toBeLessThanOrEqual(room);
  });

  it('does not cut a sign in two', () => {
    expect(fitText('🐍🐍🐍🐍🐍🐍', 60, 12)).toBe('🐍🐍🐍…');
  });
});
