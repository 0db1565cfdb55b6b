/** An edge between layers that are next to each other, or a part of a longer one. */
interface Link {
  readonly from: number;
  readonly to: number;
}

/** A node of the layered graph: one of the caller's, or a place that a long edge passes. */
export interface Vertex {
  /** Index of the caller's node; undefined for a place that an edge passes. */
  readonly node: number | undefined;
  readonly layer: number;
}

/** A graph in layers, ordered so that few edges cross. */
export interface LayeredGraph {
  readonly vertices: readonly Vertex[];
  /** Of each layer its vertices, by index, from top to bottom. */
  readonly layers: readonly (readonly number[])[];
  /** Of each edge of the caller's, in that order, the vertices that it passes, both ends included; forwards. */
  readonly routes: readonly {
    readonly vertices: readonly number[];
    /** Whether the edge closes a circle: then it runs from the last vertex to the first. */
    readonly reversed: boolean;
  }[];
}

type Edge = readonly [from: number, to: number];

/** Edges that close a circle when one walks from the first node, depth first. */
function closingEdges(count: number, edges: readonly Edge[]): ReadonlySet<Edge> {
  const outgoing = Array.from({ length: count }, (): Edge[] => []);
  for (const edge of edges) outgoing[edge[0]]?.push(edge);
  const closing = new Set<Edge>();
  const state = new Map<number, 'open' | 'done'>();
  for (let start = 0; start < count; start += 1) {
    if (state.has(start)) continue;
    const trail = [{ node: start, next: 0 }];
    state.set(start, 'open');
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const edge = outgoing[top.node]?.[top.next];
      top.next += 1;
      if (edge === undefined) {
        state.set(top.node, 'done');
        trail.pop();
      } else if (state.get(edge[1]) === 'open') closing.add(edge);
      else if (!state.has(edge[1])) {
        state.set(edge[1], 'open');
        trail.push({ node: edge[1], next: 0 });
      }
    }
  }
  return closing;
}

/** The layer of every node: one behind the last of those that lead to it. */
function longestPaths(count: number, edges: readonly Edge[]): readonly number[] {
  const layers = Array.from({ length: count }, () => 0);
  const missing = Array.from({ length: count }, () => 0);
  const outgoing = Array.from({ length: count }, (): number[] => []);
  for (const [from, to] of edges) {
    missing[to] = (missing[to] ?? 0) + 1;
    outgoing[from]?.push(to);
  }
  const ready = missing.flatMap((number, node) => (number === 0 ? [node] : []));
  for (let node = ready.shift(); node !== undefined; node = ready.shift()) {
    for (const next of outgoing[node] ?? []) {
      layers[next] = Math.max(layers[next] ?? 0, (layers[node] ?? 0) + 1);
      missing[next] = (missing[next] ?? 0) - 1;
      if (missing[next] === 0) ready.push(next);
    }
  }
  return layers;
}

/** For each vertex its neighbours in the layer before, or behind. */
function neighbours(count: number, links: readonly Link[], side: 'from' | 'to'): readonly (readonly number[])[] {
  const found = Array.from({ length: count }, (): number[] => []);
  for (const link of links) found[side === 'from' ? link.to : link.from]?.push(link[side]);
  return found;
}

function countCrossings(layers: readonly (readonly number[])[], behind: readonly (readonly number[])[]): number {
  let crossings = 0;
  for (const [index, layer] of layers.entries()) {
    const places = new Map((layers[index + 1] ?? []).map((vertex, place) => [vertex, place]));
    const ends = layer.map((vertex) => (behind[vertex] ?? []).map((next) => places.get(next) ?? 0));
    for (let upper = 0; upper < ends.length; upper += 1)
      for (let lower = upper + 1; lower < ends.length; lower += 1)
        for (const a of ends[upper] ?? []) for (const b of ends[lower] ?? []) if (a > b) crossings += 1;
  }
  return crossings;
}

