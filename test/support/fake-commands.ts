import { CoachbuilderError } from '../../src/errors/coachbuilder-error.ts';
import type { CommandResult, CommandRunner, CommandSpec } from '../../src/system/command.ts';

/** What a pretended program answers; a number is its exit status, `missing` that there is no such program. */
export type Answer = Partial<Pick<CommandResult, 'exitCode' | 'stdout' | 'stderr'>> | 'missing';

export interface FakeCommands extends CommandRunner {
  /** `tool argument …`, in the order in which they were run. */
  readonly lines: readonly string[];
}

/** A command runner that starts nothing: `answer` says what each command line would do. */
export function fakeCommands(answer: (line: string, spec: CommandSpec) => Answer): FakeCommands {
  const lines: string[] = [];
  const tryRun = (spec: CommandSpec): Promise<CommandResult> => {
    const line = [spec.tool, ...spec.args].join(' ');
    lines.push(line);
    const given = answer(line, spec);
    if (given === 'missing') {
      return Promise.reject(new CoachbuilderError('tool-missing', `the program ${spec.tool} is not installed`));
    }
    return Promise.resolve({ exitCode: 0, stdout: '', stderr: '', duration: 0, ...given });
  };
  return {
    lines,
    tryRun,
    async run(spec) {
      const result = await tryRun(spec);
      if (result.exitCode === 0) return result;
      throw new CoachbuilderError('command-failed', spec.tool);
    },
  };
}
