import { describe, expect, it } from 'vitest';

import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import type { BuildEvent } from '../../../src/report/event.ts';
import { createRedactor } from '../../../src/report/redact.ts';
import type { CommandSpec } from '../../../src/system/command.ts';
import { NodeCommandRunner } from '../../../src/system/node-command-runner.ts';

function runner(interruption = new AbortController().signal): {
  readonly commands: NodeCommandRunner;
  readonly events: BuildEvent[];
  readonly log: readonly string[];
  readonly redactor: ReturnType<typeof createRedactor>;
} {
  const events: BuildEvent[] = [];
  const redactor = createRedactor();
  const reporter = { report: (event: BuildEvent) => void events.push(event), close: () => undefined };
  const log: string[] = [];
  const options = { redact: redactor, reporter, interruption, log: (text: string) => void log.push(text) };
  return { commands: new NodeCommandRunner(options), events, redactor, log };
}

function node(script: string, extra: Partial<CommandSpec> = {}): CommandSpec {
  return { tool: process.execPath, args: ['-e', script], cwd: '/', env: { PATH: '/usr/bin' }, ...extra };
}

async function failure(promise: Promise<unknown>): Promise<CoachbuilderError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CoachbuilderError)) throw new Error(`expected an error for people, got ${String(error)}`);
  return error;
}

describe('running commands', () => {
  it('gives the child the environment that was named, and nothing else', async () => {
    const { commands } = runner();
    const result = await commands.run(
      node('console.log(JSON.stringify(Object.keys(process.env)))', { env: { ONLY: '1' } }),
    );
    expect(JSON.parse(result.stdout)).toEqual(['ONLY']);
  });

  it('passes words on as they are: there is no shell', async () => {
    const { commands } = runner();
    const result = await commands.run(
      node('console.log(process.argv[1])', { args: ['-e', 'console.log(process.argv[1])', '$HOME; `id` *'] }),
    );
    expect(result.stdout).toBe('$HOME; `id` *\n');
  });

  it('fails with the last lines of the output, and without the secrets in them', async () => {
    const { commands, redactor } = runner();
    redactor.add('hunter2');
    const error = await failure(commands.run(node('console.error("password hunter2 refused"); process.exit(7)')));
    expect(error.code).toBe('command-failed');
    expect(error.message).toMatch(/ended with status 7$/);
    expect(error.details).toEqual(['password **** refused']);
    expect(error.message).not.toContain('hunter2');
  });

  it('hands a failure back as an answer when asked to', async () => {
    const { commands } = runner();
    const result = await commands.tryRun(node('process.exit(3)'));
    expect(result.exitCode).toBe(3);
  });

  it('names a program that is not there', async () => {
    const { commands } = runner();
    const error = await failure(
      commands.tryRun({ tool: 'no-such-program', args: [], cwd: '/', env: { PATH: '/usr/bin' } }),
    );
    expect(error.code).toBe('tool-missing');
    expect(error.message).toContain('no-such-program');
  });

  it('counts a child that a signal ended as failed', async () => {
    const { commands } = runner();
    const result = await commands.tryRun(node('process.kill(process.pid, "SIGKILL")'));
    expect(result.exitCode).not.toBe(0);
  });

  it('ends a child that takes longer than it may', async () => {
    const { commands } = runner();
    const result = await commands.tryRun(node('setTimeout(() => {}, 60_000)', { timeout: 200 }));
    expect(result.exitCode).not.toBe(0);
    expect(result.stderr).toContain('timed out');
  });

  it('ends its children when it is interrupted', async () => {
    const controller = new AbortController();
    const { commands } = runner(controller.signal);
    const running = commands.tryRun(node('setTimeout(() => {}, 60_000)'));
    setTimeout(() => {
      controller.abort();
    }, 100);
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('logs each command with its output, without secrets', async () => {
    const { commands, redactor, log } = runner();
    redactor.add('hunter2');
    await commands.run({ ...node('console.log("hunter2 and more")'), args: ['-e', 'console.log("hunter2 and more")'] });
    expect(log).toHaveLength(1);
    expect(log[0]).toMatch(/\n\*\*\*\* and more\n\[status 0\]\n\n$/);
    expect(log[0]).not.toContain('hunter2');
  });

  it('reports each command', async () => {
    const { commands, events } = runner();
    await commands.run(node('0'));
    expect(events).toEqual([expect.objectContaining({ type: 'command-finished', exitCode: 0 })]);
  });
});
