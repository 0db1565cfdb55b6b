import { describe, expect, it } from 'vitest';

import { parseGitAddress } from '../../../src/application/git-address.ts';
import { submoduleUrl } from '../../../src/application/git-checkout.ts';
import { versionFromDescription } from '../../../src/application/git-version.ts';
import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';

function refusal(text: string): CoachbuilderError {
  try {
    parseGitAddress(text);
  } catch (error) {
    if (error instanceof CoachbuilderError) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

describe('the address of a repository', () => {
  it.each([
    ['git+https://example.com/app.git', 'https://example.com/app.git', undefined, ''],
    ['git+https://example.com/app.git@v1.2', 'https://example.com/app.git', 'v1.2', ''],
    ['git+https://example.com/app.git@feature/x', 'https://example.com/app.git', 'feature/x', ''],
    ['git+ssh://git@example.com/a/app.git', 'ssh://git@example.com/a/app.git', undefined, ''],
    ['git+ssh://git@example.com:2222/app.git@main', 'ssh://git@example.com:2222/app.git', 'main', ''],
    ['git+file:///srv/app@1.0#subdirectory=python', 'file:///srv/app', '1.0', 'python'],
    ['GIT+HTTPS://example.com/app#egg=app&subdirectory=a/b/', 'https://example.com/app', undefined, 'a/b'],
    ['git+file:///srv/app#subdirectory=.', 'file:///srv/app', undefined, ''],
  ])('%s is taken apart', (text, url, reference, subdirectory) => {
    expect(parseGitAddress(text)).toEqual({ url, reference, subdirectory });
  });

  it.each(['https://example.com/app.git', 'app==1.0', './app', 'hg+https://example.com/app'])(
    '%s is something else',
    (text) => {
      expect(parseGitAddress(text)).toBeUndefined();
    },
  );

  it.each([
    'git+ext::sh -c id',
    'git+ftp://example.com/app',
    'git+https://example.com',
    'git+https://example.com/app@',
    'git+https://example.com/app@--upload-pack=x',
    'git+https://example.com/app@a..b',
    'git+https://example.com/app@HEAD~1',
    'git+https://example.com/app@HEAD@{1}',
    'git+file:///srv/app#subdirectory=../other',
    'git+file:///srv/app#sha256=00',
  ])('%s is refused', (text) => {
    expect(refusal(text).code).toBe('usage');
  });

  it.each([
    'git+https://ann:hush-7@example.com/app.git',
    'git+https://hush-7@example.com/app',
    'git+ssh://ann:hush-7@example.com/app',
  ])('with a secret in it is refused without telling the secret: %s', (text) => {
    const error = refusal(text);
    expect(error.message).toContain('holds a password or a token');
    expect(JSON.stringify([error.message, error.hint, error.details])).not.toContain('hush-7');
    expect(error.hint).toContain('credential helper');
  });
});

// gitmodules(5), "submodule.<name>.url"; git-submodule(1), "add", on relative addresses.
describe('the address of a submodule', () => {
  it.each([
    ['https://example.com/lib.git', 'https://example.com/a/app.git', 'https://example.com/lib.git'],
    ['../lib.git', 'https://example.com/a/app.git', 'https://example.com/a/lib.git'],
    ['../../b/lib', 'https://example.com/a/app.git/', 'https://example.com/b/lib'],
    ['./lib', 'file:///srv/app', 'file:///srv/app/lib'],
    ['../lib.git', 'git@example.com:app.git', 'git@example.com/lib.git'],
  ])('%s of %s is %s', (url, base, result) => {
    expect(submoduleUrl(url, base)).toBe(result);
  });
});

describe('the version that git describe tells', () => {
  it.each([
    ['1.2-0-gabc1234', undefined, '1.2'],
    ['v1.2-0-gabc1234', undefined, '1.2'],
    ['v1.2-3-gabc1234', 'v', '1.2+3.gabc1234'],
    ['v1.2-3-gabc1234-dirty', 'v', '1.2+3.gabc1234.dirty'],
    ['v1.2-0-gabc1234-dirty', undefined, '1.2+0.gabc1234.dirty'],
    ['0.3.0.dev1-307-gb6d6e9f-dirty', undefined, '0.3.0.dev1+307.gb6d6e9f.dirty'],
    ['release/1.0rc2-0-gabc1234', 'release/', '1.0rc2'],
    ['1.0+acme.1-2-gabc1234', undefined, '1.0+acme.1.2.gabc1234'],
    ['v1.2-rc-0-gabc1234', undefined, '1.2rc0'],
    ['v1.2.x-0-gabc1234', undefined, undefined],
    ['abc1234', undefined, undefined],
  ])('of %s with the prefix %s is %s', (description, prefix, version) => {
    expect(versionFromDescription(description, prefix)).toBe(version);
  });
});
