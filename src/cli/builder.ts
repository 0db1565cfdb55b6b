import { findEngine } from '../containers/engine.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { SdistBuilder } from '../lock/sdist-builder.ts';
import { findBaseImage } from '../wheelhouse/builders/base-image.ts';
import { ContainerBuilder } from '../wheelhouse/builders/container-builder.ts';
import type { BuildOptions } from './build-options.ts';
import type { Order } from './order.ts';
import type { Session } from './session.ts';
import { engineEnvironment, type World } from './world.ts';

/**
 * What compiles sdists in this run.
 * @param hasLocalFiles whether wheels can be found without the network
 * @returns undefined with `--builder=wheels`
 * @throws CoachbuilderError `usage` when one image is named for several distributions
 */
export function chooseSdistBuilder(
  { builder, image, offline }: Pick<BuildOptions, 'builder' | 'image' | 'offline'>,
  order: Pick<Order, 'source' | 'manifest' | 'distributions'>,
  {
    session,
    hasLocalFiles,
    world,
  }: { readonly session: Session; readonly hasLocalFiles: boolean; readonly world: World },
): SdistBuilder | undefined {
  if (image !== undefined && (builder === 'wheels' || order.distributions.length > 1)) {
    throw new CoachbuilderError(
      'usage',
      builder === 'wheels' ? '--image has no use with --builder=wheels' : '--image is the image of one distribution',
      { hint: 'leave it out; distributions.<id>.image in the manifest names an image for each distribution' },
    );
  }
  if (builder === 'wheels') return undefined;
  const { source, manifest } = order;
  const checkout = source.kind === 'directory' ? source.path : manifest?.directory;
  const { commands, environments, reporter, redactor } = session.ports;
  const environment = engineEnvironment(environments.network, world);
  return new ContainerBuilder({
    mode: builder,
    findEngine: () => findEngine({ commands, cleanup: session.cleanup, environment, reporter, redactor }),
    baseImage: (native, engine) => findBaseImage({ image, checkout, offline }, native, engine),
    hasLocalFiles,
  });
}
