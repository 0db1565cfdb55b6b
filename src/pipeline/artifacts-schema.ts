import { z } from 'zod';

const artifactsSchema = z.object({ schemaVersion: z.literal(1), artifacts: z.array(z.object({ path: z.string() })) });

/** The paths of the packages that a target's `artifacts.json` names; none for what is no such record. */
export function parseBuiltPaths(text: string): readonly string[] {
  try {
    return artifactsSchema.safeParse(JSON.parse(text)).data?.artifacts.map(({ path }) => path) ?? [];
  } catch {
    return [];
  }
}
