import { basename } from 'node:path';

import type { Application } from '../application/application.ts';
import { offlineMiss } from '../lock/failures.ts';
import type { LockedDistribution, LockedEnvironment } from '../lock/lock.ts';
import { requirementOf } from '../lock/lock-request.ts';
import type { TargetPlatform } from '../lock/platform.ts';
import { buildLockedSdist } from '../lock/sdist-build.ts';
import type { LockPorts } from '../lock/sdist-builder.ts';
import { normalizeName } from '../python/name.ts';
import { mapConcurrently } from '../system/files.ts';
import { downloadWheels } from './download.ts';
import { findCached } from './wheel-cache.ts';
import { requireFittingWheel } from './wheel-fit.ts';
import type { Wheelhouse, WheelFile } from './wheelhouse.ts';

/** Files that are read at once to check them. */
const readers = 4;

export interface GatherRequest {
  readonly platform: TargetPlatform;
  /** Absent: only what is locked. One that came from an index is locked itself, and is not added again. */
  readonly application?: Application;
  /** Whether files can be found without the network (`IndexSettings.hasLocalFiles`): then pip is tried offline, too. */
  readonly hasLocalFiles?: boolean;
}

async function findMissing(
  wheels: readonly LockedDistribution[],
  ports: LockPorts,
): Promise<readonly LockedDistribution[]> {
  const paths = await mapConcurrently(wheels, readers, ({ file }) => findCached(file, ports.cacheDirectory));
  return wheels.filter((_, index) => paths[index] === undefined);
}

async function locate(
  distribution: LockedDistribution,
  platform: TargetPlatform,
  ports: LockPorts,
): Promise<WheelFile | undefined> {
  const { name, version, file, kind } = distribution;
  if (kind === 'sdist') return { name, version, ...(await buildLockedSdist(distribution, platform, ports)) };
  const path = await findCached(file, ports.cacheDirectory);
  return path === undefined ? undefined : { name, version, path, sha256: file.sha256 };
}

function applicationWheel(request: GatherRequest): readonly WheelFile[] {
  const { application, platform } = request;
  if (application === undefined || requirementOf(application) !== undefined) return [];
  requireFittingWheel(basename(application.wheel), platform);
  const { name, version } = application.metadata;
  return [{ name: normalizeName(name), version, path: application.wheel, sha256: application.sha256 }];
}

/**
 * Brings every file of a locked environment onto this machine, checked against its digest: from the cache, by download,
 * or built from an sdist; and adds the application's own wheel.
 * @throws CoachbuilderError `hash-mismatch`, `index-unreachable`, `offline`, `needs-compiler`, `unsupported-wheel`
 */
export async function gather(
  environment: LockedEnvironment,
  request: GatherRequest,
  ports: LockPorts,
): Promise<Wheelhouse> {
  const own = applicationWheel(request);
  const wheels = environment.distributions.filter(({ kind }) => kind === 'wheel');
  for (const { file } of wheels) requireFittingWheel(file.fileName, request.platform);
  const missing = await findMissing(wheels, ports);
  if (missing.length > 0) {
    if (ports.offline && request.hasLocalFiles !== true) {
      throw offlineMiss(
        missing.map(({ file }) => file.fileName),
        ports,
      );
    }
    await downloadWheels(missing, request.platform, ports);
  }
  const found: WheelFile[] = [...own];
  for (const distribution of environment.distributions) {
    const wheel = await locate(distribution, request.platform, ports);
    if (wheel === undefined) throw offlineMiss([distribution.file.fileName], ports);
    found.push(wheel);
  }
  return { wheels: found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)) };
}
