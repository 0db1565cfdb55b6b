import type { BillOfMaterials, Component } from '../sbom/bill.ts';
import { layerGraph, placeInOrder, type LayeredGraph } from './layers.ts';
import { fitText, textWidth } from './text.ts';

interface GraphNode {
  /** Index, by which edges are told apart in the style sheet. */
  readonly index: number;
  /** Of the bill's component. */
  readonly id: string;
  readonly kind: Component['kind'];
  readonly label: string;
  readonly title: string;
  /** Upper left corner. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface GraphEdge {
  readonly from: number;
  readonly to: number;
  /** `d` of an SVG path, from the one that requires to the one that is required. */
  readonly path: string;
  /** Whether it closes a circle. */
  readonly closing: boolean;
}

/** The graph of a bill's dependencies with a place for everything. */
export interface DependencyDrawing {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

const fontSize = 13;
const nodeHeight = 26;
const margin = 8;
const most = { label: 220, nodes: 400 } as const;
const gaps = { node: 12, passing: 12, layer: 56 } as const;

/** SVG does not need more, and fewer digits are the same on every machine. */
function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Y of the middle of every vertex: near the mean of what it is connected to. */
function placeVertices({ vertices, layers, routes }: LayeredGraph): readonly number[] {
  const related = vertices.map((): number[] => []);
  for (const { vertices: passed } of routes) {
    for (const [place, next] of passed.slice(1).entries()) {
      const vertex = passed[place] ?? next;
      related[vertex]?.push(next);
      related[next]?.push(vertex);
    }
  }
  const half = (vertex: number): number =>
    vertices[vertex]?.node === undefined ? gaps.passing / 2 : (nodeHeight + gaps.node) / 2;
  const distances = layers.map((layer) =>
    layer.map((vertex, place) => (place === 0 ? 0 : half(layer[place - 1] ?? vertex) + half(vertex))),
  );
  const middles = vertices.map(() => 0);
  const settle = (index: number, wishes: readonly number[]): void => {
    const layer = layers[index] ?? [];
    for (const [place, y] of placeInOrder(wishes, distances[index] ?? []).entries()) middles[layer[place] ?? 0] = y;
  };
  for (const [index, layer] of layers.entries()) {
    let total = 0;
    const even = (distances[index] ?? []).map((distance) => (total += distance));
    // Centred, so that no layer begins with a preference for the upper edge.
    settle(
      index,
      even.map((y) => y - total / 2),
    );
    if (layer.length === 0) throw new Error('Internal error: an empty layer');
  }
  for (let pass = 0; pass < 8; pass += 1) {
    const order = [...layers.keys()];
    if (pass % 2 === 1) order.reverse();
    for (const index of order) {
      const wishes = (layers[index] ?? []).map((vertex) => {
        const others = related[vertex] ?? [];
        if (others.length === 0) return middles[vertex] ?? 0;
        return others.reduce((sum, other) => sum + (middles[other] ?? 0), 0) / others.length;
      });
      settle(index, wishes);
    }
  }
  return middles;
}

/** A smooth line through points that leaves and arrives level. */
function curve(points: readonly (readonly [x: number, y: number])[]): string {
  const [[startX, startY] = [0, 0], ...others] = points;
  let [x, y] = [startX, startY];
  const parts = [`M${round(x)} ${round(y)}`];
  for (const [nextX, nextY] of others) {
    const middle = round((x + nextX) / 2);
    parts.push(
      y === nextY
        ? `H${round(nextX)}`
        : `C${middle} ${round(y)} ${middle} ${round(nextY)} ${round(nextX)} ${round(nextY)}`,
    );
    [x, y] = [nextX, nextY];
  }
  return parts.join('');
}

/**
 * Draws who requires whom: the package at the left, what it asks for to the right of it, and so on.
 * @returns undefined for a closure that nobody could read in a picture any more
 */
export function drawDependencies({
  subject,
  components,
  dependencies,
}: Pick<BillOfMaterials, 'subject' | 'components' | 'dependencies'>): DependencyDrawing | undefined {
  const parts = [subject, ...components];
  if (parts.length > most.nodes) return undefined;
  const indices = new Map(parts.map(({ id }, index) => [id, index]));
  const pairs = parts.flatMap(({ id }, from) =>
    [...new Set(dependencies.get(id) ?? [])].flatMap((other) => {
      const to = indices.get(other);
      return to === undefined || to === from ? [] : [[from, to] as const];
    }),
  );
  const graph = layerGraph(parts.length, pairs);
  const middles = placeVertices(graph);
  const top = Math.min(...middles);
  const yOf = (vertex: number): number => (middles[vertex] ?? 0) - top + nodeHeight / 2 + margin;

  const labels = parts.map(({ name }) => fitText(name, most.label, fontSize) || name.slice(0, 3));
  const widths = labels.map((label) => Math.ceil(textWidth(label, fontSize)) + 20);
  const columns: { readonly x: number; readonly width: number }[] = [];
  let x = margin;
  for (const layer of graph.layers) {
    const width = Math.max(30, ...layer.map((vertex) => widths[graph.vertices[vertex]?.node ?? -1] ?? 0));
    columns.push({ x, width });
    x += width + gaps.layer;
  }
  const columnOf = (vertex: number): { readonly x: number; readonly width: number } =>
    columns[graph.vertices[vertex]?.layer ?? 0] ?? { x: margin, width: 0 };

  const nodes = parts.map(({ id, kind, name, version }, index): GraphNode => {
    const title = `${name} ${version}`;
    const width = widths[index] ?? 0;
    const y = yOf(index) - nodeHeight / 2;
    return { index, id, kind, label: labels[index] ?? name, title, x: columnOf(index).x, y, width, height: nodeHeight };
  });
  const edges = pairs.map(([from, to], index): GraphEdge => {
    const { vertices: passed = [from, to], reversed = false } = graph.routes[index] ?? {};
    const points = passed.flatMap((vertex, place): readonly (readonly [number, number])[] => {
      const column = columnOf(vertex);
      const y = yOf(vertex);
      if (place === 0) return [[column.x + (widths[vertex] ?? 0), y]];
      // The head of an arrow needs some room.
      if (place === passed.length - 1) return [[column.x - (reversed ? 0 : 3), y]];
      return [
        [column.x, y],
        [column.x + column.width, y],
      ];
    });
    return { from, to, path: curve(reversed ? [...points].reverse() : points), closing: reversed };
  });
  return {
    width: Math.ceil(x - gaps.layer + margin),
    height: Math.ceil(Math.max(...graph.vertices.map((_, vertex) => yOf(vertex))) + nodeHeight / 2 + margin),
    nodes,
    edges,
  };
}
