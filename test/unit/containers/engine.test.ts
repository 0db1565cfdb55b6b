import { describe, expect, it } from 'vitest';

import { findEngine, type ContainerEngine } from '../../../src/containers/engine.ts';
import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import type { BuildEvent } from '../../../src/report/event.ts';
import { createRedactor } from '../../../src/report/redact.ts';
import { fakeCommands, type Answer, type FakeCommands } from '../../support/fake-commands.ts';

interface World {
  readonly commands: FakeCommands;
  readonly cleanup: FakeCommands;
  readonly events: BuildEvent[];
}

function ports(answer: (line: string) => Answer, environment: Readonly<Record<string, string>> = {}) {
  const world: World = { commands: fakeCommands(answer), cleanup: fakeCommands(answer), events: [] };
  const reporter = {
    report: (event: BuildEvent) => {
      world.events.push(event);
    },
    close: () => undefined,
  };
  return { ...world, environment, reporter, redactor: createRedactor() };
}

/** podman, of which `answer` says what it does after it was found. */
async function podman(answer: (line: string) => Answer): Promise<{ engine: ContainerEngine; world: World }> {
  const world = ports((line) => (line.startsWith('podman info') ? { stdout: 'amd64\n' } : answer(line)));
  const found = await findEngine(world);
  if (found.engine === undefined) throw new Error(found.reasons.join('; '));
  return { engine: found.engine, world };
}

const spec = {
  image: 'abc',
  program: '/bin/sh',
  args: [],
  network: 'none',
  user: '65534:65534',
  directory: '/',
  env: {},
  privileged: false,
} as const;

async function failureOf(action: Promise<unknown>): Promise<CoachbuilderError> {
  const error: unknown = await action.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof CoachbuilderError) return error;
  throw new Error('it was expected to fail', { cause: error });
}

describe('looking for an engine', () => {
  it('prefers podman, which needs no daemon', async () => {
    const found = await findEngine(ports(() => ({ stdout: 'arm64\n' })));
    expect(found.engine).toMatchObject({ kind: 'podman', architecture: 'aarch64' });
  });

  it('asks docker first when the environment names one to talk to', async () => {
    for (const name of ['DOCKER_HOST', 'DOCKER_CONTEXT']) {
      const found = await findEngine(ports(() => ({ stdout: 'amd64\n' }), { [name]: 'x' }));
      expect(found.engine).toMatchObject({ kind: 'docker' });
    }
  });

  it('takes docker when podman is not there', async () => {
    const found = await findEngine(ports((line) => (line.startsWith('podman') ? 'missing' : { stdout: 'amd64\n' })));
    expect(found.engine).toMatchObject({ kind: 'docker' });
  });

  it('says of each one why it cannot be used', async () => {
    const found = await findEngine(
      ports((line) =>
        line.startsWith('podman') ? 'missing' : { exitCode: 1, stderr: 'Cannot connect to the Docker daemon\n' },
      ),
    );
    expect(found).toEqual({
      engine: undefined,
      reasons: ['podman is not installed', 'docker does not answer: Cannot connect to the Docker daemon'],
    });
  });
});

describe('an image', () => {
  it('that is not there is pulled, and its id asked for', async () => {
    let pulled = false;
    const { engine } = await podman((line) => {
      if (line.startsWith('podman pull')) pulled = true;
      return pulled ? { stdout: 'sha256:0123\n' } : { exitCode: 125, stderr: 'Error: x: image not known\n' };
    });
    expect(await engine.requireImage('example.com/linux:8')).toBe('0123');
  });

  it('that cannot be pulled is named, with what the engine says', async () => {
    const { engine } = await podman((line) => ({
      exitCode: 125,
      stderr: line.startsWith('podman pull') ? 'manifest unknown\n' : 'Error: image not known\n',
    }));
    const error = await failureOf(engine.requireImage('example.com/linux:8'));
    expect(error.code).toBe('image-missing');
    expect(error.message).toContain('example.com/linux:8');
    expect(error.details).toEqual(['manifest unknown']);
    expect(error.hint).toContain('--image');
  });

  it('is not taken for missing when the engine went away', async () => {
    const { engine } = await podman(() => ({ exitCode: 125, stderr: 'unable to connect to Podman socket\n' }));
    expect((await failureOf(engine.requireImage('x'))).code).toBe('engine-failed');
  });

  it('is not taken for missing when the engine went away while it was pulled', async () => {
    let gone = false;
    const { engine } = await podman((line) => {
      if (line.startsWith('podman pull')) gone = true;
      return { exitCode: 125, stderr: gone ? 'unable to connect to Podman socket\n' : 'Error: image not known\n' };
    });
    expect((await failureOf(engine.requireImage('x'))).code).toBe('engine-failed');
  });

  it('that does not fit on the disk of the engine is reported as that', async () => {
    const { engine } = await podman((line) => ({
      exitCode: 125,
      stderr: line.startsWith('podman pull') ? 'write: no space left on device\n' : 'image not known\n',
    }));
    expect((await failureOf(engine.requireImage('x'))).code).toBe('disk-full');
  });
});

