import { describe, expect, it } from 'vitest';

import { drawDependencies, type DependencyDrawing } from '../../../src/build-report/graph.ts';
import { layerGraph, placeInOrder } from '../../../src/build-report/layers.ts';
import { aBill } from '../../support/build-report.ts';

function draw(edges: Readonly<Record<string, readonly string[]>>): DependencyDrawing {
  const drawing = drawDependencies(aBill(edges));
  if (drawing === undefined) throw new Error('there is no drawing');
  return drawing;
}

const diamond = { app: ['left', 'right', 'far'], left: ['base'], right: ['base'], base: ['far'], far: [] };

describe('layers', () => {
  it('put everything behind all that lead to it', () => {
    const { vertices } = layerGraph(4, [
      [0, 1],
      [1, 2],
      [0, 2],
      [2, 3],
      [0, 3],
    ]);
    expect(vertices.filter(({ node }) => node !== undefined).map(({ layer }) => layer)).toEqual([0, 1, 2, 3]);
  });

  it('lead long edges through the layers between', () => {
    const { vertices, routes } = layerGraph(3, [
      [0, 1],
      [1, 2],
      [0, 2],
    ]);
    expect(routes.map((route) => route.vertices)).toEqual([
      [0, 1],
      [1, 2],
      [0, 3, 2],
    ]);
    expect(vertices[3]).toEqual({ node: undefined, layer: 1 });
  });

  it('open circles, of one edge each', () => {
    const { routes } = layerGraph(3, [
      [0, 1],
      [1, 2],
      [2, 1],
    ]);
    expect(routes.map(({ reversed }) => reversed)).toEqual([false, false, true]);
  });

  it('take crossings apart where that is possible', () => {
    // As they come, 0-3 crosses 1-2.
    const { layers } = layerGraph(4, [
      [0, 3],
      [1, 2],
    ]);
    expect(layers).toEqual([
      [0, 1],
      [3, 2],
    ]);
  });

  it('are none for nothing', () => {
    expect(layerGraph(0, [])).toEqual({ vertices: [], layers: [], routes: [] });
  });

  it('have places as near to wishes as the distances allow', () => {
    expect(placeInOrder([0, 100], [0, 10])).toEqual([0, 100]);
    expect(placeInOrder([5, 5], [0, 10])).toEqual([0, 10]);
    expect(placeInOrder([50, 0, 0], [0, 10, 10])).toEqual([20 / 3, 50 / 3, 80 / 3]);
    expect(placeInOrder([], [])).toEqual([]);
  });
});

describe('the graph of dependencies', () => {
  it('has a node for every part and an edge for every requirement', () => {
    const { nodes, edges } = draw(diamond);
    expect(nodes.map(({ id }) => id)).toEqual([
      ...['package', 'pypi-app', 'pypi-base', 'pypi-far', 'pypi-left', 'pypi-right'],
    ]);
    const name = (index: number): string => nodes[index]?.label ?? '';
    expect(edges.map(({ from, to }) => `${name(from)} ${name(to)}`)).toEqual([
      'acme-python-fleet app',
      ...['app left', 'app right', 'app far', 'base far', 'left base', 'right base'],
    ]);
  });

  it('goes from left to right, and nothing lies upon anything else', () => {
    const { nodes, edges, width, height } = draw(diamond);
    for (const { from, to } of edges) expect(nodes[from]!.x + nodes[from]!.width).toBeLessThan(nodes[to]!.x);
    for (const [index, a] of nodes.entries()) {
      expect(a.x + a.width).toBeLessThanOrEqual(width);
      expect(a.y + a.height).toBeLessThanOrEqual(height);
      for (const b of nodes.slice(index + 1)) {
        const apart = a.y + a.height <= b.y || b.y + b.height <= a.y || a.x + a.width <= b.x || b.x + b.width <= a.x;
        expect(apart, `${a.id} and ${b.id}`).toBe(true);
      }
    }
  });

  it('tells the edge that closes a circle, and still points it at what is required', () => {
    const { nodes, edges } = draw({ app: ['one'], one: ['two'], two: ['one'] });
    const closing = edges.filter((edge) => edge.closing);
    expect(closing.map(({ from, to }) => [nodes[from]?.label, nodes[to]?.label])).toEqual([['two', 'one']]);
    const start = Number(/^M([\d.]+)/.exec(closing[0]!.path)?.[1]);
    expect(start).toBeGreaterThan(nodes[closing[0]!.to]!.x + nodes[closing[0]!.to]!.width);
  });

  it('is the same for the same bill, and ignores what requires itself', () => {
    expect(draw({ app: ['app', 'leaf', 'leaf'], leaf: [] })).toEqual(draw({ app: ['leaf'], leaf: [] }));
  });

  it('is made for a hundred distributions, and for a long chain', () => {
    const names = Array.from({ length: 100 }, (_, index) => `part-${String(index).padStart(3, '0')}`);
    const web = Object.fromEntries(
      names.map((name, index) => [name, names.filter((_, other) => other > index && (other * 7 + index) % 23 === 0)]),
    );
    expect(draw(web).nodes).toHaveLength(101);
    const chain = Object.fromEntries(names.map((name, index) => [name, names.slice(index + 1, index + 2)]));
    expect(draw(chain).edges).toHaveLength(100);
  });

  it('is left out when nobody could read it any more', () => {
    const names = Array.from({ length: 500 }, (_, index) => `part-${String(index)}`);
    expect(drawDependencies(aBill(Object.fromEntries(names.map((name) => [name, []]))))).toBeUndefined();
  });
});
