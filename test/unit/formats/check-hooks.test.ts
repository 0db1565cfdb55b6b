import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Diagnostic } from '../../../src/errors/diagnostic.ts';
import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import { checkHooks } from '../../../src/formats/check-hooks.ts';
import type { PackagerPorts } from '../../../src/formats/packager.ts';
import type { ScriptHook } from '../../../src/manifest/manifest.ts';
import { fakeCommands } from '../../support/fake-commands.ts';
import { aPackage } from '../../support/manifest.ts';
import { testPorts } from '../../support/tool-ports.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-hooks-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** What is said of hooks with these texts, `after-install` first. */
async function complaints(
  ports: PackagerPorts | undefined,
  ...texts: readonly string[]
): Promise<readonly Diagnostic[]> {
  const hooks: readonly ScriptHook[] = ['after-install', 'before-remove'];
  const scripts: Partial<Record<ScriptHook, string>> = {};
  for (const [index, text] of texts.entries()) {
    const path = join(directory, `${String(index)}.sh`);
    writeFileSync(path, text);
    scripts[hooks[index]!] = path;
  }
  const manifest = { packages: [aPackage({ scripts })] };
  try {
    // Two targets have the same scripts.
    await checkHooks([manifest, manifest], ports ?? testPorts({ cacheDirectory: directory }));
    return [];
  } catch (error) {
    if (!(error instanceof CoachbuilderError)) throw error;
    expect(error.code).toBe('manifest-invalid');
    return error.diagnostics;
  }
}

const places = (diagnostics: readonly Diagnostic[]): readonly string[] =>
  diagnostics.map(({ file, line }) => `${file.slice(directory.length + 1)}:${String(line)}`);

describe('hooks', () => {
  it.each([
    ['a command', 'true'],
    ['windows line ends', '#!/bin/sh\r\nif true; then\r\n  true\r\nfi\r\n'],
    ['a here-document', 'cat <<END\n)\nEND\n'],
    ['an exit', 'exit 1\n'],
    ['nothing', ''],
    ['nothing but comments', '#!/bin/sh\n\n  # later\r\n'],
  ])('with %s are shell', async (_, text) => {
    expect(await complaints(undefined, text)).toEqual([]);
  });

  it('that are no shell are all told at once, with the line', async () => {
    const found = await complaints(undefined, 'true\nif true; then\n  true\n)\n', 'true ) ; ( true\n');
    expect(places(found)).toEqual(['0.sh:4', '1.sh:1']);
    expect(found[0]?.message).toMatch(
      /^sh cannot read this script, after-install of acme-fleet-cli: [Ss]yntax error.*unexpected/,
    );
  });

  it('that take what follows them into a here-document are no shell', async () => {
    const found = await complaints(undefined, '\ncat <<END\nwithout an end\n');
    expect(places(found)).toEqual(['0.sh:1']);
    expect(found[0]?.hint).toContain('here-document');
  });

  it('are located in what bash says, too', async () => {
    const commands = fakeCommands((_, { args }) => ({
      exitCode: 2,
      stderr: `${args[1] ?? ''}: line 7: syntax error near unexpected token \`)'\n\`)'\n`,
    }));
    const env = { TMPDIR: join(directory, 'with: 5: colons') };
    mkdirSync(env.TMPDIR);
    const found = await complaints({ commands, environments: { base: env, network: env } }, 'true\n');
    expect(found).toMatchObject([
      { line: 7, message: expect.stringMatching(/: syntax error near unexpected token `\)'$/) as string },
    ]);
    expect(commands.lines).toHaveLength(1);
  });
});
