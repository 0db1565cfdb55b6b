import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import type { BuildEvent } from '../../../src/report/event.ts';
import { createRedactor } from '../../../src/report/redact.ts';
import type { CommandSpec } from '../../../src/system/command.ts';
import { NodeCommandRunner } from '../../../src/system/node-command-runner.ts';
import { isRunning } from '../../support/process.ts';

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

  it('writes what a child prints into a file, byte for byte', async () => {
    const { commands, log } = runner();
    const directory = mkdtempSync(join(tmpdir(), 'coachbuilder-output-'));
    try {
      const output = join(directory, 'output');
      const script = 'process.stdout.write(Buffer.from([0xff, 0, 0x0d, 0x0a])); process.stderr.write("said")';
      const result = await commands.run(node(script, { output }));
      expect(result).toMatchObject({ exitCode: 0, stdout: '', stderr: 'said' });
      expect([...readFileSync(output)]).toEqual([0xff, 0, 0x0d, 0x0a]);
      expect(log.join('')).toContain('said');
      const failed = await failure(commands.run(node('console.error("broken"); process.exit(1)', { output })));
      expect(failed.details).toEqual(['broken']);
    } finally {
      rmSync(directory, { recursive: true });
    }
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

  it.each(['interrupted', 'timed out'])('ends the children of its children, too, when it is %s', async (how) => {
    const controller = new AbortController();
    const { commands } = runner(controller.signal);
    const directory = mkdtempSync(join(tmpdir(), 'coachbuilder-runner-'));
    const file = join(directory, 'pid');
    try {
      // The shell waits for the sleeper, which holds its output open.
      const script = `sleep 600 & echo $! > "$0.new"; mv "$0.new" "$0"; wait`;
      const spec = { tool: 'sh', args: ['-c', script, file], cwd: '/', env: { PATH: '/usr/bin:/bin' } };
      const timeout = how === 'timed out' ? { timeout: 500 } : {};
      const running = commands.tryRun({ ...spec, ...timeout }).catch((error: unknown) => error);
      while (!existsSync(file)) await sleep(10);
      const pid = Number(readFileSync(file, 'utf8'));
      if (how === 'interrupted') controller.abort();
      await running;
      while (isRunning(pid)) await sleep(10);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('starts nothing after an interruption', async () => {
    const controller = new AbortController();
    const { commands, events } = runner(controller.signal);
    controller.abort();
    await expect(commands.tryRun(node('0'))).rejects.toMatchObject({ name: 'AbortError' });
    expect(events).toEqual([]);
  });

  it('gives its children a session of their own, without a terminal to ask at', async () => {
    const { commands } = runner();
    const script = 'console.log(process.pid, require("fs").readFileSync("/proc/self/stat", "utf8"))';
    // proc_pid_stat(5): pid (comm) state ppid pgrp session tty_nr
    const [own, , , , , group, session, terminal] = (await commands.run(node(script))).stdout.split(' ');
    expect([group, session, terminal]).toEqual([own, own, '0']);
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
