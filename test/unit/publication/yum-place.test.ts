import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { changePlace, type ChangeOutcome } from '../../../src/publication/change-place.ts';
import { addEntries } from '../../../src/publication/entries.ts';
import type { PublishedIndex } from '../../../src/repository/index-format.ts';
import { yumIndex } from '../../../src/repository/yum/yum-index.ts';
import { Killed, MemoryStore } from '../../support/memory-store.ts';
import { rpmEntry } from '../../support/rpm-entries.ts';
import { fakeSigner, yumPlace } from '../../support/yum-store.ts';

const place = yumPlace();
const signer = fakeSigner();
const format = yumIndex({
  commands: { run: () => Promise.reject(new Error('no command')), tryRun: () => Promise.reject(new Error('none')) },
  environments: { base: {}, network: {} },
  scratch: '/nonexistent',
});

let directory = '';
let store = new MemoryStore();

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'yum-place-'));
  store = new MemoryStore();
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function publish(name: string): Promise<ChangeOutcome> {
  const path = join(directory, name);
  await writeFile(path, name);
  const entry = rpmEntry(name, '1-1', { content: name });
  return changePlace(
    {
      place,
      arrivals: [{ kind: 'upload', entry, path }],
      edit: (entries) => addEntries(entries, [entry], place.root),
      write: 'when-changed',
      validFor: undefined,
    },
    {
      ...{ store, format, signer, verifier: signer, publicReader: undefined },
      clock: { now: () => 1_760_000_000, wait: () => Promise.resolve(), random: () => 0.5 },
      reporter: { report: () => undefined, close: () => undefined },
    },
  );
}

/** What is there for a client, whoever was killed. */
async function published(): Promise<PublishedIndex | undefined> {
  const reader = new MemoryStore();
  for (const [key, held] of store.objects) reader.objects.set(key, held);
  const index = await format.read(place, reader, signer);
  for (const { file } of index?.entries ?? []) expect([...store.objects.keys()]).toContain(`${place.root}/${file}`);
  for (const key of index?.objects ?? [])
    expect([...store.objects.keys(), ...(index?.staleAliases ?? [])]).toContain(key);
  return index;
}

async function names(): Promise<readonly string[]> {
  return ((await published())?.entries ?? []).map(({ name }) => name);
}

describe('publishing to a yum repository', () => {
  it('takes as many requests whether there are few packages or many', async () => {
    await publish('a');
    const counts: number[] = [];
    for (const name of ['b', 'c', 'd']) {
      store.log.length = 0;
      await publish(name);
      counts.push(store.log.length);
    }
    expect(new Set(counts).size).toBe(1);
    expect(counts[0]).toBeLessThan(60);
  });

  it('keeps clients working wherever it is killed, and finishes when it is run again', async () => {
    await publish('a');
    store.log.length = 0;
    await publish('b');
    const requests = [...store.log];
    for (const [at, { method }] of requests.entries()) {
      // What only reads leaves nothing behind: dying after it is dying before the next.
      for (const fate of method === 'put' ? (['die-before', 'die-after'] as const) : (['die-before'] as const)) {
        store = new MemoryStore();
        await publish('a');
        store.log.length = 0;
        store.fate = (_, index) => (index === at ? fate : 'live');
        await expect(publish('b')).rejects.toThrow(Killed);
        expect([['a'], ['a', 'b']], `${fate} request ${String(at)}`).toContainEqual(await names());
        store.revive();
        await publish('b');
        expect(await published()).toMatchObject({ staleAliases: [] });
        expect(await names()).toEqual(['a', 'b']);
      }
    }
  });

  const six = ['a', 'b', 'c', 'd', 'e', 'f'];
  it('loses nothing of six publishers at once', async () => {
    store.meanwhile = () => new Promise((resolve) => setImmediate(resolve));
    const outcomes = await Promise.all(six.map(publish));
    expect(await names()).toEqual(six);
    expect(await published()).toMatchObject({ staleAliases: [] });
    expect(outcomes.some(({ retries }) => retries > 0)).toBe(true);
  });

  it('would lose some without conditions: the control of the test above', async () => {
    store.ignoresConditions = true;
    store.meanwhile = () => new Promise((resolve) => setImmediate(resolve));
    await Promise.all(six.map(publish));
    expect((await names()).length).toBeLessThan(6);
  });

  it('takes over what another tool made and somebody signed, and it only once', async () => {
    const index = await format.render({
      ...{
        place,
        entries: [rpmEntry('z', '1-1', { content: 'z' })],
        date: 1_700_000_000,
        validUntil: undefined,
        signer,
      },
    });
    const all = [...index.immutable, ...index.aliases].filter(({ key }) => !key.includes('/.snap/'));
    for (const object of all) await store.put(object, { kind: 'none' });
    const bytes = Buffer.from('z');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const file = { key: `${place.root}/z-1-1.noarch.rpm`, body: { kind: 'bytes', bytes }, size: 1, sha256 } as const;
    await store.put({ ...file, contentType: 'application/x-rpm', caching: 'immutable' }, { kind: 'none' });
    const others = await Promise.all(['a', 'b'].map(publish));
    expect(await names()).toEqual(['a', 'b', 'z']);
    expect(others.map(({ outcome }) => outcome)).toEqual(['published', 'published']);
    expect(await published()).toMatchObject({ staleAliases: [], etag: expect.any(String) as string });
  });
});
