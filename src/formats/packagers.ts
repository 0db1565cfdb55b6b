import type { PackageFormat } from '../model/format.ts';
import { debPackager } from './deb/packager.ts';
import type { Packager } from './packager.ts';
import { rpmPackager } from './rpm/packager.ts';

/** The packager of each format. */
export const packagers = { deb: debPackager, rpm: rpmPackager } as const satisfies Record<PackageFormat, Packager>;
