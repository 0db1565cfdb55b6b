import { describe, expect, it } from 'vitest';

import { openStore } from '../../../src/store/open-store.ts';

describe('the place of a store', () => {
  it.each([
    ['/srv/repository', '/srv/repository'],
    ['/srv//repository/', '/srv/repository'],
    ['s3://packages', 's3://packages'],
    ['s3://packages/', 's3://packages'],
    ['s3://packages/apt/public/', 's3://packages/apt/public'],
  ])('%s', (url, title) => {
    expect(openStore({ url, env: {} }).title).toBe(title);
  });

  it.each(['relative', 'gs://packages', 's3://', 's3://Packages', 's3://ab', 's3://packages//x', 's3://packages/../x'])(
    'cannot be %s',
    (url) => {
      expect(() => openStore({ url, env: {} })).toThrow(expect.objectContaining({ code: 'usage' }));
    },
  );

  it('cannot have an endpoint that is no address of a server', () => {
    const location = { url: 's3://packages', env: {} };
    expect(() => openStore({ ...location, endpoint: 'localhost:9000' })).toThrow('is no endpoint');
    expect(() => openStore({ ...location, env: { AWS_ENDPOINT_URL_S3: 'x' } })).toThrow('is no endpoint');
  });

  it.each([
    { url: 's3://packages', endpoint: 'http://AKIA:sec/ret@127.0.0.1:9000' },
    { url: 's3://packages', endpoint: 'http://AKIA:sec/ret@127.0.0.1:9000/path' },
    { url: 's3://AKIA:sec/ret@packages' },
  ])('takes no credentials, and repeats none: %j', (location) => {
    const open = (): unknown => openStore({ ...location, env: {} });
    expect(open).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(open).not.toThrow(/AKIA|sec|ret@/);
  });
});
