import { z } from 'zod';

const history = z.object({ schema: z.literal(1), date: z.int(), keys: z.array(z.string()) });

/** The keys that an object of a place's history names. @throws ZodError */
export function parseHistory(value: unknown): readonly string[] {
  return history.parse(value).keys;
}
