import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { generatedDocuments } from '../../../src/manifest/generate.ts';

const root = new URL('../../../', import.meta.url);

describe('the generated documents', () => {
  it.each(generatedDocuments().map(({ path, text }) => [path, text] as const))(
    '%s is what the sources say',
    (path, text) => {
      expect(readFileSync(new URL(path, root), 'utf8'), `${path} is out of date: run "npm run generate"`).toBe(text);
    },
  );

  it('describe every key of the manifest', () => {
    const reference = generatedDocuments().find(({ path }) => path === 'docs/manifest-reference.md')?.text ?? '';
    const rows = reference.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.length).toBeGreaterThan(80);
    expect(rows.filter((line) => / \|\s+\|$/.test(line))).toEqual([]);
  });
});
