import { readFile } from 'node:fs/promises';

import type { ToolPorts } from '../application/ports.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { compareVersions } from '../python/version.ts';
import { pipVersion } from '../system/tools/pip.ts';
import { obtainPinnedTool } from './pinned-tool.ts';

/** The pip that is fetched when this machine's does not do: its wheel, which runs on Python 3.8 and newer. */
const pinned = {
  name: 'pip',
  version: '25.0.1',
  sha256: ['c46efd13b6aa8279f33f2864459c8ce587ea6a1a59ee20de055868d8f7688f7f'],
} as const;

/** The first one that downloads and builds in spite of Requires-Python, and reports what it would install (22.2). */
const oldestUsable = '23.0';

/** The first one of which `resolver.py` has not been tried. */
const untried = '27';

/** The version of this machine's pip, when it has one that starts. */
async function ownVersion(ports: ToolPorts): Promise<string | undefined> {
  const result = await ports.commands.tryRun({ ...pipVersion(), cwd: '/', env: ports.environments.base });
  return result.exitCode === 0 ? /^\d+(?:\.\d+)+/.exec(result.stdout)?.[0] : undefined;
}

/**
 * Sees to it that `python3 -m pip` can do what is asked of it: when this machine's cannot (Debian 11 has 20.3), a pinned
 * one in our own cache takes its place, which is fetched once.
 * @returns the ports, perhaps with another pip in their environments
 * @throws CoachbuilderError `tool-missing` when neither can be had
 */
export async function withUsablePip<Ports extends ToolPorts>(ports: Ports): Promise<Ports> {
  const version = await ownVersion(ports);
  if (version !== undefined && compareVersions(version, oldestUsable) >= 0 && compareVersions(version, untried) < 0)
    return ports;
  const fileName = `${pinned.name}-${pinned.version}-py3-none-any.whl`;
  const answer = await obtainPinnedTool(pinned, { fileName, extract: (wheel) => readFile(wheel) }, ports);
  if ('path' in answer) {
    const { environments } = ports;
    // pip runs from a wheel as it is, and keeps this variable from the builds that it isolates.
    return {
      ...ports,
      environments: { ...environments, network: { ...environments.network, PYTHONPATH: answer.path } },
    };
  }
  const found = version === undefined ? 'python3 has no pip' : `pip ${version} is not one that we can work with`;
  throw new CoachbuilderError('tool-missing', `${found}, and pip ${pinned.version} could not be fetched`, {
    hint: `install a pip from ${oldestUsable} on and before ${untried} for python3, such as: python3 -m pip install pip==${pinned.version}`,
    details: [answer.problem],
  });
}
