import { z } from 'zod';

/* lintian's JSON (`--exp-output=format=json`), as 2.116 and 2.122 write it and as 2.104 does: the manual promises nothing. */

const hint = z.object({
  tag: z.string(),
  note: z.string().nullish(),
  visibility: z.string(),
  pointer: z.object({ item: z.object({ name: z.string() }).optional() }).nullish(),
  override: z.unknown().optional(),
  masks: z.array(z.unknown()).optional(),
});

const oldTag = z.object({
  name: z.string(),
  context: z.string().nullish(),
  severity: z.string(),
  override: z.unknown().optional(),
});

const lintianSchema = z.object({
  groups: z.array(
    z.union([
      z.object({ input_files: z.array(z.object({ path: z.string(), hints: z.array(hint) })) }),
      z.object({ 'input-files': z.array(z.object({ path: z.string(), tags: z.array(oldTag) })) }),
    ]),
  ),
});

export type LintianOutput = z.output<typeof lintianSchema>;

/** @returns undefined for what is not lintian's JSON */
export function checkLintianOutput(value: unknown): LintianOutput | undefined {
  return lintianSchema.safeParse(value).data;
}
