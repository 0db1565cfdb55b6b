import { distributionsReference } from '../distributions/reference.ts';
import { builtInDistributions } from '../distributions/table.ts';
import { manifestReference } from './reference.ts';
import { manifestJsonSchema } from './schema.ts';

export interface GeneratedDocument {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** The documents that `npm run generate` writes, and that a test compares with what is committed. */
export function generatedDocuments(): GeneratedDocument[] {
  const schema = manifestJsonSchema();
  return [
    { path: 'docs/manifest-reference.md', text: manifestReference(schema) },
    { path: 'docs/coachbuilder.schema.json', text: `${JSON.stringify(schema, null, 2)}\n` },
    { path: 'docs/distributions.md', text: distributionsReference(builtInDistributions()) },
  ];
}
