import { describe, expect, it } from 'vitest';

import {
  containerCreate,
  containerRemove,
  containerStart,
  copyIn,
  copyOut,
  imageBuild,
  type ContainerSpec,
} from '../../../src/system/tools/engine.ts';

const container: ContainerSpec = {
  name: 'coachbuilder-1',
  image: 'sha256abc',
  program: '/bin/sh',
  args: ['/coachbuilder/compile.sh', 'python3'],
  network: 'none',
  user: '65534:65534',
  directory: '/',
  env: { TZ: 'UTC' },
  privileged: false,
};

/** The words that follow an option, wherever it is. */
function valuesOf(args: readonly string[], option: string): readonly string[] {
  return args.flatMap((word, index) => (word === option ? [args[index + 1] ?? ''] : []));
}

describe.each(['docker', 'podman'] as const)('the arguments for %s', (kind) => {
  it('make a container without network, capabilities or rights, and without a directory of this machine', () => {
    const { tool, args } = containerCreate(kind, container);
    expect(tool).toBe(kind);
    expect(valuesOf(args, '--network')).toEqual(['none']);
    expect(valuesOf(args, '--user')).toEqual(['65534:65534']);
    expect(valuesOf(args, '--cap-drop')).toEqual(['ALL']);
    expect(valuesOf(args, '--security-opt')).toEqual(['no-new-privileges']);
    expect(valuesOf(args, '--env')).toEqual(['TZ=UTC']);
    expect(args.filter((word) => /^(?:-v|--volume|--mount)\b/.test(word))).toEqual([]);
  });

  it('put the program in the place of the entry point, and its arguments behind the image', () => {
    const { args } = containerCreate(kind, container);
    expect(valuesOf(args, '--entrypoint')).toEqual(['/bin/sh']);
    expect(args.slice(-3)).toEqual(['sha256abc', '/coachbuilder/compile.sh', 'python3']);
  });

  it('leave the network to the engine for installing packages', () => {
    const { args } = containerCreate(kind, { ...container, network: 'default', privileged: true });
    expect(args).not.toContain('--network');
    expect(args).not.toContain('--cap-drop');
  });

  it('label what is made, so that it can be found after a crash', () => {
    expect(valuesOf(containerCreate(kind, container).args, '--label')).toEqual(['org.coachbuilder.made=container']);
    const build = { directory: '/d', dockerfile: '/d/Dockerfile', tag: 't:1' };
    expect(valuesOf(imageBuild(kind, build).args, '--label')).toEqual(['org.coachbuilder.made=image']);
  });

  it('copy out of a container, attach to it, and remove it by force with its volumes', () => {
    expect(copyOut(kind, { name: 'c', path: '/tmp/w' }, '/host/w').args).toEqual(['cp', 'c:/tmp/w', '/host/w']);
    expect(containerStart(kind, 'c').args).toEqual(['start', '--attach', 'c']);
    expect(containerRemove(kind, 'c').args).toEqual(['rm', '--force', '--volumes', 'c']);
  });
});

it('podman is told not to give what is copied in to the user of the container, which docker never does', () => {
  const place = { name: 'c', path: '/coachbuilder' };
  expect(copyIn('podman', '/host/input', place).args).toEqual([
    'cp',
    '--archive=false',
    '/host/input',
    'c:/coachbuilder',
  ]);
  expect(copyIn('docker', '/host/input', place).args).toEqual(['cp', '/host/input', 'c:/coachbuilder']);
});
