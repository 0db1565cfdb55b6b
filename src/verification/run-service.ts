import type { CommandResult } from '../system/command.ts';
import { lastLines } from './package-manager.ts';
import type { Root } from './root.ts';
import { failed, passed, skipped, type Verdict } from './verdict.ts';

/** Milliseconds that `systemctl` has: more than systemd itself gives a unit (systemd.service(5), 90 s). */
const patience = 300_000;

/** Seconds after which a service that ends by itself has ended. */
const settling = '2';

/** A unit's properties, as `systemctl show` tells them. */
type Properties = Readonly<Record<string, string>>;

function parseProperties(text: string): Properties {
  return Object.fromEntries(text.split('\n').map((line) => [line.split('=')[0] ?? '', line.replace(/^[^=]*=?/, '')]));
}

/** What is wrong with a unit that was started a moment ago; undefined when nothing is. */
function whyNotUp({ Type, ActiveState, SubState, Result, NRestarts }: Properties): string | undefined {
  // What does one thing and ends has done it (systemd.service(5), Type=oneshot).
  if (Type === 'oneshot' && ActiveState === 'inactive' && Result === 'success') return undefined;
  const state = `${ActiveState ?? 'unknown'} (${SubState ?? 'unknown'})`;
  if (ActiveState !== 'active') return `is ${state} after it was started`;
  // Told since systemd 235; a service that ends again and again is up when one happens to look.
  return NRestarts === undefined || NRestarts === '0' ? undefined : `was restarted ${NRestarts} times by systemd`;
}

async function showUnit(unit: string, root: Root): Promise<Properties> {
  const argv = ['systemctl', 'show', '--property=Type,ActiveState,SubState,Result,NRestarts', unit] as const;
  return parseProperties((await root.run(argv, { timeout: patience })).stdout);
}

/**
 * Whether a service, which `runService` left running, was stopped with the removal of its package.
 * @param unit `fleet-agent.service`
 */
export async function checkStopped(unit: string, root: Root): Promise<Verdict> {
  if (root.withoutInit !== undefined) return skipped(root.withoutInit);
  const { ActiveState, SubState } = await showUnit(unit, root);
  if (ActiveState !== 'active') return passed;
  await root.run(['systemctl', 'kill', '--signal=KILL', unit]);
  return failed(`${unit} is still ${ActiveState} (${SubState ?? 'unknown'}): nothing stopped it before its files went`);
}

/**
 * Starts, restarts and stops a service as an administrator would, and leaves it running.
 * @param unit `fleet-agent.service`
 */
export async function runService(unit: string, root: Root): Promise<Verdict> {
  if (root.withoutInit !== undefined) return skipped(root.withoutInit);
  const systemctl = async (...args: readonly string[]): Promise<CommandResult> =>
    root.run(['systemctl', ...args], { timeout: patience });
  const show = async (): Promise<Properties> => showUnit(unit, root);
  const fail = async (reason: string, printed?: CommandResult): Promise<Verdict> => {
    const journal = await root.run(['journalctl', '--no-pager', '--lines=20', `--unit=${unit}`]);
    await systemctl('stop', unit);
    const output = [...(printed === undefined ? [] : lastLines(printed, 5)), ...lastLines(journal, 15)];
    return failed(reason, output);
  };
  for (const verb of ['start', 'restart']) {
    const result = await systemctl(verb, unit);
    if (result.exitCode !== 0)
      return fail(`systemctl ${verb} ${unit} ended with status ${String(result.exitCode)}`, result);
    await root.run(['sleep', settling]);
    const problem = whyNotUp(await show());
    if (problem !== undefined) return fail(`${unit} ${problem}`);
  }
  const stopped = await systemctl('stop', unit);
  if (stopped.exitCode !== 0)
    return fail(`systemctl stop ${unit} ended with status ${String(stopped.exitCode)}`, stopped);
  const { ActiveState, Result } = await show();
  if (ActiveState !== 'inactive')
    return fail(`${unit} is ${ActiveState ?? 'unknown'} after it was stopped, with the result ${Result ?? 'unknown'}`);
  await systemctl('start', unit);
  return passed;
}
