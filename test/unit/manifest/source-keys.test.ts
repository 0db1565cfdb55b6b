import { describe, expect, it } from 'vitest';

import { checkManifest } from '../../../src/manifest/check.ts';
import { normalizeManifest } from '../../../src/manifest/normalize.ts';
import { parseYamlManifest } from '../../../src/manifest/parse.ts';
import type { SourceDescription } from '../../../src/manifest/source-files.ts';
import { aDistribution, someMetadata } from '../../support/manifest.ts';

const present: SourceDescription = { kind: 'file', executable: false, entries: [] };
const context = {
  file: 'coachbuilder.yaml',
  directory: '/project',
  describeSource: (path: string) => (path.includes('missing') ? undefined : present),
};

function problems(text: string): readonly string[] {
  return checkManifest(parseYamlManifest(text, context.file), context).diagnostics.map(({ message }) => message);
}

describe('the version in a manifest', () => {
  it.each([
    'version: {from: source}',
    'version: {from: git}',
    'version: {from: git, tag-prefix: v}',
    'version: {from: git, tag-prefix: release/}',
    'version: {from: manifest, value: "1.2rc1"}',
  ])('may be %s', (text) => {
    expect(problems(text)).toEqual([]);
  });

  it.each([
    ['version: {from: manifest}', 'version.from is "manifest", and there is no value'],
    ['version: {from: git, value: "1.2"}', 'value has no effect with from: git'],
    ['version: {from: source, tag-prefix: v}', 'tag-prefix has no effect with from: source'],
    ['version: {from: manifest, value: "one"}', '"one" is not a version'],
    ['version: {from: git, tag-prefix: "v*"}', '"v*" cannot begin the name of a tag'],
    ['version: {}', '"from" must be one of source, git, manifest'],
  ])('is refused as %s', (text, message) => {
    expect(problems(text)).toEqual([expect.stringContaining(message)]);
  });
});

describe('the lock of another tool in a manifest', () => {
  it.each(['uv.lock', 'locks/poetry.lock', 'pylock.toml', 'pylock.server.toml', 'requirements/production.txt'])(
    'may be %s, relative to the manifest',
    (file) => {
      const checked = checkManifest(parseYamlManifest(`python: {lock-file: ${file}}`, context.file), context);
      expect(checked.diagnostics).toEqual([]);
      const application = { metadata: someMetadata(), scriptNames: [] };
      const manifest = normalizeManifest(checked.written, {
        ...context,
        application,
        distribution: aDistribution('debian-12'),
      });
      expect(manifest.python.lockFile).toBe(`/project/${file}`);
    },
  );

  it.each([
    ['Pipfile.lock', '"Pipfile.lock" is not the name of a lock that is known'],
    ['pylock.a.b.toml', '"pylock.a.b.toml" is not the name of a lock that is known'],
    ['missing/uv.lock', 'there is no file "missing/uv.lock"'],
  ])('is refused as %s', (file, message) => {
    expect(problems(`python: {lock-file: ${file}}`)).toEqual([message]);
  });
});
