import { describe, expect, it } from 'vitest';

import { divideSizes } from '../../../src/build-report/sizes.ts';
import { layOutTreemap } from '../../../src/build-report/treemap.ts';
import { aReport, aReportedFile } from '../../support/build-report.ts';

describe('the sizes of a package', () => {
  const views = divideSizes(aReport());

  it('are counted by distribution, the largest first', () => {
    expect(views.byDistribution.map(({ label, files, size }) => [label, files, size])).toEqual([
      ['leaf', 2, 60_000],
      ['fleet', 3, 2700],
      ['files of the package itself', 1, 20],
      ['virtual environment', 1, 10],
    ]);
  });

  it('are counted by kind', () => {
    expect(views.byKind.map(({ id, files, size }) => [id, files, size])).toEqual([
      ['native', 2, 60_000],
      ['bytecode', 1, 1500],
      ['modules', 2, 1200],
      ['data', 1, 20],
      ['commands', 1, 10],
    ]);
  });

  it('come to the same however they are divided', () => {
    expect(views.total).toEqual({ files: 7, size: 62_730 });
    for (const groups of [views.byDistribution, views.byKind]) {
      expect(groups.reduce((sum, { size }) => sum + size, 0)).toBe(62_730);
      expect(groups.flatMap(({ parts }) => parts).reduce((sum, { size }) => sum + size, 0)).toBe(62_730);
    }
  });

  it('are the same whatever the order of the files', () => {
    const files = [...aReport().files, aReportedFile('twin.py', { owner: 'pypi-leaf', size: 2700 })];
    expect(divideSizes(aReport({ files: [...files].reverse() }))).toEqual(divideSizes(aReport({ files })));
  });

  it('of nothing are nothing', () => {
    expect(divideSizes(aReport({ files: [] }))).toEqual({
      total: { files: 0, size: 0 },
      byDistribution: [],
      byKind: [],
    });
  });
});

describe('their treemap', () => {
  const { byDistribution } = divideSizes(aReport());

  it.each([
    ['wide', 1080, 540],
    ['narrow', 360, 560],
  ])('has every byte in one tile, of the area that it deserves (%s)', (_title, width, height) => {
    const { groups } = layOutTreemap(byDistribution, width, height);
    const tiles = groups.flatMap((group) => group.tiles);
    expect(tiles.reduce((sum, { size }) => sum + size, 0)).toBe(62_730);
    for (const tile of tiles) expect(tile.width * tile.height).toBeCloseTo((tile.size / 62_730) * width * height, 6);
    for (const group of groups)
      for (const tile of group.tiles) {
        expect(tile.x).toBeGreaterThanOrEqual(group.x - 1e-9);
        expect(tile.y + tile.height).toBeLessThanOrEqual(group.y + group.height + 1e-9);
      }
  });

  it('has no tile for what is empty', () => {
    const files = [aReportedFile('__init__.py', { size: 0 }), aReportedFile('data', { size: 5, kind: 'data' })];
    const { groups } = layOutTreemap(divideSizes(aReport({ files })).byDistribution, 100, 100);
    expect(groups.map(({ tiles }) => tiles.length)).toEqual([1]);
    const nothing = divideSizes(aReport({ files: files.slice(0, 1) })).byDistribution;
    expect(layOutTreemap(nothing, 100, 100).groups).toEqual([]);
  });

  it('keeps what is written inside of the tile that it is about', () => {
    const { groups } = layOutTreemap(byDistribution, 1080, 540);
    for (const tile of groups.flatMap((group) => group.tiles))
      for (const { x, y } of tile.captions) {
        expect(x).toBeGreaterThan(tile.x);
        expect(y).toBeLessThan(tile.y + tile.height);
      }
    expect(groups[0]?.heading?.text).toBe('leaf: 60.0 kB');
  });
});
