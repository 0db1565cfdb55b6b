import type { Distribution } from '../../distributions/distribution.ts';
import type { RepositoryDefinition } from '../../formats/release/repository.ts';
import type { Channel, Place } from '../../repository/place.ts';

/*
 * What the landing page, install.md and repositories.json say: one value, from which all three are rendered.
 */

/** The key that clients verify with. */
export interface KeyView {
  /** 40 upper-case hexadecimal digits each; the first is the one that signs, others come with a change of keys. */
  readonly fingerprints: readonly string[];
  /** For people: `RSA-4096`, `ed25519`; empty when nobody said. */
  readonly algorithm: string;
  /** Key, relative to the store, of the armoured public keys: `acme.asc`. */
  readonly file: string;
  readonly url: string;
  /** Hexadecimal, of that file. */
  readonly sha256: string;
}

/** One package file. */
export interface VersionView {
  /** `[epoch:]version-release`. */
  readonly version: string;
  /** The format's word: `amd64`, `noarch`. */
  readonly architecture: string;
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
  /** Key, relative to the store. */
  readonly file: string;
  readonly url: string;
  /** Names of packages that it needs in its very version: what is built together, is installed together. */
  readonly companions: readonly string[];
}

export interface PackageView {
  readonly name: string;
  /** One line, of the newest version; empty when there is none. */
  readonly summary: string;
  /** Newest first; of one version in byte order of the architectures. */
  readonly versions: readonly VersionView[];
}

/** One repository, with what is in it. */
export interface PlaceView {
  readonly place: Place;
  /** Seconds since 1970: when it was last changed. */
  readonly date: number;
  /** In byte order of the names. */
  readonly packages: readonly PackageView[];
}

export interface ChannelView {
  readonly channel: Channel;
  /** What the release package calls it: `acme-testing`. */
  readonly id: string;
  /** Whether clients look into it without being asked to. */
  readonly enabled: boolean;
  readonly places: readonly PlaceView[];
  /** Those of all places; what is the same file in several of them is named once. */
  readonly packages: readonly PackageView[];
}

/** The release package, at the address that does not change. */
export interface ReleasePackageView {
  /** As the format spells it. */
  readonly name: string;
  readonly file: string;
  readonly url: string;
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export interface DistributionView {
  readonly distribution: Distribution;
  /** The sentence about the end of its support, on the day of the publication; undefined while it is supported. */
  readonly unsupported: string | undefined;
  /** Undefined while none is published. */
  readonly releasePackage: ReleasePackageView | undefined;
  /** The file that the release package installs. */
  readonly definition: RepositoryDefinition;
  /** Stable before testing; none without a place. */
  readonly channels: readonly ChannelView[];
  /**
   * What people come for: packages that no other one here needs in its very version, in byte order; those of the stable
   * channel, or of the testing one where that is the only one. Never the release package.
   */
  readonly applications: readonly PackageView[];
}

/** A repository as its visitors see it. */
export interface RepositoryView {
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** No trailing slash. */
  readonly baseurl: string;
  /** Undefined when nothing is signed. */
  readonly key: KeyView | undefined;
  /** Whether the release packages of the manifest bring the key, and make clients check; what is signed may do without. */
  readonly isKeyInstalled: boolean;
  /** Seconds since 1970. */
  readonly date: number;
  /** In the order of the ids. */
  readonly distributions: readonly DistributionView[];
}
