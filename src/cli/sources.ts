import { join } from 'node:path';

import type { Application } from '../application/application.ts';
import { parseGitAddress } from '../application/git-address.ts';
import { checkOut, type GitCheckout } from '../application/git-checkout.ts';
import { describeVersion } from '../application/git-version.ts';
import type { ToolPorts } from '../application/ports.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { findForeignLock } from '../lock/imports/foreign-lock.ts';
import type { VersionSettings } from '../manifest/manifest.ts';
import { runStage } from '../pipeline/stage.ts';
import { writeFileAtomic } from '../system/files.ts';
import type { CommonOptions } from './order-options.ts';
import type { BuildOptions } from './build-options.ts';
import { takeOrder, type Order } from './order.ts';
import { openSession, withLog, type Session, type SessionOptions } from './session.ts';
import type { World } from './world.ts';

/** A repository at a commit, and the session that was opened to fetch it; disposing of it ends both. */
export interface OpenRepository extends AsyncDisposable {
  readonly checkout: GitCheckout;
  readonly session: Session;
}

/**
 * Checks out the repository that a package URI names. What comes out of it is that of the commit.
 * @returns undefined for any other package URI
 * @throws CoachbuilderError as `checkOut`
 */
export async function openRepository(
  options: SessionOptions & Pick<CommonOptions, 'packageUri'>,
  world: World,
): Promise<OpenRepository | undefined> {
  const address = parseGitAddress(options.packageUri);
  if (address === undefined) return undefined;
  const session = await openSession(options, world);
  try {
    const checkout = await runStage(
      session.ports.reporter,
      { stage: 'set-up', summary: ({ origin }: GitCheckout) => `${origin.url} at ${origin.commit}` },
      (progress) => {
        progress(`fetching ${address.url}`);
        return checkOut(address, session.ports);
      },
    );
    const dispose = async (): Promise<void> => {
      await checkout[Symbol.asyncDispose]();
      await session[Symbol.asyncDispose]();
    };
    return { checkout, session, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw withLog(error, session);
  }
}

/** An order from a repository, the checkout that it was read in, and the session that was opened for that. */
export interface RepositoryOrder extends AsyncDisposable {
  readonly order: Order;
  readonly session: Session;
}

function fromCheckout(order: Order, checkout: GitCheckout): Order {
  const { source } = order;
  return source.kind === 'directory' ? { ...order, source: { ...source, origin: checkout.origin } } : order;
}

/**
 * Takes an order whose package URI is a repository: the manifest and the lock are those of the commit, unless a manifest
 * was named. The checkout is gone when the order is disposed of.
 * @returns undefined for any other package URI
 * @throws CoachbuilderError as `openRepository` and `takeOrder`
 */
export async function takeRepositoryOrder(options: BuildOptions, world: World): Promise<RepositoryOrder | undefined> {
  const repository = await openRepository(options, world);
  if (repository === undefined) return undefined;
  const { checkout, session } = repository;
  try {
    const order = fromCheckout(await takeOrder({ ...options, packageUri: checkout.path }, world), checkout);
    return { order, session, [Symbol.asyncDispose]: async () => repository[Symbol.asyncDispose]() };
  } catch (error) {
    await repository[Symbol.asyncDispose]();
    throw withLog(error, session);
  }
}

/**
 * The version that the command line or the manifest gives to the packages (PEP 440).
 * @returns undefined when it is the application's own
 * @throws CoachbuilderError `version-invalid` when git tells none
 */
export async function givenVersion(
  settings: VersionSettings,
  { options, order }: { readonly options: Pick<BuildOptions, 'packageVersion'>; readonly order: Pick<Order, 'source'> },
  ports: ToolPorts,
): Promise<string | undefined> {
  if (options.packageVersion !== undefined) return options.packageVersion;
  if (settings.from === 'manifest') return settings.value;
  if (settings.from === 'source') return undefined;
  if (order.source.kind === 'directory') return describeVersion(order.source.path, settings.tagPrefix, ports);
  throw new CoachbuilderError('version-invalid', `version.from is "git", and a ${order.source.kind} has no commits`, {
    hint: 'package a git checkout or a git URL, or give --package-version',
  });
}

/** Says that a lock of another tool lies beside the project and is not used. */
export async function reportForeignLock(order: Order, { ports }: Pick<Session, 'ports'>): Promise<void> {
  if (order.source.kind !== 'directory') return;
  const { python, overrides = {} } = order.manifest?.written ?? {};
  const settings = [python, ...Object.values(overrides).map((override) => override.python)];
  if (settings.some((each) => each?.['lock-file'] !== undefined)) return;
  const name = await findForeignLock(order.source.path);
  if (name === undefined) return;
  ports.reporter.report({
    type: 'warning',
    message: `${join(order.source.path, name)} is not used: versions are resolved anew`,
    hint: `write "lock-file: ${name}" below "python:" in the manifest to package what it pins`,
  });
}

/** Writes what was packaged, and of which commit, so that a run can be explained afterwards. */
export async function recordApplications(
  applications: ReadonlyMap<string, Application>,
  { run }: Pick<Session, 'run'>,
): Promise<void> {
  const described = [...applications].map(([target, { source, metadata, sha256, commit, epoch }]) => {
    const { name, version } = metadata;
    return { target, name, version, sha256, source, commit, epoch };
  });
  const text = JSON.stringify({ schemaVersion: 1, applications: described }, null, 1);
  await writeFileAtomic(join(run.path, 'application.json'), `${text}\n`);
}
