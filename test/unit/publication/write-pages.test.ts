import { describe, expect, it } from 'vitest';

import { builtInDistributions } from '../../../src/distributions/table.ts';
import { repositoriesDocument } from '../../../src/publication/page/repositories.ts';
import { viewOf } from '../../../src/publication/page/view-of.ts';
import { placesIn } from '../../../src/publication/write-pages.ts';
import { usualRequest } from '../../support/landing.ts';

const usual = usualRequest();
const about = { release: usual.release, table: builtInDistributions() };
const document = repositoriesDocument(viewOf(usual));

function rootsIn(text: string): readonly string[] {
  return placesIn(text, about).map(({ root }) => root);
}

describe('the places in repositories.json', () => {
  const expected = usual.places.map(({ place }) => place.root).sort();

  it('are those that were published', () => {
    expect([...rootsIn(JSON.stringify(document))].sort()).toEqual(expected);
  });

  it('are read from what a later Coachbuilder wrote with more keys, or its page would be written without them', () => {
    const distributions = document.distributions.map((distribution) => ({
      ...distribution,
      packageManager: 'another',
      more: 1,
      repositories: distribution.repositories.map((repository) => ({ ...repository, more: 1 })),
    }));
    expect([...rootsIn(JSON.stringify({ ...document, more: 1, distributions }))].sort()).toEqual(expected);
  });

  it.each(['', 'null', '{}', JSON.stringify({ ...document, schemaVersion: 2 })])('are none in %.20s', (text) => {
    expect(rootsIn(text)).toEqual([]);
  });
});
