import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { generatedFiles } from '../../../src/cli/generate-reference.ts';

const top = join(dirname(fileURLToPath(import.meta.url)), '../../..');

describe('the generated pages', () => {
  it.each(generatedFiles().map(({ path, text }) => [path, text]))(
    '%s is what `npm run generate` writes',
    (path, text) => {
      expect(readFileSync(join(top, path), 'utf8'), 'run: npm run generate').toBe(text);
    },
  );
});
