import { describe, expect, it } from 'vitest';

import { builtInDistributions } from '../../../src/distributions/table.ts';
import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import { applyChanges, applyPublication } from '../../../src/publication/apply.ts';
import { planYank } from '../../../src/publication/yank.ts';
import { parseSelection } from '../../../src/publication/selection.ts';
import type { BuildEvent } from '../../../src/report/event.ts';
import { FakeRepository, packageOf, placeOf } from '../../support/fake-repository.ts';
import { aRelease } from '../../support/landing.ts';

const places = [placeOf('debian-12'), placeOf('debian-11')];
const repository = {
  release: aRelease(),
  table: builtInDistributions(),
  keys: { text: 'a public key\n', primary: ['A'.repeat(40)], facts: [] },
};

async function published(): Promise<{ there: FakeRepository; events: BuildEvent[]; ports: FakeRepository['ports'] }> {
  const there = new FakeRepository(places);
  for (const place of places)
    await there.publish(place, packageOf('acme-app', '1.0-1'), packageOf('acme-app', '2.0-1'));
  there.store.log.length = 0;
  const events: BuildEvent[] = [];
  const reporter = { report: (event: BuildEvent) => events.push(event), close: () => undefined };
  return { there, events, ports: { ...there.ports, reporter } };
}

function writtenIn({ store }: FakeRepository): readonly string[] {
  return store.log.filter(({ method }) => method === 'put').map(({ key }) => key);
}

describe('changing a repository', () => {
  it('goes from place to place, and writes the pages in the end', async () => {
    const { there, events, ports } = await published();
    const { changes } = planYank([parseSelection('acme-app=2.0')], await there.read(), undefined);
    const { title, places: outcomes, others } = await applyChanges(changes, repository, ports);
    expect(title).toBe(there.store.title);
    expect(outcomes.map(({ place, outcome }) => [place.root, outcome])).toEqual([
      ['debian/12/amd64', 'published'],
      ['debian/11/amd64', 'published'],
    ]);
    expect(others.map(({ key }) => key)).toContain('index.html');
    const keys = writtenIn(there);
    const order = ['debian/12/amd64/head', 'debian/11/amd64/head', 'index.html'].map((key) => keys.indexOf(key));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(keys).not.toContain('acme.asc');
    expect(events.map((event) => ('message' in event ? event.message : ''))).toEqual(places.map(({ root }) => root));
  });

  it('tells what is finished when it fails', async () => {
    const { there, ports } = await published();
    const { changes } = planYank([parseSelection('acme-app=2.0')], await there.read(), undefined);
    const failing = changes.map((change, index) => ({
      ...change,
      edit: (entries: Parameters<typeof change.edit>[0]) => {
        if (index === 1) throw new CoachbuilderError('publication-refused', 'no');
        return change.edit(entries);
      },
    }));
    await expect(applyChanges(failing, repository, ports)).rejects.toMatchObject({
      code: 'publication-refused',
      details: ['finished: debian/12/amd64', expect.any(String)],
    });
    expect(writtenIn(there)).not.toContain('index.html');
  });

  it('has the key there before anything that is signed', async () => {
    const { there, ports } = await published();
    const plan = {
      title: 'memory',
      places: places.map((place) => ({
        ...{
          place,
          packages: [],
          entries: [],
          change: 'none' as const,
          refusal: undefined,
          before: 2,
          after: 2,
          phases: undefined,
        },
      })),
    };
    const { others } = await applyPublication(plan, repository, ports);
    expect(writtenIn(there)[0]).toBe('acme.asc');
    expect(others[0]).toMatchObject({ key: 'acme.asc', outcome: 'put' });
  });
});
