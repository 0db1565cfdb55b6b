import type { Architecture } from '../model/architecture.ts';

/** One target as somebody else's engine is to build it. */
export interface RemoteJob {
  /** `debian-12`, `debian-12/aarch64`. */
  readonly label: string;
  readonly distribution: string;
  readonly architecture: Architecture;
}

/** Everything that is said on the command line beside the target; words, not a shell's line. */
export interface RemoteCommand {
  /** Options that every target gets. */
  readonly options: readonly string[];
  /** As it is to be given where the command runs. */
  readonly packageUri: string;
}

/** The words that build one target. */
export function remoteArguments(job: RemoteJob, { options, packageUri }: RemoteCommand): readonly string[] {
  return [`--distribution=${job.distribution}`, `--architecture=${job.architecture}`, ...options, packageUri];
}

/** A word as POSIX shells read it. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}

/**
 * The value of `strategy.matrix` of GitHub's workflows: one line of JSON, for `fromJSON`. Each job has `target`,
 * `distribution`, `architecture` and `arguments`, the command line after the program.
 */
export function githubMatrix(jobs: readonly RemoteJob[], command: RemoteCommand): string {
  const include = jobs.map((job) => ({
    target: job.label,
    distribution: job.distribution,
    architecture: job.architecture,
    arguments: shellLine(remoteArguments(job, command)),
  }));
  return `${JSON.stringify({ include })}\n`;
}

/** A part of a GitLab job: `parallel: matrix:`, one entry for each target. JSON's strings are YAML's, too. */
export function gitlabMatrix(jobs: readonly RemoteJob[], command: RemoteCommand): string {
  const entry = (job: RemoteJob): string => {
    const variables = {
      COACHBUILDER_TARGET: job.label,
      COACHBUILDER_DISTRIBUTION: job.distribution,
      COACHBUILDER_ARCHITECTURE: job.architecture,
      COACHBUILDER_ARGUMENTS: shellLine(remoteArguments(job, command)),
    };
    const lines = Object.entries(variables).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
    return `    - ${lines.join('\n      ')}\n`;
  };
  return `parallel:\n  matrix:\n${jobs.map(entry).join('')}`;
}

/** What `docker buildx bake` builds with. */
export interface Bakery {
  /** Absolute directory of the checkout: the context. */
  readonly context: string;
  /** Absolute directory of this program, which the containers run. */
  readonly program: string;
  /** Where the packages are put: a directory. */
  readonly destination: string;
  /** SOURCE_DATE_EPOCH, when the caller has set it. */
  readonly epoch: number | undefined;
}

/** Has what the program needs, node foremost; nothing of the image gets into a package. */
const baseImage = 'node:22-bookworm';
const tools = ['dpkg', 'file', 'git', 'python3', 'python3-pip', 'python3-venv', 'rpm'] as const;

/** Bake reads `${…}` and `%{…}` in every string as its own. */
function escapeTemplate(text: string): string {
  return text.replaceAll(/[$%](?=\{)/g, (sign) => sign + sign);
}

function dockerfile(job: RemoteJob, command: RemoteCommand, epoch: number | undefined): string {
  const words = ['/coachbuilder/admin/build-package', ...remoteArguments(job, command)];
  return [
    `FROM ${baseImage} AS build`,
    `RUN ["apt-get", "update"]`,
    `RUN ${JSON.stringify(['apt-get', 'install', '--yes', '--no-install-recommends', ...tools])}`,
    'COPY --from=coachbuilder / /coachbuilder/',
    'WORKDIR /source',
    'COPY . .',
    ...(epoch === undefined ? [] : [`ENV SOURCE_DATE_EPOCH=${String(epoch)}`]),
    // The exec form: no shell reads what the caller wrote.
    `RUN --mount=type=cache,target=/root/.cache/coachbuilder ${JSON.stringify(words)}`,
    'FROM scratch',
    'COPY --from=build /packages/ /',
    '',
  ].join('\n');
}

/** Names of bake's targets are made of letters, digits, `_` and `-` (bake file reference). */
function bakeName(label: string): string {
  return label.replaceAll(/[^\w-]/g, '-');
}

/** A value of the comma-separated `output` (CSV, RFC 4180). */
function csvField(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * A file for `docker buildx bake`, as JSON: a target for each of ours, all of them in the group `default`. Each runs
 * `build-package` in a container, with the checkout as context, and hands the packages out.
 */
export function bakeFile(jobs: readonly RemoteJob[], command: RemoteCommand, bakery: Bakery): string {
  const inside = { ...command, options: ['--destination-path=/packages', ...command.options] };
  const target = Object.fromEntries(
    jobs.map((job) => [
      bakeName(job.label),
      {
        context: escapeTemplate(bakery.context),
        contexts: { coachbuilder: '${COACHBUILDER}' },
        'dockerfile-inline': escapeTemplate(dockerfile(job, inside, bakery.epoch)),
        output: [escapeTemplate(`type=local,${csvField(`dest=${bakery.destination}`)}`)],
      },
    ]),
  );
  const file = {
    variable: { COACHBUILDER: { default: bakery.program } },
    group: { default: { targets: Object.keys(target) } },
    target,
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}
