import { createHash } from 'node:crypto';

import type { ChangePorts } from '../../src/publication/change-ports.ts';
import { changePlace, type ChangeOutcome, type PlaceChange } from '../../src/publication/change-place.ts';
import { addEntries } from '../../src/publication/entries.ts';
import { readPlaces, type IndexFormats, type PublishedPlace } from '../../src/publication/published.ts';
import type { DebEntry } from '../../src/repository/index-format.ts';
import type { Channel, Place } from '../../src/repository/place.ts';
import { distributionOf } from './builds.ts';
import { DatedStore } from './dated-store.ts';
import { fakeIndex, fakeSigner, fakeVerifier } from './fake-index.ts';

export const secondsOfDay = 86_400;

const formats: IndexFormats = { deb: fakeIndex, rpm: fakeIndex };

/** A flat place of the fake format. */
export function placeOf(id: string, channel: Channel = 'stable'): Place {
  const distribution = distributionOf(id);
  const { format, vendor, version } = distribution;
  const suffix = channel === 'stable' ? '' : '-testing';
  const architecture = format === 'deb' ? 'amd64' : 'x86_64';
  const root = `${vendor}${suffix}/${version}/${architecture}`;
  return {
    ...{ format, layout: 'flat', channel, distribution, root, architectures: [architecture], component: 'main' },
    ...{ suite: `${version}${suffix}`, origin: 'Acme', label: 'Acme', url: `https://acme.example/${root}` },
  };
}

/** A package whose bytes are its name, its version, and what else is said. */
export function packageOf(
  name: string,
  version: string,
  salt = '',
): { readonly entry: DebEntry; readonly bytes: Buffer } {
  const bytes = Buffer.from(`${name} ${version} ${salt}`);
  const file = `${name}_${version}_amd64.deb`.replaceAll(/[+:]/g, '_');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const entry = { name, version, architecture: 'amd64', file, size: bytes.length, sha256 } as const;
  return { bytes, entry: { ...entry, format: 'deb', stanza: '' } };
}

/** Repositories of the fake format in a store in memory, with a clock that is set by hand. */
export class FakeRepository {
  readonly store = new DatedStore();
  readonly places: readonly Place[];
  readonly formats = formats;
  readonly verifier = fakeVerifier;

  constructor(places: readonly Place[]) {
    this.places = places;
  }

  get ports(): ChangePorts & { readonly formats: IndexFormats } {
    const clock = { now: () => this.store.now, wait: () => Promise.resolve(), random: () => 0.5 };
    return {
      ...{ store: this.store, format: fakeIndex, formats, signer: fakeSigner, verifier: fakeVerifier, clock },
      ...{ publicReader: undefined, reporter: { report: () => undefined, close: () => undefined } },
    };
  }

  /** Seconds. */
  pass(seconds: number): void {
    this.store.now += seconds;
  }

  /** Puts packages where they belong, as the first part of a publication does. */
  async upload(place: Place, ...packages: readonly ReturnType<typeof packageOf>[]): Promise<void> {
    for (const { entry, bytes } of packages) {
      const { size, sha256, file } = entry;
      const about = { contentType: 'application/octet-stream', caching: 'immutable' } as const;
      const key = `${place.root}/${file}`;
      await this.store.put({ key, body: { kind: 'bytes', bytes }, size, sha256, ...about }, { kind: 'absent' });
    }
  }

  async publish(place: Place, ...packages: readonly ReturnType<typeof packageOf>[]): Promise<ChangeOutcome> {
    await this.upload(place, ...packages);
    const added = packages.map(({ entry }) => entry);
    return await this.change({
      ...{ place, arrivals: [], write: 'when-changed', validFor: undefined },
      edit: (entries) => addEntries(entries, added, place.root),
    });
  }

  async change(change: PlaceChange): Promise<ChangeOutcome> {
    return await changePlace(change, this.ports);
  }

  async read(): Promise<readonly PublishedPlace[]> {
    return await readPlaces(this.places, { reader: this.store, formats, verifier: fakeVerifier });
  }

  /** Names and versions of a place. */
  async versions(place: Place): Promise<readonly string[]> {
    const published = await this.read();
    const entries = published.find((each) => each.place === place)?.index?.entries ?? [];
    return entries.map(({ name, version }) => `${name}=${version}`).sort();
  }
}
