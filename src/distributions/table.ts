import { debDistributions } from './deb-table.ts';
import type { Distribution } from './distribution.ts';
import { rpmDistributions } from './rpm-table.ts';

/** Distributions by id, in the order in which people are shown them. */
export type DistributionTable = ReadonlyMap<string, Distribution>;

const builtIn: DistributionTable = new Map(
  [...rpmDistributions, ...debDistributions].map((distribution) => [distribution.id, distribution]),
);

/** The distributions that we know by ourselves; a manifest may add to them. */
export function builtInDistributions(): DistributionTable {
  return builtIn;
}
