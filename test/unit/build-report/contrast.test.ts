import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { fileKinds } from '../../../src/build-report/file-kinds.ts';

const css = readFileSync(new URL('../../../spec-templates/html/page.css', import.meta.url), 'utf8');

/** The colours of a block of the style sheet: the first is for light, the second for dark. */
function colours(index: number): ReadonlyMap<string, string> {
  const block = [...css.matchAll(/:root \{([^}]*)\}/g)][index]?.[1] ?? '';
  return new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((match) => [match[1] ?? '', match[2] ?? '']));
}

/** WCAG 2.2, "relative luminance". */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** WCAG 2.2, "contrast ratio". */
function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

const texts = [
  ...['paper', 'back', 'mark'].flatMap((ground) => ['text', 'soft'].map((text) => [text, ground] as const)),
  ...['paper', 'back'].map((ground) => ['accent', ground] as const),
  ['paper', 'accent'],
  ['warn-text', 'warn'],
  ['bad-text', 'bad'],
  ...Object.keys(fileKinds).map((kind) => ['tile-text', kind] as const),
] as const;

describe.each([
  ['light', 0],
  ['dark', 1],
])('the colours of the page about a build, %s', (_name, index) => {
  const scheme = colours(index);

  // WCAG 2.2, 1.4.3 (AA): 4.5 for text.
  it.each(texts)('let %s be read on %s', (text, ground) => {
    expect(contrast(scheme.get(text) ?? '', scheme.get(ground) ?? '')).toBeGreaterThanOrEqual(4.5);
  });

  // WCAG 2.2, 1.4.11: 3 for what a picture consists of.
  it('let the edges of the graph be seen', () => {
    expect(contrast(scheme.get('edge') ?? '', scheme.get('paper') ?? '')).toBeGreaterThanOrEqual(3);
  });
});

describe('the style sheet', () => {
  it('has a colour for every kind of file, in the picture and in the legend', () => {
    for (const kind of Object.keys(fileKinds)) {
      expect(css).toContain(`.k-${kind} {\n  background: var(--${kind});\n  fill: var(--${kind});`);
      expect(colours(0).has(kind) && colours(1).has(kind), kind).toBe(true);
    }
  });
});
