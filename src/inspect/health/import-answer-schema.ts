import { z } from 'zod';

const answer = z.union([
  z.object({ start: z.int() }),
  z.object({
    id: z.int(),
    kind: z.enum(['ok', 'missing', 'library', 'platform', 'other', 'crash']),
    exception: z.string().default(''),
    message: z.string().default(''),
    place: z.string().nullable().default(null),
    /** The module that is not there. */
    absent: z.string().nullable().default(null),
  }),
]);

/** What came of an entry point. */
export type ImportAnswer = Extract<z.output<typeof answer>, { kind: unknown }>;

/** A line of the import script. @returns undefined for what is none */
export function parseAnswer(line: string): z.output<typeof answer> | undefined {
  try {
    return answer.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
