import { ancestors, pathsOf, prefixesOf, type PackageFacts } from './package-facts.ts';

/** What a check does; `run-checks.ts` does it. */
export type CheckStep =
  | { readonly kind: 'install'; readonly packages: readonly PackageFacts[] }
  | { readonly kind: 'installed'; readonly packages: readonly PackageFacts[] }
  | { readonly kind: 'integrity'; readonly names: readonly string[] }
  | {
      readonly kind: 'no-stale-files';
      readonly packages: readonly PackageFacts[];
      readonly former: readonly PackageFacts[];
    }
  | { readonly kind: 'script'; readonly path: string; readonly unprivileged: boolean }
  | { readonly kind: 'command'; readonly command: string }
  | { readonly kind: 'service'; readonly unit: string }
  | { readonly kind: 'stopped'; readonly unit: string }
  | { readonly kind: 'remove'; readonly names: readonly string[] }
  | { readonly kind: 'removed'; readonly packages: readonly PackageFacts[] }
  | { readonly kind: 'purge'; readonly names: readonly string[] }
  | { readonly kind: 'gone'; readonly packages: readonly PackageFacts[] };

/** The life of packages that is followed: from nothing, or from their previous version. */
export type Story = 'installation' | 'upgrade';

export interface Check {
  readonly story: Story;
  /** A sentence about the packages, without subject: `installs`, `runs /usr/bin/fleet`. */
  readonly title: string;
  /** Whether the rest of everything makes no sense after its failure. */
  readonly essential: boolean;
  readonly step: CheckStep;
}

export interface PlanInput {
  readonly packages: readonly PackageFacts[];
  /** The same packages in an older version; empty when there are none. */
  readonly previous: readonly PackageFacts[];
  /** Shell commands of the manifest, which take the place of the scripts' own; undefined when it names none. */
  readonly commands: readonly string[] | undefined;
}

const everybodysBin = /^(?:\/usr(?:\/local)?)?\/bin\/[^/]+$|^\/usr\/games\/[^/]+$/;
const administratorsBin = /^(?:\/usr(?:\/local)?)?\/sbin\/[^/]+$/;
/** systemd.unit(5), "Unit file load path", of which packages use these; templates cannot be started by themselves. */
const unitFile = /^(?:(?:\/usr)?\/lib|\/etc)\/systemd\/system\/([^/@]+\.service)$/;

/** What the packages put where people and services look for programs. */
function scriptChecks(packages: readonly PackageFacts[]): readonly CheckStep[] {
  const paths = packages
    .flatMap(({ entries }) => entries)
    .filter(({ kind, executable }) => kind !== 'directory' && executable)
    .map(({ path }) => path);
  return [...new Set(paths)].sort().flatMap((path): CheckStep[] => {
    if (everybodysBin.test(path)) return [{ kind: 'script', path, unprivileged: true }];
    return administratorsBin.test(path) ? [{ kind: 'script', path, unprivileged: false }] : [];
  });
}

function unitsOf(packages: readonly PackageFacts[]): readonly string[] {
  return [...new Set([...pathsOf(packages)].flatMap((path) => unitFile.exec(path)?.[1] ?? []))].sort();
}

/** Which part of a check's title comes from its step alone. */
function title(step: CheckStep, story: Story): string {
  switch (step.kind) {
    case 'install':
      return story === 'installation' ? 'installs' : 'installs the previous version';
    case 'installed':
      return 'is installed in its version';
    case 'integrity':
      return 'matches its checksums';
    case 'no-stale-files':
      return 'leaves nothing of the previous version';
    case 'script':
      return `runs ${step.path}`;
    case 'command':
      return `runs: ${step.command}`;
    case 'service':
      return `starts, restarts and stops ${step.unit}`;
    case 'stopped':
      return `stops ${step.unit} when it is removed`;
    case 'remove':
      return 'is removed';
    case 'removed':
      return 'leaves only configuration and data when it is removed';
    case 'purge':
      return 'is purged';
    case 'gone':
      return 'leaves nothing';
  }
}

function use({ packages, commands }: PlanInput): readonly CheckStep[] {
  const programs = commands?.map((command): CheckStep => ({ kind: 'command', command })) ?? scriptChecks(packages);
  return [...programs, ...unitsOf(packages).map((unit): CheckStep => ({ kind: 'service', unit }))];
}

