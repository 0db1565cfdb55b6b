import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { ChangePorts } from '../../../src/publication/change-ports.ts';
import { changePlace, type ChangeOutcome, type PlaceChange } from '../../../src/publication/change-place.ts';
import { addEntries } from '../../../src/publication/entries.ts';
import { readBackObjects } from '../../../src/publication/read-back.ts';
import { packageObject, type Arrival } from '../../../src/publication/uploads.ts';
import type { BuildEvent } from '../../../src/report/event.ts';
import type { DebEntry } from '../../../src/repository/index-format.ts';
import type { Place } from '../../../src/repository/place.ts';
import type { ObjectReader, StoredObject } from '../../../src/store/object-store.ts';
import { distributionOf } from '../../support/builds.ts';
import { fakeIndex, fakeSigner, fakeVerifier } from '../../support/fake-index.ts';
import { Killed, MemoryStore } from '../../support/memory-store.ts';

const place: Place = {
  ...{ format: 'deb', layout: 'flat', channel: 'stable', distribution: distributionOf('debian-12') },
  ...{ root: 'debian/12/amd64', architectures: ['amd64'], suite: 'bookworm', component: 'main' },
  ...{ origin: 'Acme', label: 'Acme', url: 'https://acme.example/debian/12/amd64' },
};

let directory = '';
let store = new MemoryStore();
let now = 1_000_000;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'change-place-'));
  store = new MemoryStore();
  now = 1_000_000;
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function arrival(name: string, content = name, version = '1-1'): Promise<Arrival> {
  const path = join(directory, `${name}-${createHash('sha256').update(content).digest('hex').slice(0, 6)}`);
  await writeFile(path, content);
  const entry: DebEntry = {
    ...{ format: 'deb', name, version, architecture: 'amd64', stanza: '', file: `${name}_${version}_amd64.deb` },
    size: Buffer.byteLength(content),
    sha256: createHash('sha256').update(content).digest('hex'),
  };
  return { kind: 'upload', entry, path };
}

function adding(arrivals: readonly Arrival[], facts: Partial<PlaceChange> = {}): PlaceChange {
  return {
    ...{ place, arrivals, write: 'when-changed', validFor: undefined },
    edit: (entries) =>
      addEntries(
        entries,
        arrivals.map(({ entry }) => entry),
        place.root,
      ),
    ...facts,
  };
}

function ports(facts: Partial<ChangePorts> = {}): ChangePorts {
  return {
    ...{ store, format: fakeIndex, signer: fakeSigner, verifier: fakeVerifier, publicReader: undefined },
    clock: { now: () => now, wait: () => Promise.resolve(), random: () => 0.5 },
    reporter: { report: () => undefined, close: () => undefined },
    ...facts,
  };
}

async function publish(...names: readonly string[]): Promise<ChangeOutcome> {
  return changePlace(adding(await Promise.all(names.map((name) => arrival(name)))), ports());
}

/** Puts a package where it belongs, and says it to nobody. */
async function put(name: string): Promise<void> {
  const made = await arrival(name);
  if (made.kind !== 'upload') throw new Error('it is not to be copied');
  const silent = new MemoryStore();
  await silent.put(packageObject(place, made.entry, made.path), { kind: 'absent' });
  for (const [key, held] of silent.objects) store.objects.set(key, held);
}

/** What a client sees: the names in the index, all of whose packages it can get. */
async function clientView(): Promise<readonly string[]> {
  const reader = new MemoryStore();
  for (const [key, held] of store.objects) reader.objects.set(key, held);
  const index = await fakeIndex.read(place, reader, fakeVerifier);
  for (const { file, sha256 } of index?.entries ?? []) {
    const held = reader.objects.get(`${place.root}/${file}`);
    expect(
      createHash('sha256')
        .update(held?.bytes ?? '')
        .digest('hex'),
    ).toBe(sha256);
  }
  return (index?.entries ?? []).map(({ name }) => name);
}

const staleAliases = async (): Promise<readonly string[]> =>
  (await fakeIndex.read(place, store, fakeVerifier))?.staleAliases ?? [];

