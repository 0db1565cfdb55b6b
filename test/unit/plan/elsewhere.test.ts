import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { bakeFile, githubMatrix, gitlabMatrix, type Bakery, type RemoteJob } from '../../../src/plan/elsewhere.ts';

const jobs: readonly RemoteJob[] = [
  { label: 'ubuntu-16.04', distribution: 'ubuntu-16.04', architecture: 'x86_64' },
  { label: 'rocky-9/aarch64', distribution: 'rocky-9', architecture: 'aarch64' },
];
const command = { options: ['--manifest=a b.yaml', '--locked'], packageUri: '.' };

describe('a matrix for GitHub', () => {
  it('is one line of JSON that strategy.matrix takes', () => {
    const text = githubMatrix(jobs, command);
    expect(text.trimEnd()).not.toContain('\n');
    expect(JSON.parse(text)).toEqual({
      include: [
        {
          target: 'ubuntu-16.04',
          distribution: 'ubuntu-16.04',
          architecture: 'x86_64',
          arguments: "--distribution=ubuntu-16.04 --architecture=x86_64 '--manifest=a b.yaml' --locked .",
        },
        {
          target: 'rocky-9/aarch64',
          distribution: 'rocky-9',
          architecture: 'aarch64',
          arguments: "--distribution=rocky-9 --architecture=aarch64 '--manifest=a b.yaml' --locked .",
        },
      ],
    });
  });

  it('quotes words as a shell reads them', () => {
    const { include } = JSON.parse(githubMatrix(jobs.slice(0, 1), { options: [], packageUri: "it's $HOME" })) as {
      readonly include: readonly { readonly arguments: string }[];
    };
    expect(include[0]?.arguments).toBe(String.raw`--distribution=ubuntu-16.04 --architecture=x86_64 'it'\''s $HOME'`);
  });
});

describe('a matrix for GitLab', () => {
  it('is the keyword parallel:matrix, an entry of variables for each target', () => {
    expect(parse(gitlabMatrix(jobs, command))).toEqual({
      parallel: {
        matrix: [
          {
            COACHBUILDER_TARGET: 'ubuntu-16.04',
            COACHBUILDER_DISTRIBUTION: 'ubuntu-16.04',
            COACHBUILDER_ARCHITECTURE: 'x86_64',
            COACHBUILDER_ARGUMENTS:
              "--distribution=ubuntu-16.04 --architecture=x86_64 '--manifest=a b.yaml' --locked .",
          },
          {
            COACHBUILDER_TARGET: 'rocky-9/aarch64',
            COACHBUILDER_DISTRIBUTION: 'rocky-9',
            COACHBUILDER_ARCHITECTURE: 'aarch64',
            COACHBUILDER_ARGUMENTS: "--distribution=rocky-9 --architecture=aarch64 '--manifest=a b.yaml' --locked .",
          },
        ],
      },
    });
  });
});

interface BakeTarget {
  readonly context: string;
  readonly contexts: Readonly<Record<string, string>>;
  readonly 'dockerfile-inline': string;
  readonly output: readonly string[];
}

function baked(bakery: Partial<Bakery> = {}, packageUri = '.'): Readonly<Record<string, BakeTarget>> {
  const text = bakeFile(
    jobs,
    { ...command, packageUri },
    { context: '/src/app', program: '/opt/coachbuilder', destination: '/out', epoch: undefined, ...bakery },
  );
  const file = JSON.parse(text) as Readonly<Record<string, unknown>>;
  expect(file).toMatchObject({
    variable: { COACHBUILDER: { default: '/opt/coachbuilder' } },
    group: { default: { targets: ['ubuntu-16-04', 'rocky-9-aarch64'] } },
  });
  return file['target'] as Readonly<Record<string, BakeTarget>>;
}

describe('a bake file', () => {
  it('has a target for each of ours, under a name that bake allows', () => {
    const targets = baked();
    expect(Object.keys(targets)).toEqual(['ubuntu-16-04', 'rocky-9-aarch64']);
    for (const name of Object.keys(targets)) expect(name).toMatch(/^[\w-]+$/);
    expect(targets['rocky-9-aarch64']).toMatchObject({
      context: '/src/app',
      contexts: { coachbuilder: '${COACHBUILDER}' },
      output: ['type=local,dest=/out'],
    });
  });

  it('runs this command with words, not through a shell, and hands out nothing but packages', () => {
    const lines = baked({ epoch: 17 })['rocky-9-aarch64']?.['dockerfile-inline'].split('\n') ?? [];
    const run = lines.find((line) => line.includes('build-package')) ?? '';
    expect(JSON.parse(run.slice(run.indexOf('[')))).toEqual([
      '/coachbuilder/admin/build-package',
      '--distribution=rocky-9',
      '--architecture=aarch64',
      '--destination-path=/packages',
      '--manifest=a b.yaml',
      '--locked',
      '.',
    ]);
    expect(lines).toContain('ENV SOURCE_DATE_EPOCH=17');
    expect(lines.slice(-3)).toEqual(['FROM scratch', 'COPY --from=build /packages/ /', '']);
  });

  it('keeps what a caller wrote from being read as a template or as another field', () => {
    const targets = baked({ destination: '/a,b', context: '/src/${x}' }, '%{y}');
    const target = targets['ubuntu-16-04'];
    expect(target?.output).toEqual(['type=local,"dest=/a,b"']);
    expect(target?.context).toBe('/src/$${x}');
    expect(target?.['dockerfile-inline']).toContain('"%%{y}"');
  });
});
