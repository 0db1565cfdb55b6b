import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { isErrno } from './files.ts';
import type { ChildEnvironments, CommandRunner, CommandSpec } from './command.ts';

/** A tool as `plan/required-tools.ts` describes it. */
export interface InstallableTool {
  readonly name: string;
  readonly probe: readonly [program: string, ...args: string[]];
  readonly packages: Readonly<Record<PackageManager, string>>;
  readonly purpose: string;
}

type PackageManager = 'apt' | 'dnf';

export interface InstallerPorts {
  readonly commands: CommandRunner;
  readonly environments: ChildEnvironments;
  /** Whether the package manager may be run: the caller is root. */
  readonly mayInstall: boolean;
  /** Told what is being installed, since it takes a while and changes the machine. */
  readonly announce: (message: string) => void;
}

const programs: Readonly<Record<PackageManager, string>> = { apt: 'apt-get', dnf: 'dnf' };

/** The command that installs packages, as a person would type it. */
function installCommand(manager: PackageManager, packages: readonly string[]): readonly [string, ...string[]] {
  return manager === 'apt'
    ? ['apt-get', 'install', '--yes', '--no-install-recommends', ...packages]
    : ['dnf', 'install', '--assumeyes', ...packages];
}

type ProbePorts = Pick<InstallerPorts, 'commands' | 'environments'>;

function spec(ports: ProbePorts, words: readonly [string, ...string[]], network = false): CommandSpec {
  const env = network ? { ...ports.environments.network, DEBIAN_FRONTEND: 'noninteractive' } : ports.environments.base;
  return { tool: words[0], args: words.slice(1), cwd: '/', env };
}

async function succeeds(ports: ProbePorts, words: readonly [string, ...string[]]): Promise<boolean> {
  try {
    return (await ports.commands.tryRun(spec(ports, words))).exitCode === 0;
  } catch (error) {
    if (error instanceof CoachbuilderError && error.code === 'tool-missing') return false;
    if (isErrno(error, 'ENOENT', 'EACCES')) return false;
    throw error;
  }
}

/** Whether a tool can be used. */
export async function isUsable(tool: InstallableTool, ports: ProbePorts): Promise<boolean> {
  return succeeds(ports, tool.probe);
}

/** The command that installs tools, as a person types it; undefined where there is neither apt nor dnf. */
export async function installationOf(
  tools: readonly InstallableTool[],
  ports: ProbePorts,
): Promise<string | undefined> {
  const manager = await findManager(ports);
  if (manager === undefined) return undefined;
  return `sudo ${installCommand(manager, packagesOf(tools, manager)).join(' ')}`;
}

function packagesOf(tools: readonly InstallableTool[], manager: PackageManager): readonly string[] {
  return [...new Set(tools.map((tool) => tool.packages[manager]))].sort();
}

async function findMissing(tools: readonly InstallableTool[], ports: InstallerPorts): Promise<InstallableTool[]> {
  const missing: InstallableTool[] = [];
  for (const tool of tools) if (!(await succeeds(ports, tool.probe))) missing.push(tool);
  return missing;
}

async function findManager(ports: ProbePorts): Promise<PackageManager | undefined> {
  for (const manager of ['apt', 'dnf'] as const) {
    if (await succeeds(ports, [programs[manager], '--version'])) return manager;
  }
  return undefined;
}

function missingError(missing: readonly InstallableTool[], hint: string): CoachbuilderError {
  const names = missing.map((tool) => tool.name).join(', ');
  return new CoachbuilderError('tool-missing', `this machine lacks ${names}`, {
    details: missing.map((tool) => `${tool.name}: ${tool.purpose}`),
    hint,
  });
}

async function install(manager: PackageManager, packages: readonly string[], ports: InstallerPorts): Promise<void> {
  const words = installCommand(manager, packages);
  ports.announce(`installing ${packages.join(', ')}`);
  // A fresh machine has no package lists yet; one that has them is spared the download.
  const first = await ports.commands.tryRun(spec(ports, words, true));
  if (first.exitCode === 0) return;
  if (manager === 'apt') await ports.commands.run(spec(ports, ['apt-get', 'update'], true));
  await ports.commands.run(spec(ports, words, true));
}

/**
 * Makes sure that every tool can be used: installs what is missing when the caller is root and the machine has apt or
 * dnf.
 * @throws CoachbuilderError `tool-missing` with all that is missing and the exact command that installs it
 */
export async function ensureTools(tools: readonly InstallableTool[], ports: InstallerPorts): Promise<void> {
  const missing = await findMissing(tools, ports);
  if (missing.length === 0) return;
  const manager = await findManager(ports);
  if (manager === undefined) {
    throw missingError(
      missing,
      'install them with the package manager of this machine, then run the same command again',
    );
  }
  const packages = packagesOf(missing, manager);
  const command = installCommand(manager, packages).join(' ');
  if (!ports.mayInstall) throw missingError(missing, `run: sudo ${command}`);
  await install(manager, packages, ports);
  const still = await findMissing(missing, ports);
  if (still.length > 0) throw missingError(still, `${command} succeeded and did not help; look at the PATH`);
}
