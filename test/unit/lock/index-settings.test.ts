import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { readIndexSettings, type IndexSettings } from '../../../src/lock/index-settings.ts';
import { createRedactor, type Redactor } from '../../../src/report/redact.ts';
import type { CommandRunner } from '../../../src/system/command.ts';

let directory: string;
let redactor: Redactor;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-settings-'));
  redactor = createRedactor();
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

interface World {
  readonly env?: Readonly<Record<string, string>>;
  /** What `pip config list` prints. */
  readonly pip?: string;
  readonly indexes?: readonly string[];
  readonly offline?: boolean;
}

async function settings({ env = {}, pip = '', indexes = [], offline = false }: World): Promise<IndexSettings> {
  const answer = { exitCode: 0, stdout: pip, stderr: '', duration: 0 };
  const commands: CommandRunner = { run: () => Promise.resolve(answer), tryRun: () => Promise.resolve(answer) };
  const base = { HOME: join(directory, 'home'), PATH: '/usr/bin' };
  return readIndexSettings(
    { indexes, projectDirectory: join(directory, 'project') },
    {
      commands,
      environments: { base, network: { ...base, ...env } },
      reporter: { report: () => undefined, close: () => undefined },
      redactor,
      cacheDirectory: directory,
      offline,
    },
  );
}

test('pip’s configuration serves uv too, and pip reads no file by itself', async () => {
  const found = await settings({
    pip: "global.index-url='https://ann:s3cret@example.com/simple'\ninstall.extra-index-url='\\nhttps://one.example.com/simple\\nhttps://two.example.com/simple'\nglobal.cert='/etc/ca.pem'\n",
  });
  expect(found.environment).toMatchObject({
    PIP_CONFIG_FILE: '/dev/null',
    UV_NO_CONFIG: '1',
    PIP_INDEX_URL: 'https://ann:s3cret@example.com/simple',
    UV_DEFAULT_INDEX: 'https://ann:s3cret@example.com/simple',
    PIP_EXTRA_INDEX_URL: 'https://one.example.com/simple https://two.example.com/simple',
    UV_INDEX: 'https://one.example.com/simple https://two.example.com/simple',
    PIP_CERT: '/etc/ca.pem',
    SSL_CERT_FILE: '/etc/ca.pem',
  });
  expect(found.environment).not.toHaveProperty('UV_INDEX_STRATEGY');
  expect(found.indexes).toEqual([
    'https://one.example.com/simple',
    'https://two.example.com/simple',
    'https://example.com/simple',
  ]);
  expect(redactor.text('the word is s3cret')).toBe('the word is ****');
});

test('the manifest’s indexes win over all that is configured', async () => {
  const found = await settings({
    env: { PIP_INDEX_URL: 'https://pip.example.com/simple', UV_INDEX: 'https://uv.example.com/simple' },
    indexes: ['https://first.example.com/simple', 'https://last.example.com/simple'],
  });
  expect(found.environment).toMatchObject({
    UV_INDEX: 'https://first.example.com/simple',
    UV_DEFAULT_INDEX: 'https://last.example.com/simple',
    PIP_INDEX_URL: 'https://last.example.com/simple',
    PIP_EXTRA_INDEX_URL: 'https://first.example.com/simple',
  });
});

test('uv’s project and user files are read, with the credentials that its variables hold for a named index', async () => {
  mkdirSync(join(directory, 'project'), { recursive: true });
  writeFileSync(
    join(directory, 'project', 'pyproject.toml'),
    '[tool.uv]\nindex-strategy = "unsafe-best-match"\n[[tool.uv.index]]\nname = "acme-internal"\nurl = "https://acme.example.com/simple"\n[[tool.uv.index]]\nname = "torch"\nurl = "https://torch.example.com/simple"\nexplicit = true\n',
  );
  mkdirSync(join(directory, 'home', '.config', 'uv'), { recursive: true });
  writeFileSync(join(directory, 'home', '.config', 'uv', 'uv.toml'), 'index-url = "https://user.example.com/simple"\n');
  const found = await settings({
    env: { UV_INDEX_ACME_INTERNAL_USERNAME: 'bob', UV_INDEX_ACME_INTERNAL_PASSWORD: 'pass/word' },
  });
  expect(found.environment).toMatchObject({
    UV_INDEX: 'https://bob:pass%2Fword@acme.example.com/simple',
    PIP_EXTRA_INDEX_URL: 'https://bob:pass%2Fword@acme.example.com/simple',
    UV_DEFAULT_INDEX: 'https://user.example.com/simple',
    UV_INDEX_STRATEGY: 'unsafe-best-match',
  });
  expect(Object.keys(found.environment)).not.toContain('UV_INDEX_ACME_INTERNAL_PASSWORD');
  expect(redactor.text('pass/word pass%2Fword')).toBe('**** ****');
});

test('a token that stands alone in an address is a secret, and so are the passwords of netrc', async () => {
  mkdirSync(join(directory, 'home'));
  writeFileSync(join(directory, 'home', '.netrc'), 'machine example.com login ann password from-netrc\n');
  await settings({ env: { PIP_EXTRA_INDEX_URL: 'https://tok3n@example.com/simple' } });
  expect(redactor.text('tok3n from-netrc')).toBe('**** ****');
});

test('variables that would change what is resolved do not reach the tools', async () => {
  const { environment } = await settings({
    env: {
      PIP_TARGET: '/x',
      PIP_NO_BINARY: ':all:',
      PIP_REQUIRE_VIRTUALENV: '1',
      UV_OVERRIDE: '/x',
      UV_CACHE_DIR: '/cache',
      PIP_DEFAULT_TIMEOUT: '600',
    },
  });
  for (const name of ['PIP_TARGET', 'PIP_NO_BINARY', 'PIP_REQUIRE_VIRTUALENV', 'UV_OVERRIDE'])
    expect(environment).not.toHaveProperty(name);
  expect(environment).toMatchObject({ UV_CACHE_DIR: '/cache', PIP_DEFAULT_TIMEOUT: '60' });
});

test('--offline keeps both tools from the network and leaves local files', async () => {
  const found = await settings({ env: { PIP_FIND_LINKS: '/srv/wheels https://example.com/wheels' }, offline: true });
  expect(found.environment).toMatchObject({ PIP_NO_INDEX: '1', UV_OFFLINE: '1', PIP_FIND_LINKS: '/srv/wheels' });
  expect(found.environment).not.toHaveProperty('UV_NO_INDEX');
  expect(found.hasLocalFiles).toBe(true);
});