/** Sorts a layer by the mean place of its neighbours in another one; who has none stays about where it is. */
function sortByNeighbours(
  layer: readonly number[],
  fixed: readonly number[],
  related: readonly (readonly number[])[],
): readonly number[] {
  const places = new Map(fixed.map((vertex, place) => [vertex, place]));
  const wish = new Map(
    layer.map((vertex, place) => {
      const own = (related[vertex] ?? []).map((other) => places.get(other) ?? 0);
      return [vertex, own.length === 0 ? place : own.reduce((sum, value) => sum + value, 0) / own.length];
    }),
  );
  return [...layer].sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0));
}

const sweeps = 12;

/** Barycentres, layer by layer, forwards and backwards; the best order that was seen. */
function orderLayers(
  first: readonly (readonly number[])[],
  before: readonly (readonly number[])[],
  behind: readonly (readonly number[])[],
): readonly (readonly number[])[] {
  let best = first;
  let fewest = countCrossings(first, behind);
  let current = [...first];
  for (let sweep = 0; sweep < sweeps && fewest > 0; sweep += 1) {
    const forwards = sweep % 2 === 0;
    const order = [...current.keys()];
    if (!forwards) order.reverse();
    for (const index of order.slice(1)) {
      const fixed = current[forwards ? index - 1 : index + 1] ?? [];
      current[index] = sortByNeighbours(current[index] ?? [], fixed, forwards ? before : behind);
    }
    const crossings = countCrossings(current, behind);
    if (crossings < fewest) {
      fewest = crossings;
      best = current;
    }
    current = [...current];
  }
  return best;
}

/**
 * Puts a directed graph into layers after Sugiyama, Tagawa and Toda (1981): circles are opened, every node lies behind
 * all that lead to it, long edges pass through the layers between, and barycentres order each layer. The same graph comes
 * out the same.
 * @param count of nodes, which are numbers from 0
 * @param edges without duplicates and without edges of a node to itself
 */
export function layerGraph(count: number, edges: readonly Edge[]): LayeredGraph {
  const closing = closingEdges(count, edges);
  const forwards = edges.map((edge): Edge => (closing.has(edge) ? [edge[1], edge[0]] : edge));
  const ranks = longestPaths(count, forwards);
  const vertices: Vertex[] = ranks.map((layer, node) => ({ node, layer }));
  const links: Link[] = [];
  const routes = edges.map((edge, index) => {
    const [from, to] = forwards[index] ?? edge;
    const passed = [from];
    for (let layer = (ranks[from] ?? 0) + 1; layer < (ranks[to] ?? 0); layer += 1) {
      vertices.push({ node: undefined, layer });
      passed.push(vertices.length - 1);
    }
    passed.push(to);
    for (const [place, vertex] of passed.slice(1).entries()) links.push({ from: passed[place] ?? from, to: vertex });
    return { vertices: passed, reversed: closing.has(edge) };
  });
  const depth = Math.max(-1, ...vertices.map(({ layer }) => layer)) + 1;
  const first = Array.from({ length: depth }, (_, layer) =>
    vertices.flatMap((vertex, index) => (vertex.layer === layer ? [index] : [])),
  );
  const before = neighbours(vertices.length, links, 'from');
  const behind = neighbours(vertices.length, links, 'to');
  return { vertices, layers: orderLayers(first, before, behind), routes };
}

/**
 * Positions as near to wishes as an order and distances allow, in the sense of least squares (pool adjacent violators).
 * @param gaps how far each lies behind the one before it, at least; the first is not looked at
 */
export function placeInOrder(wishes: readonly number[], gaps: readonly number[]): readonly number[] {
  const offsets: number[] = [];
  let offset = 0;
  for (const [index, gap] of gaps.entries()) {
    offset += index === 0 ? 0 : gap;
    offsets.push(offset);
  }
  const blocks: { sum: number; count: number }[] = [];
  for (const [index, wish] of wishes.entries()) {
    let block = { sum: wish - (offsets[index] ?? 0), count: 1 };
    for (let last = blocks.at(-1); last !== undefined; last = blocks.at(-1)) {
      if (last.sum / last.count <= block.sum / block.count) break;
      block = { sum: last.sum + block.sum, count: last.count + block.count };
      blocks.pop();
    }
    blocks.push(block);
  }
  return blocks
    .flatMap(({ sum, count }) => Array.from({ length: count }, () => sum / count))
    .map((place, index) => place + (offsets[index] ?? 0));
}
