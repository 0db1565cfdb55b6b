import { getStaticTOMLValue, parseTOML } from 'toml-eslint-parser';

import { asTable, type Table } from './untyped.ts';

/**
 * Parses TOML into plain values.
 * @throws Error with the parser's own words when it is not TOML
 */
export function parseTomlValues(text: string): Table {
  return asTable(getStaticTOMLValue(parseTOML(text)));
}
