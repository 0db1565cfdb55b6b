/** A rectangle; y grows downwards. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The aspect ratio, at least 1, of the worst rectangle of a row that lies along a side. */
function worstRatio(areas: readonly number[], sum: number, side: number): number {
  const thickness = sum / side;
  return Math.max(...areas.map((area) => Math.max(thickness ** 2 / area, area / thickness ** 2)));
}

/**
 * Divides a rectangle among weights, as near to squares as they come: "Squarified Treemaps" (Bruls, Huizing and van Wijk,
 * 2000).
 * @param weights greater than 0; the squares come out best when they descend
 * @returns one rectangle for each weight, in their order, which fill the whole
 */
export function squarify(weights: readonly number[], whole: Rectangle): readonly Rectangle[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const scale = (whole.width * whole.height) / total;
  const areas = weights.map((weight) => weight * scale);
  const rectangles: Rectangle[] = [];
  let rest = whole;
  let next = 0;
  while (next < areas.length) {
    const side = Math.min(rest.width, rest.height);
    const row: number[] = [];
    let sum = 0;
    let worst = Number.POSITIVE_INFINITY;
    for (let index = next; index < areas.length; index += 1) {
      const area = areas[index] ?? 0;
      const ratio = worstRatio([...row, area], sum + area, side);
      if (ratio > worst) break;
      row.push(area);
      sum += area;
      worst = ratio;
    }
    next += row.length;
    // What is left over by rounding goes to the last row.
    const isLast = next === areas.length;
    const upright = rest.width >= rest.height;
    const thickness = isLast ? (upright ? rest.width : rest.height) : sum / side;
    let along = 0;
    for (const area of row) {
      const length = (area / sum) * side;
      rectangles.push(
        upright
          ? { x: rest.x, y: rest.y + along, width: thickness, height: length }
          : { x: rest.x + along, y: rest.y, width: length, height: thickness },
      );
      along += length;
    }
    rest = upright
      ? { ...rest, x: rest.x + thickness, width: rest.width - thickness }
      : { ...rest, y: rest.y + thickness, height: rest.height - thickness };
  }
  return rectangles;
}
