import { describe, expect, it } from 'vitest';

import { squarify, type Rectangle } from '../../../src/build-report/squarify.ts';

const whole = { x: 10, y: 20, width: 600, height: 400 };

/** The area that two rectangles share. */
function overlap(a: Rectangle, b: Rectangle): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}

/** Numbers that look random and are the same every time (Lehmer's generator, Park and Miller 1988). */
function numbers(seed: number, count: number): readonly number[] {
  let state = seed;
  return Array.from({ length: count }, () => (state = (state * 48_271) % 2_147_483_647));
}

describe('a squarified treemap', () => {
  it('comes out as in the paper that describes it', () => {
    // Bruls, Huizing and van Wijk (2000), figure 4: 6 6 4 3 2 2 1 in 6 by 4.
    const shown = squarify([6, 6, 4, 3, 2, 2, 1], { x: 0, y: 0, width: 6, height: 4 });
    const rounded = shown.map(({ x, y, width, height }) =>
      [x, y, width, height].map((value) => Number(value.toFixed(2))),
    );
    expect(rounded).toEqual([
      [0, 0, 3, 2],
      [0, 2, 3, 2],
      [3, 0, 1.71, 2.33],
      [4.71, 0, 1.29, 2.33],
      [3, 2.33, 1.2, 1.67],
      [4.2, 2.33, 1.2, 1.67],
      [5.4, 2.33, 0.6, 1.67],
    ]);
  });

  it.each([
    ['one weight', [5]],
    ['equal weights', Array.from({ length: 37 }, () => 3)],
    ['weights of all sizes', [...numbers(1, 60)].map((value) => value % 10_000).sort((a, b) => b - a)],
    ['a giant and dwarfs', [10_000_000_000, 10, 5, 1, 1, 1]],
    ['weights that do not descend', numbers(7, 25).map((value) => (value % 900) + 1)],
  ])('gives %s areas in proportion, which fill the whole and do not overlap', (_title, weights) => {
    const shown = squarify(weights, whole);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    expect(shown).toHaveLength(weights.length);
    for (const [index, { x, y, width, height }] of shown.entries()) {
      expect(width * height).toBeCloseTo(((weights[index] ?? 0) / total) * 240_000, 4);
      expect(Math.min(x - whole.x, y - whole.y)).toBeGreaterThanOrEqual(-1e-6);
      expect(Math.max(x + width - 610, y + height - 420)).toBeLessThanOrEqual(1e-6);
    }
    const shared = shown.flatMap((a, index) => shown.slice(index + 1).map((b) => overlap(a, b)));
    expect(Math.max(0, ...shared)).toBeLessThan(1e-6);
  });

  it('is nothing without weights', () => {
    expect(squarify([], whole)).toEqual([]);
  });
});