function farewell(packages: readonly PackageFacts[], canPurge: boolean): readonly CheckStep[] {
  const names = packages.map(({ name }) => name);
  const purge: readonly CheckStep[] = canPurge
    ? [
        { kind: 'removed', packages },
        { kind: 'purge', names },
      ]
    : [];
  const stopped = unitsOf(packages).map((unit): CheckStep => ({ kind: 'stopped', unit }));
  return [{ kind: 'remove', names }, ...stopped, ...purge, { kind: 'gone', packages }];
}

/**
 * Everything that is checked, in order: install, use, remove and purge the packages; then, when there is a previous
 * version, install it, upgrade, use, remove and purge.
 * @param canPurge whether the package manager tells removal and purge apart
 */
export function planChecks(input: PlanInput, canPurge: boolean): readonly Check[] {
  const { packages, previous } = input;
  const names = packages.map(({ name }) => name);
  const stories: Record<Story, readonly CheckStep[]> = {
    installation: [
      { kind: 'install', packages },
      { kind: 'installed', packages },
      { kind: 'integrity', names },
      ...use(input),
      ...farewell(packages, canPurge),
    ],
    upgrade:
      previous.length === 0
        ? []
        : [
            { kind: 'install', packages: previous },
            { kind: 'install', packages },
            { kind: 'installed', packages },
            { kind: 'no-stale-files', packages, former: previous },
            { kind: 'integrity', names },
            ...use(input),
            ...farewell(packages, canPurge),
          ],
  };
  return (['installation', 'upgrade'] as const).flatMap((story) =>
    stories[story].map((step) => ({
      story,
      title:
        step.kind === 'install' && story === 'upgrade' && step.packages === packages ? 'upgrades' : title(step, story),
      essential: step.kind === 'install' || step.kind === 'remove',
      step,
    })),
  );
}

/** Paths that decide whether something was there before: the packages', and all directories above them. */
export function interestingPaths(packages: readonly PackageFacts[]): ReadonlySet<string> {
  const paths = pathsOf(packages);
  return new Set([...paths, ...[...paths].flatMap(ancestors)]);
}

/**
 * What must not be there when packages are gone: each path that was not there before them, with everything below it,
 * so that the paths below are not named once more.
 */
export function topmostOwn(packages: readonly PackageFacts[], before: ReadonlySet<string>): readonly string[] {
  return [...interestingPaths(packages)]
    .filter((path) => !before.has(path) && ancestors(path).every((above) => before.has(above)))
    .sort();
}

/** What must not be there when packages are removed and not purged: programs, libraries and the environments. */
export function ownWithoutConfiguration(
  packages: readonly PackageFacts[],
  before: ReadonlySet<string>,
): readonly string[] {
  const prefixes = prefixesOf(packages);
  const configuration = new Set(packages.flatMap((each) => each.configuration));
  const below = (path: string): boolean => prefixes.some((prefix) => path.startsWith(`${prefix}/`));
  const files = packages
    .flatMap(({ entries }) => entries)
    .filter(({ path, kind }) => kind !== 'directory' && !configuration.has(path) && !below(path) && !before.has(path))
    .map(({ path }) => path);
  return [...new Set([...prefixes, ...files])].sort();
}

/** Compiled modules belong to their sources, whoever compiled them (PEP 3147). */
function isCompiled(path: string, known: ReadonlySet<string>): boolean {
  if (path.endsWith('/__pycache__')) return known.has(path.slice(0, -'/__pycache__'.length));
  const match = /^(?<directory>.*)\/__pycache__\/(?<module>[^/]+?)\.[^./]+(?:\.opt-\d)?\.pyc$/.exec(path)?.groups;
  if (match !== undefined) return known.has(`${match['directory'] ?? ''}/${match['module'] ?? ''}.py`);
  return /\.py[co]$/.test(path) && known.has(path.slice(0, -1));
}

/** Paths, of those that are below an environment, that no package holds and no module explains. */
export function staleFiles(found: readonly string[], packages: readonly PackageFacts[]): readonly string[] {
  const known = pathsOf(packages);
  return found.filter((path) => !known.has(path) && !isCompiled(path, known));
}
