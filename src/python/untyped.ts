/** A table (TOML) or object (JSON) whose values were not looked at yet. */
export type Table = Readonly<Record<string, unknown>>;

export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A table as it is, and an empty one for anything else. */
export function asTable(value: unknown): Table {
  return isTable(value) ? value : {};
}

/** The tables of an array; nothing for anything else. */
export function asTables(value: unknown): readonly Table[] {
  return Array.isArray(value) ? value.filter(isTable) : [];
}

export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The texts of an array; undefined for anything else. */
export function asTexts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : undefined;
}
