import { execa } from 'execa';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { Redactor } from '../report/redact.ts';
import type { Reporter } from '../report/event.ts';
import type { CommandResult, CommandRunner, CommandSpec } from './command.ts';

/** How many of the last lines of a failed tool's output an error shows. */
const tailLines = 20;

/** Programs whose Debian or Fedora package is called otherwise; `plan/required-tools.ts` finds most before any work. */
function missingTool(tool: string, cause: unknown): CoachbuilderError {
  return new CoachbuilderError('tool-missing', `the program ${tool} is not installed`, {
    hint: `install ${tool} with the system's package manager and run the same command again`,
    cause,
  });
}

/** A command as a person would type it, for messages only. */
export function displayCommand(spec: CommandSpec): string {
  return [spec.tool, ...spec.args]
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)))
    .join(' ');
}

export interface CommandRunnerOptions {
  readonly redact: Redactor;
  readonly reporter: Reporter;
  /** Ends every child when it is aborted. */
  readonly interruption: AbortSignal;
  /** Gets every command with all of its output, secrets hidden; absent means that no log is kept. */
  readonly log?: (text: string) => void;
}

/** Starts real processes, with execa: no shell, the given environment only, interrupted with their parent. */
export class NodeCommandRunner implements CommandRunner {
  readonly #redact: Redactor;
  readonly #reporter: Reporter;
  readonly #interruption: AbortSignal;
  readonly #log: (text: string) => void;

  constructor(options: CommandRunnerOptions) {
    this.#redact = options.redact;
    this.#reporter = options.reporter;
    this.#interruption = options.interruption;
    this.#log = options.log ?? (() => undefined);
  }

  async run(spec: CommandSpec): Promise<CommandResult> {
    const result = await this.tryRun(spec);
    if (result.exitCode === 0) return result;
    const output = `${result.stdout}\n${result.stderr}`.trimEnd().split('\n');
    const kept = output.filter((line) => line.trim() !== '').slice(-tailLines);
    throw new CoachbuilderError(
      'command-failed',
      this.#redact.text(`${displayCommand(spec)} ended with status ${String(result.exitCode)}`),
      { details: kept.map((line) => this.#redact.text(line)) },
    );
  }

  async tryRun(spec: CommandSpec): Promise<CommandResult> {
    const result = await execa(spec.tool, spec.args, {
      cwd: spec.cwd,
      env: spec.env,
      extendEnv: false,
      reject: false,
      stripFinalNewline: false,
      cancelSignal: this.#interruption,
      forceKillAfterDelay: 5000,
      maxBuffer: 256 * 1024 * 1024,
      ...(spec.input === undefined ? { stdin: 'ignore' as const } : { input: spec.input }),
      ...(spec.timeout === undefined ? {} : { timeout: spec.timeout }),
    });
    this.#interruption.throwIfAborted();
    if (result.code === 'ENOENT' && result.exitCode === undefined) throw missingTool(spec.tool, result.cause);
    // A process that a signal ended, or that could not be started, has no status of its own; 128 + n is the shells' custom.
    const exitCode = result.exitCode ?? 128;
    const command = this.#redact.text(displayCommand(spec));
    this.#reporter.report({ type: 'command-finished', command, exitCode, duration: result.durationMs });
    const output = this.#redact.text(`${result.stdout}${result.stderr}`);
    this.#log(`$ ${command}\n${output}[status ${String(exitCode)}]\n\n`);
    const reason = result.timedOut ? `\n${result.shortMessage ?? 'timed out'}` : '';
    return { exitCode, stdout: result.stdout, stderr: `${result.stderr}${reason}`, duration: result.durationMs };
  }
}