describe('a container', () => {
  /** Answers for a container whose program ends so, as the attached client and as the engine tell it. */
  function ending(client: Answer, state: Answer): (line: string) => Answer {
    return (line) => (line.startsWith('podman start') ? client : line.startsWith('podman inspect') ? state : {});
  }

  it('is removed after use by the name that it was made with', async () => {
    const { engine, world } = await podman(ending({ stdout: 'done' }, { stdout: 'exited 0\n' }));
    const outcome = await engine.withContainer(spec, (container) => container.run());
    expect(outcome).toEqual({ exitCode: 0, output: 'done' });
    const name = /--name (\S+)/.exec(world.commands.lines.join('\n'))?.[1];
    expect(world.cleanup.lines).toEqual([`podman rm --force --volumes ${name ?? ''}`]);
  });

  it('is removed when it could not be made or used, and the failure stays', async () => {
    const failing = await podman((line) => (line.startsWith('podman create') ? { exitCode: 125, stderr: 'no' } : {}));
    expect((await failureOf(failing.engine.withContainer(spec, (made) => made.run()))).code).toBe('engine-failed');
    expect(failing.world.cleanup.lines).toHaveLength(1);

    const { engine, world } = await podman(() => ({}));
    const interrupted = new Error('interrupted');
    await expect(engine.withContainer(spec, () => Promise.reject(interrupted))).rejects.toBe(interrupted);
    expect(world.cleanup.lines).toHaveLength(1);
  });

  it('whose program fails has the status that the engine knows', async () => {
    const { engine } = await podman(ending({ exitCode: 1, stderr: 'error: x\n' }, { stdout: 'exited 1\n' }));
    const outcome = await engine.withContainer(spec, (made) => made.run());
    expect(outcome).toEqual({ exitCode: 1, output: 'error: x' });
  });

  it('whose program fails after the client took its leave with success fails all the same', async () => {
    const { engine } = await podman(ending({ stdout: 'begin' }, { stdout: 'exited 2\n' }));
    expect((await engine.withContainer(spec, (made) => made.run())).exitCode).toBe(2);
  });

  it('is not believed to have ended because a client ends with success', async () => {
    const { engine } = await podman(ending({ stdout: 'begin' }, { stdout: 'running 0\n' }));
    expect((await failureOf(engine.withContainer(spec, (made) => made.run()))).code).toBe('engine-failed');
  });

  it.each([
    ['the engine went away half-way', { exitCode: 125, stderr: 'unable to connect to Podman socket' }],
    ['the connection was lost and the container still runs', { stdout: 'running 0\n' }],
    ['the container is gone', { exitCode: 125, stderr: 'no such object' }],
  ])('fails as an engine does when %s, whatever status the client ends with', async (_, state) => {
    const { engine } = await podman(ending({ exitCode: 1, stderr: 'unexpected EOF\n' }, state));
    const error = await failureOf(engine.withContainer(spec, (made) => made.run()));
    expect(error.code).toBe('engine-failed');
    expect(error.details).toContain('unexpected EOF');
  });

  it('that cannot be removed is told about, with the command for it', async () => {
    const { engine, world } = await podman((line) => (line.startsWith('podman rm') ? { exitCode: 125 } : {}));
    await engine.withContainer(spec, () => Promise.resolve());
    const warning = world.events.find((event) => event.type === 'warning');
    expect(warning?.message).toMatch(/^the container coachbuilder-[0-9a-f]{16} could not be removed$/);
    expect(warning?.hint).toMatch(/podman rm --force coachbuilder-/);
  });

  it('is not missed when it was never made', async () => {
    const { engine, world } = await podman((line) =>
      line.startsWith('podman rm') ? { exitCode: 1, stderr: 'Error: no such container x\n' } : {},
    );
    await engine.withContainer(spec, () => Promise.resolve());
    expect(world.events.filter((event) => event.type === 'warning')).toEqual([]);
  });
});
