import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { errorReference } from '../errors/reference.ts';
import { generatedDocuments } from '../manifest/generate.ts';
import { repositoriesJsonSchema } from '../publication/page/repositories-schema.ts';
import { writeFileAtomic } from '../system/files.ts';
import type { World } from './world.ts';

export interface GeneratedFile {
  /** Relative to the top of the repository. */
  readonly path: string;
  readonly text: string;
}

/** Every page of `docs/` that is derived from the program; a test compares them with what is committed. */
export function generatedFiles(): readonly GeneratedFile[] {
  return [
    ...generatedDocuments(),
    { path: 'docs/errors.md', text: errorReference() },
    { path: 'docs/repositories.schema.json', text: `${JSON.stringify(repositoriesJsonSchema(), null, 2)}\n` },
  ];
}

/** The command `generate-reference`, for whoever works on Coachbuilder: rewrites the generated pages of this checkout. */
export async function generateReference(_argv: readonly string[], world: World): Promise<void> {
  const top = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  for (const { path, text } of generatedFiles()) {
    await writeFileAtomic(join(top, path), text);
    world.stdout(`${path}\n`);
  }
}
