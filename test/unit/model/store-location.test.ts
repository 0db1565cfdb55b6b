import { describe, expect, it } from 'vitest';

import { parsePublishOptions } from '../../../src/cli/publish-options.ts';
import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import { checkManifest } from '../../../src/manifest/check.ts';
import { parseYamlManifest } from '../../../src/manifest/parse.ts';
import { readFingerprint } from '../../../src/model/fingerprint.ts';
import { judgeEndpoint, judgeStore } from '../../../src/model/store-location.ts';
import { parseBucketAddress } from '../../../src/store/bucket-address.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { fakeWorld } from '../../support/world.ts';

/** What an action says to a person; undefined when it has nothing to say. */
function refused(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof CoachbuilderError && error.code === 'usage') return error.message;
    throw error;
  }
}

/** What the manifest is told about a key of the section `repository`, with line and column. */
function toldManifest(key: string, value: string): string | undefined {
  const release = 'release: {id: acme, baseurl: "https://acme.example"}\n';
  const text = `${release}repository:\n  ${key}: ${JSON.stringify(value)}\n`;
  const describeSource = (): undefined => undefined;
  const context = { file: 'coachbuilder.yaml', directory: '/project', describeSource };
  const { diagnostics } = checkManifest(parseYamlManifest(text, context.file), context);
  const [told] = diagnostics;
  if (told === undefined) return undefined;
  expect([diagnostics.length, told.line, told.column]).toEqual([1, 3, key.length + 5]);
  return told.message;
}

const { world } = fakeWorld();

describe('where a repository is', () => {
  const buckets = [
    ['s3://acme-packages', true],
    ['s3://acme-packages/', true],
    ['s3://acme.packages/linux/stable/', true],
    ['s3://acme/a+b=c,d@e_f', true],
    ['s3://', false],
    ['s3://ab', false],
    ['s3://Acme', false],
    ['s3://a..b', false],
    ['s3://192.168.0.1', false],
    ['s3://xn--abc', false],
    ['s3://acme--x-s3', false],
    ['s3://acme/a//b', false],
    ['s3://acme/../b', false],
    ['s3://acme/my dir', false],
    ['s3://acme/*', false],
    ['s3://acme/.coachbuilder-x', false],
    ['s3://AKIA:sec/ret@acme', false],
  ] as const;

  it.each(buckets)('is judged alike by everybody who is told: %s', (url, isGood) => {
    const told = [
      refused(() => openStore({ url, env: {} })),
      refused(() => parseBucketAddress(url)),
      toldManifest('store', url),
      refused(() => parsePublishOptions([`--to=${url}`, 'dist'], world))?.replace('--to=', ''),
    ];
    const expected = judgeStore(url)?.message;
    expect(told).toEqual([expected, expected, expected, expected]);
    expect(expected === undefined).toBe(isGood);
    expect(expected ?? '').not.toMatch(/AKIA|sec|ret@/);
  });

  it.each(['gs://packages', 'https://user:sec/ret@acme.example', 'S3://acme', 'git+ssh://acme'])(
    'is no address of another kind: %s',
    (url) => {
      const expected = judgeStore(url)?.message;
      expect(expected).toMatch(/ is no place for a repository$/);
      expect(expected).not.toContain('ret');
      expect(toldManifest('store', url)).toBe(expected);
      expect(refused(() => parsePublishOptions([`--to=${url}`, 'dist'], world))).toBe(`--to=${expected ?? ''}`);
    },
  );

  it('may be a directory', () => {
    for (const path of ['repository', '/srv/my packages', '../a//b']) {
      expect(judgeStore(path)).toBeUndefined();
      expect(toldManifest('store', path)).toBeUndefined();
    }
  });
});

describe('the server of a bucket', () => {
  it.each([
    ['http://127.0.0.1:9000', true],
    ['https://s3.example.com/', true],
    ['https://s3.example.com/path', false],
    ['https://s3.example.com?x', false],
    ['https://AKIA:sec/ret@s3.example.com', false],
    ['s3.example.com', false],
  ])('is judged alike by everybody who is told: %s', (endpoint, isGood) => {
    const expected = judgeEndpoint(endpoint)?.message;
    const url = 's3://acme';
    expect(refused(() => openStore({ url, endpoint, env: {} }))).toBe(expected);
    expect(refused(() => openStore({ url, env: { AWS_ENDPOINT_URL_S3: endpoint } }))).toBe(expected);
    expect(toldManifest('endpoint', endpoint)).toBe(expected);
    const given = refused(() => parsePublishOptions([`--endpoint=${endpoint}`, 'dist'], world));
    expect(given?.replace('--endpoint=', '')).toBe(expected);
    expect(expected === undefined).toBe(isGood);
    expect(expected ?? '').not.toMatch(/AKIA|sec|ret@/);
  });
});

describe('a fingerprint', () => {
  const digits = '0123456789ABCDEF0123456789ABCDEF01234567';

  it('may be written as gpg and people do', () => {
    for (const text of [digits, digits.toLowerCase(), `0x${digits}`, digits.replaceAll(/(.{4})/g, '$1 ')]) {
      expect(readFingerprint(text), text).toBe(digits);
      expect(toldManifest('signing-key', text), text).toBeUndefined();
    }
  });

  it('is whole, and of a key that gpg signs with', () => {
    for (const text of [
      '89ABCDEF01234567',
      digits.slice(1),
      `${digits}${digits.slice(0, 24)}`,
      `${digits.slice(1)}G`,
    ]) {
      expect(readFingerprint(text), text).toBeUndefined();
      expect(toldManifest('signing-key', text), text).toContain('must be a whole fingerprint');
    }
  });
});
