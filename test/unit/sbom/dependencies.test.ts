import { describe, expect, it } from 'vitest';

import { markerEnvironment } from '../../../src/python/environment.ts';
import { parseRequirement } from '../../../src/python/requirement.ts';
import { dependencyGraph, type DependencyGraph } from '../../../src/sbom/dependencies.ts';

function graphOf(
  distributions: Readonly<Record<string, readonly string[]>>,
  {
    extras = [],
    requirements = [],
  }: { readonly extras?: readonly string[]; readonly requirements?: readonly string[] } = {},
): DependencyGraph {
  return dependencyGraph({
    distributions: new Map(Object.entries(distributions).map(([name, requiresDist]) => [name, { requiresDist }])),
    application: 'app',
    extras,
    requirements: requirements.map(parseRequirement),
    markers: markerEnvironment({ pythonVersion: '3.9.18', architecture: 'x86_64' }),
  });
}

describe('which distribution requires which', () => {
  it('follows requirements whose markers hold on the target', () => {
    const { roots, edges } = graphOf({
      app: ['Zope_Thing>=1', 'leaf; python_version < "3.8"', 'other; python_version >= "3.9"'],
      'zope-thing': ['leaf'],
      leaf: [],
      other: [],
    });
    expect(roots).toEqual(['app']);
    expect(Object.fromEntries(edges)).toEqual({
      app: ['other', 'zope-thing'],
      leaf: [],
      other: [],
      'zope-thing': ['leaf'],
    });
  });

  it('follows extras, also those that are made of others', () => {
    const { edges } = graphOf(
      {
        app: ['app[http]; extra == "all"', 'web[tls]; extra == "http"', 'unused; extra == "no"'],
        web: ['ssl; extra == "tls"', 'extra2; extra == "other"'],
        ssl: [],
      },
      { extras: ['all'] },
    );
    expect(Object.fromEntries(edges)).toEqual({ app: ['web'], ssl: [], web: ['ssl'] });
  });

  it('ends when distributions require each other', () => {
    expect(Object.fromEntries(graphOf({ app: ['a'], a: ['b'], b: ['a'] }).edges)).toEqual({
      a: ['b'],
      app: ['a'],
      b: ['a'],
    });
  });

  it('lets the package itself require what requirements files add, and what only a lock pins', () => {
    const { roots, edges } = graphOf(
      { app: ['leaf'], leaf: [], server: ['fast; extra == "speed"'], fast: [], pinned: ['leaf'] },
      { requirements: ['leaf>=1', 'server[speed]'] },
    );
    expect(roots).toEqual(['app', 'pinned', 'server']);
    expect(edges.get('server')).toEqual(['fast']);
    expect(edges.get('pinned')).toEqual(['leaf']);
  });
});
