import { homedir } from 'node:os';

import { describe, expect, it } from 'vitest';

import { cacheDirectory, childEnvironments, sourceDateEpoch } from '../../../src/cli/world.ts';

const caller = {
  PATH: '/opt/tools:/usr/bin',
  HOME: '/home/ann',
  TMPDIR: '/scratch',
  TZ: 'Asia/Tokyo',
  LANG: 'de_DE.UTF-8',
  LC_ALL: 'de_DE.UTF-8',
  PYTHONPATH: '/home/ann/lib',
  PYTHONDONTWRITEBYTECODE: '1',
  LD_PRELOAD: '/home/ann/spy.so',
  VIRTUAL_ENV: '/home/ann/venv',
  RPM_CONFIGDIR: '/home/ann/rpm',
  GIT_DIR: '/home/ann/other.git',
  AWS_SECRET_ACCESS_KEY: 'aws secret',
  TWINE_PASSWORD: 'twine secret',
  GITHUB_TOKEN: 'forge secret',
  PIP_INDEX_URL: 'https://ann:pip-secret@index.example.com/simple/',
  UV_INDEX_INTERNAL_PASSWORD: 'uv secret',
  https_proxy: 'http://ann:proxy-secret@proxy.example.com',
  HTTPS_PROXY: 'http://proxy.example.com',
  NO_PROXY: 'localhost',
  SSL_CERT_FILE: '/etc/own.pem',
  NETRC: '/home/ann/netrc',
  XDG_CONFIG_HOME: '/home/ann/config',
  PYENV_ROOT: '/home/ann/pyenv',
  SOURCE_DATE_EPOCH: '1700000000',
  EMPTY: undefined,
};

describe('the environment of a child process', () => {
  const { base, network } = childEnvironments({ env: caller });

  it('is the same for everybody, but for PATH, home, scratch space, interpreters and the date', () => {
    expect(base).toEqual({
      PATH: '/opt/tools:/usr/bin',
      HOME: '/home/ann',
      TMPDIR: '/scratch',
      LANG: 'C.UTF-8',
      LC_ALL: 'C.UTF-8',
      TZ: 'UTC',
      PYENV_ROOT: '/home/ann/pyenv',
      SOURCE_DATE_EPOCH: '1700000000',
    });
  });

  it('has what network clients are configured by only where there is a network', () => {
    const added = Object.keys(network).filter((name) => !(name in base));
    expect(added.sort()).toEqual([
      ...['HTTPS_PROXY', 'NETRC', 'NO_PROXY', 'PIP_INDEX_URL', 'SSL_CERT_FILE', 'UV_INDEX_INTERNAL_PASSWORD'],
      ...['XDG_CONFIG_HOME', 'https_proxy'],
    ]);
  });

  it('holds no secret of other programs', () => {
    expect(JSON.stringify(base)).not.toContain('secret');
    expect(JSON.stringify(network)).not.toMatch(/(?:aws|twine|forge) secret/);
  });

  it('has a PATH even when the caller has none', () => {
    expect(childEnvironments({ env: {} }).base).toMatchObject({
      HOME: homedir(),
      PATH: expect.stringContaining('/usr/bin') as string,
    });
  });
});

describe('the cache', () => {
  it.each([
    [{ XDG_CACHE_HOME: '/cache', HOME: '/home/ann' }, '/cache/coachbuilder'],
    [{ XDG_CACHE_HOME: '', HOME: '/home/ann' }, '/home/ann/.cache/coachbuilder'],
    [{ HOME: '/home/ann' }, '/home/ann/.cache/coachbuilder'],
  ])('%j: %s', (env, path) => {
    expect(cacheDirectory({ env })).toBe(path);
  });

  it('is not taken from a relative path, which the XDG specification calls invalid', () => {
    expect(cacheDirectory({ env: { XDG_CACHE_HOME: 'cache', HOME: '/home/ann' } })).toBe(
      '/home/ann/.cache/coachbuilder',
    );
  });
});

describe('SOURCE_DATE_EPOCH', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['0', 0],
    ['1700000000', 1_700_000_000],
  ])('%j is %j', (text, epoch) => {
    expect(sourceDateEpoch({ env: { SOURCE_DATE_EPOCH: text } })).toBe(epoch);
  });

  it.each(['now', '-1', '1.5', '1e9', ' 1'])('%j is refused', (text) => {
    expect(() => sourceDateEpoch({ env: { SOURCE_DATE_EPOCH: text } })).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: `SOURCE_DATE_EPOCH is ${JSON.stringify(text)}, not a number of seconds since 1970`,
      }) as Error,
    );
  });
});
