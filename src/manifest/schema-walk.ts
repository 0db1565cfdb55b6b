import type { ManifestPath } from './places.ts';
import type { JsonSchema } from './schema.ts';

/** Follows a `$ref` into the root's definitions; other schemas are returned as they are. */
export function resolveReference(root: JsonSchema, schema: JsonSchema): JsonSchema {
  const name = schema.$ref?.replace('#/$defs/', '');
  return name === undefined ? schema : (root.$defs?.[name] ?? schema);
}

/** The keys that the schema knows in the map at a path; none where the user chooses the keys. */
export function keysAt(root: JsonSchema, path: ManifestPath): string[] {
  let current = [...alternatives(root, root)];
  for (const key of path) current = current.flatMap((schema) => below(root, schema, key));
  return [...new Set(current.flatMap((schema) => Object.keys(schema.properties ?? {})))];
}

function below(root: JsonSchema, schema: JsonSchema, key: string | number): JsonSchema[] {
  const next =
    typeof key === 'number' ? schema.items : (schema.properties?.[key] ?? (schema.additionalProperties || undefined));
  return next === undefined ? [] : alternatives(root, next);
}

function alternatives(root: JsonSchema, schema: JsonSchema): JsonSchema[] {
  const resolved = resolveReference(root, schema);
  const branches = [...(resolved.anyOf ?? []), ...(resolved.allOf ?? [])];
  return branches.length === 0 ? [resolved] : branches.flatMap((branch) => alternatives(root, branch));
}
