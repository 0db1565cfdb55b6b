import { describe, expect, it } from 'vitest';

import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import { requiredTools } from '../../../src/plan/required-tools.ts';
import type { CommandResult, CommandRunner, CommandSpec } from '../../../src/system/command.ts';
import { ensureTools, type InstallerPorts } from '../../../src/system/tool-installer.ts';

const ok: CommandResult = { exitCode: 0, stdout: '', stderr: '', duration: 1 };

/** A machine with some programs, on which installing a package brings the program of the same name. */
class FakeMachine implements CommandRunner {
  readonly ran: string[] = [];
  readonly #programs: Set<string>;
  /** How often an installation fails before package lists were fetched. */
  #listsMissing: boolean;

  constructor(programs: readonly string[], listsMissing = false) {
    this.#programs = new Set(programs);
    this.#listsMissing = listsMissing;
  }

  tryRun(spec: CommandSpec): Promise<CommandResult> {
    if (!this.#programs.has(spec.tool)) {
      return Promise.reject(new CoachbuilderError('tool-missing', `the program ${spec.tool} is not installed`));
    }
    if (spec.args.includes('install')) {
      this.ran.push([spec.tool, ...spec.args].join(' '));
      if (this.#listsMissing) return Promise.resolve({ ...ok, exitCode: 100 });
      for (const word of spec.args) this.#programs.add(word === 'rpm' || word === 'rpm-build' ? 'rpmbuild' : word);
    }
    if (spec.args.includes('update')) {
      this.ran.push('apt-get update');
      this.#listsMissing = false;
    }
    return Promise.resolve(ok);
  }

  async run(spec: CommandSpec): Promise<CommandResult> {
    const result = await this.tryRun(spec);
    if (result.exitCode !== 0) throw new CoachbuilderError('command-failed', `${spec.tool} failed`);
    return result;
  }
}

function ports(commands: CommandRunner, mayInstall: boolean): InstallerPorts {
  return { commands, environments: { base: {}, network: {} }, mayInstall, announce: () => undefined };
}

const rpmTools = requiredTools({ formats: ['rpm', 'rpm'], application: false });

describe('the tools that a build needs', () => {
  it('are those of its formats, and python and pip for an application', () => {
    expect(rpmTools.map((tool) => tool.name)).toEqual(['rpmbuild', 'file']);
    expect(requiredTools({ formats: ['deb'], application: true }).map((tool) => tool.name)).toEqual([
      'python3',
      'pip',
      'dpkg-deb',
    ]);
  });

  it('cost nothing when they are there', async () => {
    const machine = new FakeMachine(['rpmbuild', 'file', 'apt-get']);
    await ensureTools(rpmTools, ports(machine, true));
    expect(machine.ran).toEqual([]);
  });

  it('are installed by root with apt', async () => {
    const machine = new FakeMachine(['apt-get']);
    await ensureTools(rpmTools, ports(machine, true));
    expect(machine.ran).toEqual(['apt-get install --yes --no-install-recommends file rpm']);
  });

  it('are installed by root with dnf where there is no apt', async () => {
    const machine = new FakeMachine(['dnf', 'file']);
    await ensureTools(rpmTools, ports(machine, true));
    expect(machine.ran).toEqual(['dnf install --assumeyes rpm-build']);
  });

  it('are installed after the package lists were fetched, when a fresh machine has none', async () => {
    const machine = new FakeMachine(['apt-get', 'file'], true);
    await ensureTools(rpmTools, ports(machine, true));
    expect(machine.ran).toEqual([
      'apt-get install --yes --no-install-recommends rpm',
      'apt-get update',
      'apt-get install --yes --no-install-recommends rpm',
    ]);
  });

  it('are all named with the exact command, and nothing is run, when the caller is not root', async () => {
    const machine = new FakeMachine(['apt-get']);
    await expect(ensureTools(rpmTools, ports(machine, false))).rejects.toMatchObject({
      code: 'tool-missing',
      message: 'this machine lacks rpmbuild, file',
      hint: 'run: sudo apt-get install --yes --no-install-recommends file rpm',
    });
    expect(machine.ran).toEqual([]);
  });

  it('are named when no package manager is known', async () => {
    await expect(ensureTools(rpmTools, ports(new FakeMachine([]), true))).rejects.toMatchObject({
      code: 'tool-missing',
    });
  });
});
