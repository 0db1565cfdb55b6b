/** A command as a value: what to run, never a shell string. */
export interface CommandSpec {
  /** A program's name, looked up on the PATH of `env`, or its absolute path. */
  readonly tool: string;
  readonly args: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  /** The whole environment of the child: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Absolute path of a file that gets what the command prints, byte for byte; the result's `stdout` is then empty. */
  readonly output?: string;
  /** Milliseconds; absent means no limit. */
  readonly timeout?: number;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds. */
  readonly duration: number;
}

/** The port through which every child process is started. */
export interface CommandRunner {
  /**
   * Runs a command that has to succeed.
   * @throws CoachbuilderError `tool-missing` when there is no such program, `command-failed` with the last lines of its
   * output when it exits with anything but 0 or is killed; secrets are redacted.
   */
  run(spec: CommandSpec): Promise<CommandResult>;
  /**
   * Runs a command whose failure is an answer, too.
   * @throws CoachbuilderError `tool-missing` when there is no such program.
   */
  tryRun(spec: CommandSpec): Promise<CommandResult>;
}

/** The environments that children get; made once, in `cli/`, from the caller's. */
export interface ChildEnvironments {
  /** PATH, HOME, TMPDIR, and the C.UTF-8 locale and UTC, so that tools answer alike everywhere. */
  readonly base: Readonly<Record<string, string>>;
  /** `base` with what network clients are configured by: proxies, certificates, pip's and uv's variables. */
  readonly network: Readonly<Record<string, string>>;
}
