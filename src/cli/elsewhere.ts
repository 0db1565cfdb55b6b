import { isAbsolute, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { bakeFile, githubMatrix, gitlabMatrix, type RemoteCommand, type RemoteJob } from '../plan/elsewhere.ts';
import { targetLabel, type TargetChoice } from '../plan/plan-build.ts';
import type { BuildOptions, Elsewhere } from './build-options.ts';
import type { Order } from './order.ts';
import { reproducibleWords } from './reproducible-options.ts';
import { hostArchitecture, sourceDateEpoch, type World } from './world.ts';

const program = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** The most jobs that a matrix may have, by the documents of either CI. */
const mostJobs = { github: 256, gitlab: 200 } as const;

export interface RemoteOrder {
  readonly options: BuildOptions;
  readonly order: Pick<Order, 'source'>;
  readonly choices: readonly TargetChoice[];
}

/** A path as it is named from the directory that becomes the container's. */
function within(context: string, path: string, what: string): string {
  const inside = relative(context, path);
  if (inside === '..' || inside.startsWith('../')) {
    throw new CoachbuilderError(
      'usage',
      `${what} ${path} is not below ${context}, which is all that a container sees`,
      {
        hint: `move it there, or run the command in a directory above both`,
      },
    );
  }
  return inside === '' ? '.' : inside;
}

/** A path of this checkout as another checkout knows it: `$PWD` is `.` there. Anything else is the same everywhere. */
function portable<Word extends string | undefined>(word: Word, world: World): Word | string {
  if (word === undefined || !isAbsolute(word)) return word;
  const inside = relative(world.cwd, word);
  if (inside.startsWith('..')) return word;
  return inside === '' ? '.' : inside;
}

/** Options that go with every target, whoever builds it. */
function commonOptions(options: BuildOptions, manifest: string | undefined): readonly string[] {
  const [sbom] = options.sbom;
  return [
    ...(manifest === undefined ? [] : [`--manifest=${manifest}`]),
    ...(options.packageVersion === undefined ? [] : [`--package-version=${options.packageVersion}`]),
    ...(options.locked ? ['--locked'] : []),
    ...(options.offline ? ['--offline'] : []),
    ...(options.builder === 'auto' ? [] : [`--builder=${options.builder}`]),
    ...(options.image === undefined ? [] : [`--image=${options.image}`]),
    ...(options.lint === 'auto' ? [] : [`--lint=${options.lint}`]),
    ...(options.report ? ['--report'] : []),
    ...reproducibleWords(options),
    ...(sbom === undefined ? [] : [`--sbom=${options.sbom.length > 1 ? 'all' : sbom}`]),
  ];
}

function bake(jobs: readonly RemoteJob[], { options, order }: RemoteOrder, world: World): string {
  const uri = resolve(world.cwd, options.packageUri);
  const { kind } = order.source;
  const isLocal = kind !== 'requirement' && !/^[a-z][a-z0-9+.-]*:/i.test(options.packageUri);
  const manifest = options.manifest === undefined ? undefined : resolve(world.cwd, options.manifest);
  const isOutside = manifest !== undefined && relative(uri, manifest).startsWith('..');
  const context = isLocal && kind === 'directory' && !isOutside ? uri : world.cwd;
  const command: RemoteCommand = {
    options: commonOptions(options, manifest === undefined ? undefined : within(context, manifest, 'the manifest')),
    packageUri: isLocal ? within(context, uri, 'the package') : options.packageUri,
  };
  return bakeFile(jobs, command, {
    context,
    program,
    destination: resolve(world.cwd, options.destination),
    epoch: sourceDateEpoch(world),
  });
}

/**
 * The order as a CI or buildx is to carry it out.
 * @throws CoachbuilderError `usage` for what cannot be carried out there
 */
export function describeElsewhere(where: Elsewhere, remote: RemoteOrder, world: World): string {
  const { options, choices } = remote;
  const jobs = choices.map(({ distribution, architecture }): RemoteJob => {
    const label = targetLabel(distribution, architecture, hostArchitecture());
    return { label, distribution: distribution.id, architecture };
  });
  if (where === 'bake') return bake(jobs, remote, world);
  if (jobs.length > mostJobs[where]) {
    throw new CoachbuilderError('usage', `a matrix of ${where} has at most ${String(mostJobs[where])} jobs`, {
      hint: 'name fewer distributions or architectures, and print several matrices',
    });
  }
  const destination = options.destination === '.' ? [] : [`--destination-path=${options.destination}`];
  const command: RemoteCommand = {
    options: [...destination, ...commonOptions(options, portable(options.manifest, world))],
    packageUri: portable(options.packageUri, world),
  };
  return where === 'github' ? githubMatrix(jobs, command) : gitlabMatrix(jobs, command);
}
