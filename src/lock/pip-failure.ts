import type { ToolPorts } from '../application/ports.ts';
import type { CommandSpec } from '../system/command.ts';

/** Why pip failed. */
export type PipFailureReason = 'unsatisfiable' | 'unreachable' | 'offline' | 'build';

/** What pip prints when an index does not answer or refuses: its own retries, and the status of the answer. */
const unreachable =
  /Retrying \(Retry\(|Max retries exceeded|Failed to establish a new connection|HTTP error [45]\d\d|\b(?:40[137]|5\d\d) (?:Error|Client Error|Server Error)|Credentials not correct|SSLError/;

/** Why pip failed, by what it prints. */
export function pipFailure(output: string, offline: boolean): PipFailureReason {
  if (offline) return 'offline';
  if (unreachable.test(output)) return 'unreachable';
  if (/metadata-generation-failed|subprocess-exited-with-error|Failed to build|setup\.py egg_info/.test(output))
    return 'build';
  return 'unsatisfiable';
}

/**
 * Finds out why pip failed. An index that refuses looks to pip as if it had no files ("from versions: none"), and pip
 * tells the difference only when it is asked to talk; so it is run once more, talking.
 * @param spec the command that failed
 * @param output what it printed
 */
export async function explainPipFailure(
  spec: CommandSpec,
  output: string,
  ports: Pick<ToolPorts, 'commands' | 'offline'>,
): Promise<{ readonly reason: PipFailureReason; readonly output: string }> {
  const reason = pipFailure(output, ports.offline);
  if (reason !== 'unsatisfiable' || !/from versions: none|No matching distribution/.test(output))
    return { reason, output };
  const again = await ports.commands.tryRun({ ...spec, env: { ...spec.env, PIP_VERBOSE: '3' } });
  const refusals = `${again.stdout}\n${again.stderr}`
    .split('\n')
    .filter((line) => /Could not fetch URL/.test(line) && !/\b404\b/.test(line));
  return refusals.length === 0 ? { reason, output } : { reason: 'unreachable', output: refusals.join('\n') };
}
