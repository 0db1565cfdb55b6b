import type { World } from '../../src/cli/world.ts';

/** A world without a terminal, in which nothing is set, and what was printed in it. */
export function fakeWorld(facts: Partial<World> = {}): {
  readonly world: World;
  readonly output: { stdout: string; stderr: string };
} {
  const output = { stdout: '', stderr: '' };
  const world: World = {
    env: {},
    cwd: '/somewhere',
    isRoot: false,
    now: new Date('2026-01-02T03:04:05Z'),
    stdout: (text) => {
      output.stdout += text;
    },
    stderr: (text) => {
      output.stderr += text;
    },
    columns: undefined,
    interruption: new AbortController().signal,
    ...facts,
  };
  return { world, output };
}
