import { getStaticTOMLValue, parseTOML } from 'toml-eslint-parser';

/** A TOML table whose values were not looked at yet. */
export type TomlTable = Readonly<Record<string, unknown>>;

/**
 * Parses TOML into plain values.
 * @throws Error with the parser's own words when it is not TOML
 */
export function parseTomlValues(text: string): TomlTable {
  return asTable(getStaticTOMLValue(parseTOML(text)));
}

export function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A table as it is, and an empty one for anything else. */
export function asTable(value: unknown): TomlTable {
  return isTable(value) ? value : {};
}

/** The tables of an array; nothing for anything else. */
export function asTables(value: unknown): readonly TomlTable[] {
  return Array.isArray(value) ? value.filter(isTable) : [];
}

export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The texts of an array; undefined for anything else. */
export function asTexts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : undefined;
}
