import { stat } from 'node:fs/promises';

import type { Distribution } from '../distributions/distribution.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { openChrootRoot } from './chroot-root.ts';
import { openContainerRoot } from './container-root.ts';
import type { ContainerChoice } from './container-start.ts';
import { debianArchive } from './debian-root.ts';
import type { Root, RootPorts } from './root.ts';

/** Where packages are installed to be tested. */
export type RootChoice =
  | { readonly kind: 'archive'; /** Absolute. */ readonly path: string }
  | { readonly kind: 'suite'; readonly suite: string }
  | ({ readonly kind: 'image' } & ContainerChoice);

/**
 * The root of a distribution when nobody named one: Debian's own, made from its archive.
 * @throws CoachbuilderError `root-unusable` for distributions of which we can make none
 */
export function defaultRoot(distribution: Distribution): RootChoice {
  if (distribution.format === 'deb') return { kind: 'suite', suite: distribution.deb.codename };
  throw new CoachbuilderError('root-unusable', `a root of ${distribution.title} cannot be made here`, {
    hint: `name one: ${rootAdvice}`,
  });
}

const rootAdvice = 'a tarball with --root, as docker export or podman export make it, or an image with --image';

/**
 * Opens a root; the caller disposes of it.
 * @throws CoachbuilderError `root-unusable`, `tool-missing`, `command-failed`
 */
export async function openRoot(choice: RootChoice, ports: RootPorts): Promise<Root> {
  switch (choice.kind) {
    case 'image':
      return openContainerRoot(choice, ports);
    case 'archive': {
      const facts = await stat(choice.path).catch(() => undefined);
      if (facts?.isFile() === true) return openChrootRoot(choice.path, ports);
      throw new CoachbuilderError('root-unusable', `there is no tarball ${choice.path}`, {
        hint: `name another root: ${rootAdvice}`,
      });
    }
    case 'suite':
      requireRights(choice.suite, ports);
      return openChrootRoot(await debianArchive(choice.suite, ports), ports);
  }
}

/** Before minutes are spent on a root that could not be entered. */
function requireRights(suite: string, { isRoot }: RootPorts): void {
  if (isRoot) return;
  throw new CoachbuilderError('root-unusable', `a root of ${suite} can be made and entered by root only`, {
    hint: 'run the same command as root, or name an image with --image to use a container',
  });
}
