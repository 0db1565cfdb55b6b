import { execa } from 'execa';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { Redactor } from '../report/redact.ts';
import type { Reporter } from '../report/event.ts';
import type { CommandResult, CommandRunner, CommandSpec } from './command.ts';
import { isErrno } from './files.ts';

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

/** Milliseconds between asking a process to end and ending it. */
const patience = 5000;

/** Sends a signal to a process and all of its descendants that share its process group; none left is no error. */
function signalGroup(leader: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
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
    this.#interruption.throwIfAborted();
    const child = execa(spec.tool, spec.args, {
      cwd: spec.cwd,
      env: spec.env,
      extendEnv: false,
      reject: false,
      stripFinalNewline: false,
      // A group of its own: pip starts a build backend, and that a compiler, and all of them have to end with it. It
      // also takes the terminal away, on which git or pip would ask for a password and wait for ever.
      detached: true,
      forceKillAfterDelay: patience,
      maxBuffer: 256 * 1024 * 1024,
      ...(spec.input === undefined ? { stdin: 'ignore' as const } : { input: spec.input }),
      ...(spec.output === undefined ? {} : { stdout: { file: spec.output } }),
      ...(spec.timeout === undefined ? {} : { timeout: spec.timeout }),
    });
    const result = await this.#settle(child, { leader: child.pid, timeout: spec.timeout });
    this.#interruption.throwIfAborted();
    if (result.code === 'ENOENT' && result.exitCode === undefined) throw missingTool(spec.tool, result.cause);
    // A process that a signal ended, or that could not be started, has no status of its own; 128 + n is the shells' custom.
    const exitCode = result.exitCode ?? 128;
    const command = this.#redact.text(displayCommand(spec));
    this.#reporter.report({ type: 'command-finished', command, exitCode, duration: result.durationMs });
    const stdout = spec.output === undefined ? result.stdout : '';
    const output = this.#redact.text(`${stdout}${result.stderr}`);
    this.#log(`$ ${command}\n${output}[status ${String(exitCode)}]\n\n`);
    const reason = result.timedOut ? `\n${result.shortMessage ?? 'timed out'}` : '';
    return { exitCode, stdout, stderr: `${result.stderr}${reason}`, duration: result.durationMs };
  }

  /** Waits for a child, and ends it with its descendants when the run is interrupted or the child overran its time. */
  async #settle<Result extends { readonly timedOut: boolean }>(
    child: Promise<Result>,
    { leader, timeout }: { readonly leader: number | undefined; readonly timeout: number | undefined },
  ): Promise<Result> {
    if (leader === undefined) return child;
    let force: NodeJS.Timeout | undefined;
    const end = (): void => {
      signalGroup(leader, 'SIGTERM');
      clearTimeout(force);
      force = setTimeout(signalGroup, patience, leader, 'SIGKILL');
    };
    this.#interruption.addEventListener('abort', end, { once: true });
    // execa's own limit ends the leader only, and then waits for whoever holds its output open.
    const limit = timeout === undefined ? undefined : setTimeout(end, timeout);
    try {
      const result = await child;
      if (result.timedOut || this.#interruption.aborted) signalGroup(leader, 'SIGKILL');
      return result;
    } finally {
      clearTimeout(limit);
      clearTimeout(force);
      this.#interruption.removeEventListener('abort', end);
    }
  }
}
