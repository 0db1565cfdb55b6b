import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

interface SourceFile {
  /** Relative to src/. */
  readonly path: string;
  readonly text: string;
  /** Files of ours that it imports, relative to src/. */
  readonly ours: readonly string[];
  /** Packages and Node modules that it imports. */
  readonly foreign: readonly string[];
}

function readSources(): readonly SourceFile[] {
  const names = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.ts'))
    .map((path) => {
      const text = readFileSync(join(root, 'src', path), 'utf8');
      const imports = ts.preProcessFile(text, true, true).importedFiles.map((file) => file.fileName);
      const ours = imports.filter((name) => name.startsWith('.')).map((name) => posix.join(posix.dirname(path), name));
      return { path, text, ours, foreign: imports.filter((name) => !name.startsWith('.')) };
    });
}

const sources = readSources();

/** The rooms in the direction of the flow: a file may import from its own room and from those before it. */
const flow = [
  ['model'],
  ['errors'],
  ['python', 'openpgp'],
  ['report', 'system'],
  ['distributions'],
  ['containers'],
  ['manifest'],
  ['application'],
  ['plan'],
  ['lock'],
  ['interpreter'],
  ['wheelhouse'],
  ['tree'],
  ['inspect'],
  ['packages'],
  ['sbom'],
  ['documents'],
  ['provenance'],
  ['formats'],
  ['lint'],
  ['build-report'],
  ['verification'],
  ['signing'],
  ['store'],
  ['repository'],
  ['publication'],
  ['pipeline'],
  ['cli'],
] as const;

function roomOf(path: string): string {
  return path.split('/')[0] ?? '';
}

function levelOf(path: string): number {
  return flow.findIndex((rooms) => (rooms as readonly string[]).includes(roomOf(path)));
}

/** Every import that breaks a rule, as `importer -> imported`. */
function offenders(
  select: (file: SourceFile) => readonly string[],
  forbidden: (importer: string, imported: string) => boolean,
): readonly string[] {
  return sources.flatMap((file) =>
    select(file)
      .filter((imported) => forbidden(file.path, imported))
      .map((imported) => `${file.path} -> ${imported}`),
  );
}

const ours = (file: SourceFile): readonly string[] => file.ours;
const foreign = (file: SourceFile): readonly string[] => file.foreign;

function within(path: string, ...places: readonly (string | RegExp)[]): boolean {
  return places.some((place) =>
    typeof place !== 'string' ? place.test(path) : place.endsWith('/') ? path.startsWith(place) : path === place,
  );
}

describe('the architecture', () => {
  it('knows the room of every source file', () => {
    expect(sources.length).toBeGreaterThan(30);
    expect(sources.filter((file) => levelOf(file.path) === -1).map((file) => file.path)).toEqual([]);
  });

  it('lets data flow one way: no room imports a later one', () => {
    expect(offenders(ours, (importer, imported) => levelOf(imported) > levelOf(importer))).toEqual([]);
  });

  it('keeps the formats apart', () => {
    expect(
      offenders(
        ours,
        (importer, imported) =>
          (within(importer, 'formats/deb/') && within(imported, 'formats/rpm/')) ||
          (within(importer, 'formats/rpm/') && within(imported, 'formats/deb/')),
      ),
    ).toEqual([]);
  });

  it('has no import cycles, types included', () => {
    const imports = new Map(sources.map((file) => [file.path, file.ours]));
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      const start = trail.indexOf(path);
      if (start !== -1) cycles.push([...trail.slice(start), path].join(' -> '));
      if (start !== -1 || done.has(path)) return;
      for (const next of imports.get(path) ?? []) visit(next, [...trail, path]);
      done.add(path);
    };
    for (const path of imports.keys()) visit(path, []);
    expect(cycles).toEqual([]);
  });

  it('starts processes only in system/', () => {
    const processes = ['execa', 'node:child_process', 'child_process', 'node:worker_threads', 'node:cluster'];
    expect(offenders(foreign, (importer, name) => processes.includes(name) && !within(importer, 'system/'))).toEqual(
      [],
    );
  });

  it('constructs adapters only in cli/', () => {
    expect(
      offenders(
        ours,
        (importer, imported) => imported === 'system/node-command-runner.ts' && !within(importer, 'cli/'),
      ),
    ).toEqual([]);
  });

  it('keeps the rooms of pure values away from the file system', () => {
    const pure = ['model/', 'errors/', 'python/', 'openpgp/', 'plan/', 'report/'];
    const effects = /^node:(?:fs|fs\/promises|os|net|http|https|process)$/;
    expect(offenders(foreign, (importer, name) => effects.test(name) && within(importer, ...pure))).toEqual([]);
  });

  it.each([
    ['ejs', ['formats/templates.ts']],
    ['commander', [/^cli\/(?:[a-z-]+-)?options\.ts$/]],
    ['@aws-sdk/client-s3', ['store/s3/']],
    ['saxes', ['repository/yum/xml.ts']],
    ['yauzl', ['system/zip.ts']],
    ['toml-eslint-parser', ['manifest/parse.ts', 'python/toml.ts']],
  ])('imports %s only where it belongs', (name, places) => {
    expect(offenders(foreign, (importer, imported) => imported === name && !within(importer, ...places))).toEqual([]);
  });

  it('declares data with zod only in schemas', () => {
    expect(offenders(foreign, (importer, name) => name === 'zod' && !importer.endsWith('schema.ts'))).toEqual([]);
  });

  it('reads the process only in cli/', () => {
    const reading = /\bprocess\.(?:env|argv|cwd|exit|exitCode|stdout|stderr|umask)\b/;
    expect(sources.filter((file) => !within(file.path, 'cli/') && reading.test(file.text)).map((f) => f.path)).toEqual(
      [],
    );
  });

  it('has no default exports and no barrels', () => {
    const barrel = /^export (?:\*|\{[^}]*\}) from/m;
    expect(sources.filter((file) => /^export default/m.test(file.text)).map((file) => file.path)).toEqual([]);
    expect(sources.filter((file) => barrel.test(file.text)).map((file) => file.path)).toEqual([]);
  });

  it('keeps commands thin: one import and one exit status', () => {
    const commands = readdirSync(join(root, 'admin')).filter((name) => !name.includes('.'));
    expect(commands).toContain('build-package');
    for (const name of commands) {
      const lines = readFileSync(join(root, 'admin', name), 'utf8')
        .trimEnd()
        .split('\n')
        .filter(Boolean);
      expect(lines, name).toEqual([
        '#!/usr/bin/env node',
        "import { start } from './bootstrap.mjs';",
        `process.exitCode = await start('${name}', process.argv.slice(2));`,
      ]);
    }
  });

  it('names no package registry and no path of one machine', () => {
    // Assembled here, so that this file does not name them either.
    const hosts = [
      ['pypi', 'org'],
      ['pythonhosted', 'org'],
      ['npmjs', 'org'],
      ['deb.debian', 'org'],
    ].map((parts) => parts.join('.'));
    const paths = [join(root, '/')];
    for (const file of sources)
      for (const word of [...hosts, ...paths]) expect(file.text, file.path).not.toContain(word);
  });
});
