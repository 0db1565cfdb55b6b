import { describe, expect, it } from 'vitest';

import { checkManifest } from '../../../src/manifest/check.ts';
import { normalizeManifest } from '../../../src/manifest/normalize.ts';
import { parseYamlManifest } from '../../../src/manifest/parse.ts';
import { interpreterParts, type InterpreterSettings } from '../../../src/manifest/manifest.ts';
import { aDistribution, someMetadata } from '../../support/manifest.ts';

const context = { file: 'coachbuilder.yaml', directory: '/project', describeSource: () => undefined };
const digest = 'a'.repeat(64);
const usual = { version: '"3.12.3"', archive: 'python.tar.gz', sha256: digest };

function written(keys: Readonly<Record<string, string>>): string {
  const lines = Object.entries(keys).map(([key, value]) => `      ${key}: ${value}\n`);
  return `python:\n  interpreter:\n    bundled:\n${lines.join('')}`;
}

function problems(keys: Readonly<Record<string, string>>): readonly string[] {
  const { diagnostics } = checkManifest(parseYamlManifest(written({ ...usual, ...keys }), context.file), context);
  return diagnostics.map(({ message }) => message);
}

function interpreter(keys: Readonly<Record<string, string>> = {}): InterpreterSettings {
  const checked = checkManifest(parseYamlManifest(written({ ...usual, ...keys }), context.file), context);
  const application = { metadata: someMetadata(), scriptNames: [] };
  const distribution = aDistribution('debian-12');
  return normalizeManifest(checked.written, { ...context, application, distribution }).python.interpreter;
}

describe('a bundled interpreter in a manifest', () => {
  it.each([
    [{}],
    [{ version: '"3.9.25"', sha256: `{x86_64: ${digest}, aarch64: ${digest}}` }],
    [{ archive: '"https://example.com/{build}/cpython-{version}+{build}-{triple}.tar.gz"', build: '"20240415"' }],
    [{ prune: 'false' }],
    [{ prune: '[tests, development]' }],
  ])('may be %j', (keys: Readonly<Record<string, string>>) => {
    expect(problems(keys)).toEqual([]);
  });

  it.each([
    [{ version: '"3.12"' }, '"3.12" is not the full version of a bundled interpreter'],
    [{ version: '"2.7.18"' }, '"2.7.18" is not the full version of a bundled interpreter'],
    [{ archive: '"python-{ver}.tar.gz"' }, 'nothing stands for "{ver}" in an archive'],
    [{ archive: '"python-{build}.tar.gz"' }, 'the archive names a "{build}", and there is no "build"'],
    [{ archive: 'https://me:secret@example.com/python.tar.gz' }, 'the URL holds credentials'],
    [{ archive: 'ftp://example.com/p.tar.gz' }, '"ftp://example.com/p.tar.gz" is not an http, https or file URL'],
    [{ sha256: 'abc' }, '"abc" is not a sha256'],
    [{ sha256: `{x86-64: ${digest}}` }, '"x86-64" is not the name of an architecture'],
    [{ prune: '[docs]' }, `entry 1 of "prune" must be one of ${interpreterParts.join(', ')}, not "docs"`],
  ])('is refused with %j: %s', (keys: Readonly<Record<string, string>>, message) => {
    expect(problems(keys)).toEqual([message]);
  });

  it('is relative to the manifest, unless it has an address, and is pruned of everything by default', () => {
    expect(interpreter()).toEqual({
      kind: 'bundled',
      version: '3.12.3',
      archive: '/project/python.tar.gz',
      build: undefined,
      sha256: digest,
      prune: interpreterParts,
    });
    expect(interpreter({ archive: 'https://example.com/p.tar.gz' })).toMatchObject({
      archive: 'https://example.com/p.tar.gz',
    });
    expect(interpreter({ prune: 'false' })).toMatchObject({ prune: [] });
    expect(interpreter({ prune: '[idle, tests]' })).toMatchObject({ prune: ['tests', 'idle'] });
  });
});
