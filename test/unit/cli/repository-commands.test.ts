import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { publishPackages } from '../../../src/cli/publish-packages.ts';
import { fakeWorld } from '../../support/world.ts';

const directory = mkdtempSync(join(tmpdir(), 'coachbuilder-commands-'));
const key = join(directory, 'acme.asc');
writeFileSync(
  join(directory, 'coachbuilder.yaml'),
  [
    'vendor: Acme Corporation',
    'release:',
    '  id: acme',
    '  name: Acme',
    '  package-name: acme-release',
    '  baseurl: https://acme.example/archive',
    '  key: acme.asc',
    '',
  ].join('\n'),
);

afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe('the key of the repository', () => {
  const whole = readFileSync(join(import.meta.dirname, '../formats/release/keys/new.asc'), 'utf8');
  const env = { PATH: process.env['PATH'], HOME: directory, XDG_CACHE_HOME: join(directory, 'cache') };

  it.each([['list'], ['verify'], ['gc'], ['refresh'], ['promote', 'a=1'], ['yank', 'a=1']])(
    'is looked at before %s does anything, and what is wrong with it is said with the name of its file',
    async (...words) => {
      writeFileSync(key, whole.replace(/^=.{4}$/m, '=AAAA'));
      const { world } = fakeWorld({ env, cwd: directory });
      await expect(publishPackages([...words, `--to=${directory}`], world)).rejects.toMatchObject({
        code: 'manifest-invalid',
        message: `the key of the release package does not match its checksum: ${key}`,
        hint: expect.stringContaining('gpg --armor --export') as string,
      });
    },
  );
});
