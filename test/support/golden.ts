import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect } from 'vitest';

const golden = new URL('../golden/', import.meta.url);

/**
 * Compares a rendered text with the file that a person has read and approved.
 * With COACHBUILDER_UPDATE_GOLDENS=1 the file is written instead; read the difference before you commit it.
 * @param name path below test/golden/
 */
export function expectGolden(name: string, text: string): void {
  const path = fileURLToPath(new URL(name, golden));
  if (process.env['COACHBUILDER_UPDATE_GOLDENS'] === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return;
  }
  if (!existsSync(path))
    throw new Error(`there is no golden ${name}: run with COACHBUILDER_UPDATE_GOLDENS=1 and read it`);
  expect(text).toBe(readFileSync(path, 'utf8'));
}
