import type { Distribution } from '../distributions/distribution.ts';
import type { PackageFormat } from '../model/format.ts';

/** Release versions go to the stable channel, everything else to the testing one. */
export type Channel = 'stable' | 'testing';

export const channels = ['stable', 'testing'] as const satisfies readonly Channel[];

/**
 * `flat`: one repository for each architecture, at `<distribution>[-testing]/<version>/<architecture>/`; apt's and yum's.
 * `classic`: apt's `dists/<suite>/<component>`, all architectures in one, at `<distribution>/`.
 */
export type Layout = 'flat' | 'classic';

/** One repository: what has an index, and a head by which a publication takes effect. */
export interface Place {
  readonly format: PackageFormat;
  readonly layout: Layout;
  readonly channel: Channel;
  readonly distribution: Distribution;
  /** Key prefix of everything that the repository consists of, without a slash at the end: `debian-testing/12/amd64`. */
  readonly root: string;
  /** The format's words for the machine architectures that it is for: `amd64`, one for `flat`; in byte order. */
  readonly architectures: readonly string[];
  /** apt: the field Suite; `<codename>` or `<codename>-testing`. */
  readonly suite: string;
  /** apt: `main` unless the manifest says another one. */
  readonly component: string;
  /** apt: fields of the Release file, frozen from the first publication on. */
  readonly origin: string;
  readonly label: string;
  /** The public address of `root`, without a slash at the end. */
  readonly url: string;
}
