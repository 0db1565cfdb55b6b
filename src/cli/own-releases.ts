import type { Distribution } from '../distributions/distribution.ts';
import { findOwnRelease, planOwnRelease } from '../formats/release/own-release.ts';
import type { PackagerPorts } from '../formats/packager.ts';
import type { ManifestFile } from '../manifest/read.ts';
import type { OwnRelease, PlannedRelease } from '../plan/build-plan.ts';
import { normalizeOrder, nothingKnown } from './order.ts';
import type { World } from './world.ts';

/** Release packages that a project describes itself, by the id of the distribution that they are for. */
export type OwnReleases = ReadonlyMap<string, OwnRelease>;

/**
 * Looks beside the manifest for release packages that the project describes itself.
 * @throws CoachbuilderError `manifest-invalid`
 */
export async function findOwnReleases(
  manifest: ManifestFile | undefined,
  distributions: readonly Distribution[],
): Promise<OwnReleases> {
  const found = new Map<string, OwnRelease>();
  if (manifest?.written.release === undefined) return found;
  for (const distribution of distributions) {
    const own = await findOwnRelease(manifest.directory, distribution);
    if (own !== undefined) found.set(distribution.id, own);
  }
  return found;
}

/**
 * Finds out what they are called.
 * @throws CoachbuilderError `manifest-invalid`, `command-failed`
 */
export async function planOwnReleases(
  manifest: ManifestFile | undefined,
  distributions: readonly Distribution[],
  { ports, world }: { readonly ports: PackagerPorts; readonly world: World },
): Promise<ReadonlyMap<string, PlannedRelease>> {
  const planned = new Map<string, PlannedRelease>();
  const found = await findOwnReleases(manifest, distributions);
  for (const distribution of distributions) {
    const own = found.get(distribution.id);
    const { release } = normalizeOrder({ manifest }, nothingKnown, distribution, world);
    if (own === undefined || release === undefined) continue;
    planned.set(distribution.id, await planOwnRelease(own, { release, distribution }, ports));
  }
  return planned;
}
