import { z } from 'zod';

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const companion = z.object({ path: z.string(), size: z.number(), sha256: digest });

const finishedSchema = z.object({
  schemaVersion: z.literal(1),
  inputs: digest,
  artifacts: z.array(
    z.object({
      path: z.string(),
      name: z.string(),
      version: z.string(),
      release: z.string(),
      architecture: z.string(),
      format: z.enum(['deb', 'rpm']),
      size: z.number(),
      sha256: digest,
      sbom: z.array(companion).optional(),
      report: companion.optional(),
      rpmlintrc: companion.optional(),
      provenance: companion.optional(),
    }),
  ),
});

/** What is remembered of a finished target. */
export type FinishedRecord = z.output<typeof finishedSchema>;

/** @returns undefined for what is no record: it then counts as not there */
export function parseFinished(text: string): FinishedRecord | undefined {
  try {
    return finishedSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
