import { formatSize } from '../report/format.ts';
import type { FileKind } from './file-kinds.ts';
import type { SizeGroup, SizePart } from './sizes.ts';
import { squarify, type Rectangle } from './squarify.ts';
import { fitText } from './text.ts';

/** A line of text in a treemap; x and y of its base line. */
export interface Caption {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

interface Tile extends Rectangle {
  readonly kind: FileKind;
  readonly size: number;
  /** What a pointer at rest is told. */
  readonly title: string;
  readonly captions: readonly Caption[];
}

export interface TileGroup extends Rectangle {
  readonly id: string;
  readonly title: string;
  /** The group's name on top of its tiles; absent where there is no room for it. */
  readonly heading: Caption | undefined;
  readonly tiles: readonly Tile[];
}

export interface Treemap {
  readonly width: number;
  readonly height: number;
  readonly groups: readonly TileGroup[];
}

const headingSize = 14;
const captionSize = 12;
const lineHeight = 16;
const inset = 6;

/** Files without content take no space. */
function heavy<Item extends { readonly size: number }>(items: readonly Item[]): readonly Item[] {
  return items.filter(({ size }) => size > 0);
}

function captionsOf(part: SizePart, area: Rectangle, top: number): readonly Caption[] {
  const room = area.width - 2 * inset;
  const lines = Math.floor((area.y + area.height - top - inset) / lineHeight);
  const label = fitText(part.label, room, captionSize);
  if (lines < 1 || label === '') return [];
  const size = fitText(formatSize(part.size), room, captionSize);
  const texts = [label, ...(size === '' || size.endsWith('…') ? [] : [size])].slice(0, lines);
  return texts.map((text, index) => ({ x: area.x + inset, y: top + lineHeight * (index + 1) - 3, text }));
}

function groupTiles(group: SizeGroup, area: Rectangle): TileGroup {
  const title = `${group.label}: ${formatSize(group.size)}`;
  const headed = area.height >= lineHeight + inset;
  const full = headed ? fitText(title, area.width - 2 * inset, headingSize, 'bold') : '';
  // Rather the whole name than the name and half a number.
  const text = full.endsWith('…') ? fitText(group.label, area.width - 2 * inset, headingSize, 'bold') : full;
  const heading = text === '' ? undefined : { x: area.x + inset, y: area.y + lineHeight, text };
  const parts = heavy(group.parts);
  const areas = squarify(
    parts.map(({ size }) => size),
    area,
  );
  const tiles = parts.map((part, index): Tile => {
    const own = areas[index] ?? area;
    const below = area.y + (heading === undefined ? 0 : lineHeight + 4);
    return {
      ...own,
      kind: part.kind,
      size: part.size,
      title: `${group.label}, ${part.label}: ${formatSize(part.size)}`,
      captions: captionsOf(part, own, Math.max(own.y + 2, below)),
    };
  });
  return { ...area, id: group.id, title, heading, tiles };
}

/**
 * A treemap of two levels: groups, and their parts inside. Every tile's area is its share of the whole, exactly; headings
 * lie upon the tiles.
 * @param groups the largest first
 */
export function layOutTreemap(groups: readonly SizeGroup[], width: number, height: number): Treemap {
  const shown = heavy(groups);
  const areas = squarify(
    shown.map(({ size }) => size),
    { x: 0, y: 0, width, height },
  );
  return {
    width,
    height,
    groups: shown.map((group, index) => groupTiles(group, areas[index] ?? { x: 0, y: 0, width, height })),
  };
}