describe('changePlace', () => {
  it('puts packages, index, head and aliases, in this order', async () => {
    const outcome = await publish('a');
    expect(outcome).toMatchObject({ outcome: 'published', date: now, retries: 0 });
    const put = store.log.filter(({ method }) => method === 'put').map(({ key }) => key.replace(/-[0-9a-f]{64}$/, ''));
    expect(put).toEqual(['a_1-1_amd64.deb', 'index', 'head', 'alias'].map((name) => `debian/12/amd64/${name}`));
    expect(await clientView()).toEqual(['a']);
  });

  it('adds to what is there, and writes nothing when all of it is there', async () => {
    await publish('a');
    await publish('b');
    expect(await clientView()).toEqual(['a', 'b']);
    store.log.length = 0;
    expect(await publish('a', 'b')).toMatchObject({ outcome: 'unchanged', objects: [] });
    expect(store.log.filter(({ method }) => method !== 'get')).toEqual([]);
  });

  it('refuses the same version with other bytes, and has touched nothing', async () => {
    await publish('a');
    const before = new Map(store.objects);
    await expect(changePlace(adding([await arrival('a', 'other')]), ports())).rejects.toMatchObject({
      code: 'publication-refused',
      message: expect.stringContaining('a 1-1 amd64 is published already, with other bytes') as string,
    });
    expect(store.objects).toEqual(before);
  });

  it('refuses an object of other bytes that no index names', async () => {
    const other = await arrival('a', 'other');
    store.fate = ({ key }) => (key.includes('/index-') ? 'die-before' : 'live');
    await expect(changePlace(adding([other]), ports())).rejects.toThrow(Killed);
    store.revive();
    await expect(publish('a')).rejects.toMatchObject({ code: 'publication-refused' });
    expect(await changePlace(adding([other]), ports())).toMatchObject({
      outcome: 'published',
      objects: expect.arrayContaining([
        expect.objectContaining({ key: 'debian/12/amd64/a_1-1_amd64.deb', outcome: 'present' }),
      ]) as unknown,
    });
  });

  it('keeps clients working wherever it is killed, and finishes when it is run again', async () => {
    await publish('a');
    store.log.length = 0;
    await publish('b');
    const requests = store.log.length;
    expect(requests).toBeGreaterThan(8);
    for (let at = 0; at < requests; at += 1) {
      for (const fate of ['die-before', 'die-after'] as const) {
        store = new MemoryStore();
        await publish('a');
        store.log.length = 0;
        store.fate = (_, index) => (index === at ? fate : 'live');
        await expect(publish('b')).rejects.toThrow(Killed);
        expect([['a'], ['a', 'b']], `${fate} request ${String(at)}`).toContainEqual(await clientView());
        store.revive();
        await publish('b');
        expect(await clientView()).toEqual(['a', 'b']);
        expect(await staleAliases()).toEqual([]);
      }
    }
  });

  it('writes aliases that a killed publisher left behind, with a head of their own', async () => {
    store.fate = ({ key, method }) => (key.endsWith('/alias') && method === 'put' ? 'die-before' : 'live');
    await expect(publish('a')).rejects.toThrow(Killed);
    store.revive();
    expect(await staleAliases()).not.toEqual([]);
    expect(await publish('a')).toMatchObject({ outcome: 'repaired', date: now + 1 });
    expect(await staleAliases()).toEqual([]);
  });

  const six = ['a', 'b', 'c', 'd', 'e', 'f'];
  it('loses nothing of six publishers at once', async () => {
    store.meanwhile = () => new Promise((resolve) => setImmediate(resolve));
    const outcomes = await Promise.all(six.map((name) => publish(name)));
    expect([...(await clientView())].sort()).toEqual(six);
    expect(outcomes.some(({ retries }) => retries > 0)).toBe(true);
    expect(await staleAliases()).toEqual([]);
  });

  it('would lose some without conditions: the control of the test above', async () => {
    store.ignoresConditions = true;
    store.meanwhile = () => new Promise((resolve) => setImmediate(resolve));
    await Promise.all(six.map((name) => publish(name)));
    expect((await clientView()).length).toBeLessThan(6);
  });

  it('gives up when others are faster for ever', async () => {
    await publish('a');
    let others = 0;
    store.meanwhile = async ({ method, key }) => {
      if (method !== 'put' || key !== 'debian/12/amd64/head') return;
      const held = store.objects.get(key);
      others += 1;
      if (held !== undefined) store.objects.set(key, { ...held, etag: `other ${String(others)}` });
      return Promise.resolve();
    };
    await expect(publish('b')).rejects.toMatchObject({ code: 'publication-conflict' });
    expect(others).toBe(21);
  });

  it('never lets its aliases follow those of a newer head', async () => {
    await publish('a');
    let isFirst = true;
    store.meanwhile = async ({ method, key }) => {
      if (!isFirst || method !== 'put' || !key.endsWith('/alias')) return;
      isFirst = false;
      await publish('c'); // a whole publication between our look at the aliases and our write of them
    };
    await publish('b');
    expect(await clientView()).toEqual(['a', 'b', 'c']);
    expect(await staleAliases()).toEqual([]);
  });

  it('dates every index later than the one before', async () => {
    await publish('a');
    now -= 100;
    expect(await publish('b')).toMatchObject({ date: 1_000_001 });
  });

  it('refuses to publish with a clock that is far behind', async () => {
    await publish('a');
    now -= 301;
    await expect(publish('b')).rejects.toMatchObject({
      code: 'publication-refused',
      message: expect.stringContaining('clock') as string,
    });
    expect(await clientView()).toEqual(['a']);
  });

  it('refuses to change what clients compare', async () => {
    await publish('a');
    const change = adding([await arrival('b')], { place: { ...place, origin: 'Other' } });
    await expect(changePlace(change, ports())).rejects.toMatchObject({
      code: 'publication-refused',
      details: ['Origin is "Acme" and would become "Other"'],
    });
  });

  it('writes the same entries anew when it is told to', async () => {
    await publish('a');
    now += 50;
    const change = adding([], { write: 'always', edit: (entries) => entries, validFor: 1_000 });
    expect(await changePlace(change, ports())).toMatchObject({ outcome: 'published', date: now });
    expect(store.objects.get('debian/12/amd64/head')?.bytes.toString()).toContain(
      `"validUntil":${String(now + 1_000)}`,
    );
  });

  it('copies within the store, and looks at what it copied', async () => {
    const { entry } = await arrival('a');
    await publish('a');
    const stable = { ...place, root: 'debian/13/amd64' };
    const from = 'debian/12/amd64/a_1-1_amd64.deb';
    const copying = (sha256: string): PlaceChange =>
      adding([{ kind: 'copy', entry: { ...entry, sha256 }, from }], { place: stable });
    await expect(changePlace(copying('0'.repeat(64)), ports())).rejects.toMatchObject({ code: 'publication-refused' });
    store.objects.delete('debian/13/amd64/a_1-1_amd64.deb');
    expect(await changePlace(copying(entry.sha256), ports())).toMatchObject({ outcome: 'published' });
    expect(store.objects.get('debian/13/amd64/a_1-1_amd64.deb')?.bytes.toString()).toBe('a');
  });

  it('does not name in an index what is not there', async () => {
    const { entry } = await arrival('a');
    await expect(changePlace(adding([], { edit: () => [entry] }), ports())).rejects.toMatchObject({
      code: 'repository-invalid',
    });
    expect(store.objects.size).toBe(0);
  });

  describe('when a published package was removed', () => {
    const lost = 'debian/12/amd64/a_1-1_amd64.deb';
    const yanking = (name: string): PlaceChange =>
      adding([], { edit: (entries) => entries.filter((entry) => entry.name !== name) });
    const refreshing = (): PlaceChange => adding([], { write: 'always', edit: (entries) => entries });

    /** What is done, and what is warned of meanwhile. */
    async function warned(change: PlaceChange): Promise<readonly string[]> {
      const warnings: string[] = [];
      const report = (event: BuildEvent): void => {
        if (event.type === 'warning') warnings.push(`${event.message}; ${event.hint ?? ''}`);
      };
      await changePlace(change, ports({ reporter: { report, close: () => undefined } }));
      return warnings;
    }

    beforeEach(async () => {
      await publish('a', 'b');
      store.objects.delete(lost);
    });

    it('names no more in an index that would name it, and has written nothing', async () => {
      const before = new Map(store.objects);
      await expect(publish('c')).rejects.toMatchObject({
        code: 'repository-invalid',
        details: [`${lost} is not there`],
        hint: expect.stringContaining('yank --distribution=debian-12 --channel=stable a=1-1;') as string,
      });
      expect(store.objects).toEqual(before);
    });

    it('names no more beside one of another size', async () => {
      const other = store.objects.get('debian/12/amd64/b_1-1_amd64.deb');
      if (other === undefined) throw new Error('b was not published');
      store.objects.set(lost, { ...other, object: { ...other.object, size: 7 } });
      await expect(publish('c')).rejects.toMatchObject({
        details: [`${lost} has 7 bytes, and 1 in the index`],
        hint: expect.stringContaining('delete what has other bytes') as string,
      });
    });

    it('is told of all of them at once', async () => {
      store.objects.delete('debian/12/amd64/b_1-1_amd64.deb');
      await expect(publish('c')).rejects.toMatchObject({
        details: [`${lost} is not there`, 'debian/12/amd64/b_1-1_amd64.deb is not there'],
        hint: expect.stringContaining(' a=1-1 b=1-1;') as string,
      });
    });

    it('lets it be yanked, and others be published after that', async () => {
      expect(await warned(yanking('a'))).toEqual([]);
      await publish('c');
      expect(await clientView()).toEqual(['b', 'c']);
    });

    it('lets another one be yanked, and indexes be refreshed, and says what is missing', async () => {
      const warning = expect.stringContaining(`${lost} is not there; put the same files back`) as string;
      expect(await warned(refreshing())).toEqual([warning]);
      expect(await warned(yanking('b'))).toEqual([warning]);
    });

    it('puts it back when it comes along', async () => {
      await publish('a', 'c');
      expect(await clientView()).toEqual(['a', 'b', 'c']);
    });

    it('asks for what a list lacks by itself, for a server whose lists lag behind', async () => {
      store.meanwhile = async ({ method, key }) => {
        if (method === 'list') expect(key).toBe('debian/12/amd64/');
        if (method === 'head' && key === lost) await put('a');
      };
      await publish('c');
      expect(await clientView()).toEqual(['a', 'b', 'c']);
    });
  });

  it('says when clients do not see what was published', async () => {
    const elsewhere = new MemoryStore();
    await expect(changePlace(adding([await arrival('a')]), ports({ publicReader: elsewhere }))).rejects.toMatchObject({
      code: 'repository-invalid',
      message: expect.stringContaining('clients do not see it') as string,
    });
    expect(await clientView()).toEqual(['a']);
  });

  describe('reading back', () => {
    const lost = 'debian/12/amd64/a_1-1_amd64.deb';
    /** The public address of the store, as far as it lets packages through. */
    const through = (packages: (key: string) => Promise<StoredObject | undefined>): ObjectReader => ({
      title: 'https://acme.example',
      get: (key) => store.get(key),
      head: (key) => (key.endsWith('.deb') ? packages(key) : store.head(key)),
    });
    const publishThrough = async (publicReader: ObjectReader, ...names: readonly string[]): Promise<ChangeOutcome> =>
      changePlace(adding(await Promise.all(names.map((name) => arrival(name)))), ports({ publicReader }));

    it.each<readonly [string, Partial<StoredObject> | undefined, string]>([
      ['they cannot get a package', undefined, `${lost} cannot be had`],
      ['they get a page instead of a package', { size: 512, sha256: undefined }, `${lost} has 512 bytes instead of 1`],
      ['they get another package', { sha256: 'f'.repeat(64) }, `${lost} is another file`],
    ])('says that %s', async (_title, seen, problem) => {
      const reader = through(async (key) => {
        const there = await store.head(key);
        return seen === undefined || there === undefined ? undefined : { ...there, ...seen };
      });
      await expect(publishThrough(reader, 'a')).rejects.toMatchObject({
        code: 'repository-invalid',
        message: `debian/12/amd64 is published, but clients do not see it at ${place.url}: ${problem}`,
      });
    });

    it('counts the others', async () => {
      const reader = through(() => Promise.resolve(undefined));
      await expect(publishThrough(reader, 'a', 'b', 'c')).rejects.toThrow(`${lost} cannot be had, and 2 more like it`);
    });

    it('looks again when the same command is run again, though all of it is published', async () => {
      const closed = through(() => Promise.resolve(undefined));
      await expect(publishThrough(closed, 'a')).rejects.toThrow('cannot be had');
      await expect(publishThrough(closed, 'a')).rejects.toThrow('cannot be had');
      const open = through((key) => store.head(key));
      await expect(publishThrough(open, 'a')).resolves.toMatchObject({ outcome: 'unchanged' });
    });

    it('waits for a cache that is slow, asks for what has come and takes sizes where no SHA-256 is told', async () => {
      await publish('z');
      const asked: string[] = [];
      const slow = through(async (key) => {
        const there = await store.head(key);
        return asked.push(key) < 3 || there === undefined ? undefined : { ...there, sha256: undefined };
      });
      await expect(publishThrough(slow, 'a')).resolves.toMatchObject({ outcome: 'published' });
      expect(asked).toEqual([lost, lost, lost]);
    });

    it('sees that clients get what the store has at addresses that no index names, pages aside', async () => {
      await put('a');
      const written = [{ key: lost }, { key: 'index.html' }];
      const closed = through(() => Promise.resolve(undefined));
      await expect(readBackObjects(written, ports({ publicReader: closed }))).rejects.toMatchObject({
        code: 'repository-invalid',
        message: `${lost} is published, but clients do not see it at https://acme.example: ${lost} cannot be had`,
      });
      const open = through((key) => store.head(key));
      await expect(readBackObjects(written, ports({ publicReader: open }))).resolves.toBeUndefined();
      await expect(readBackObjects(written, ports())).resolves.toBeUndefined();
    });
  });
});
