import { describe, expect, it } from 'vitest';

import { checkManifest } from '../../../src/manifest/check.ts';
import { normalizeManifest } from '../../../src/manifest/normalize.ts';
import { parseYamlManifest } from '../../../src/manifest/parse.ts';
import type { Manifest } from '../../../src/manifest/manifest.ts';
import { aDistribution, someMetadata } from '../../support/manifest.ts';

const context = { file: 'coachbuilder.yaml', directory: '/project', describeSource: () => undefined };

function problems(text: string): readonly string[] {
  const { diagnostics } = checkManifest(parseYamlManifest(text, context.file), context);
  return diagnostics.map(({ line, message }) => `${String(line)}: ${message}`);
}

function normalized(text: string, distribution = 'debian-12'): Pick<Manifest, 'slim' | 'health'> {
  const checked = checkManifest(parseYamlManifest(text, context.file), context);
  const application = { metadata: someMetadata(), scriptNames: [] };
  return normalizeManifest(checked.written, { ...context, application, distribution: aDistribution(distribution) });
}

describe('slim and health in a manifest', () => {
  it('leave nothing out and accept nothing by default', () => {
    expect(normalized('{}')).toMatchObject({
      slim: { remove: [], exclude: [], keep: [], locales: undefined, sizeLimit: undefined },
      health: { imports: 'auto', accept: [] },
    });
  });

  it('may differ between targets', () => {
    const text = 'slim: {remove: [tests], size-limit: 1.5 MB}\noverrides:\n  rpm: {slim: {size-limit: 2 MiB}}\n';
    expect(normalized(text).slim).toMatchObject({ remove: ['tests'], sizeLimit: 1_500_000 });
    expect(normalized(text, 'rocky-9').slim).toMatchObject({ remove: ['tests'], sizeLimit: 2_097_152 });
  });

  it.each([
    ['slim: {exclude: [../x]}', '1: the glob "../x" leads out of its directory'],
    ['slim: {keep: ["**"]}', '1: the glob "**" stands for everything'],
    ['slim:\n  locales: [de, German]', '2: "German" is not the name of a locale'],
    ['slim: {size-limit: 120}', '1: "size-limit" must be text'],
    ['slim: {size-limit: 120 megabytes}', '1: "120 megabytes" is not a size'],
    ['slim: {size-limit: 0 MB}', '1: "0 MB" is not a size'],
    ['overrides:\n  deb:\n    slim: {exclude: ["a\\\\b"]}', undefined],
    ['health: {accept: [{check: links, path: "a**", reason: x}]}', '1: the glob "a**" has "**" beside'],
    ['health: {accept: [{check: links, path: a, reason: "-"}]}', '1: the reason says nothing'],
    ['health: {accept: [{check: link, path: a, reason: x}]}', undefined],
    ['slim: {remove: [test]}', undefined],
  ])('are refused: %s', (text, start) => {
    const found = problems(text);
    expect(found).toHaveLength(1);
    if (start !== undefined)
      expect(found[0]).toMatch(new RegExp(`^${start.replaceAll(/[*.+()[\]]/g, String.raw`\$&`)}`));
  });
});
