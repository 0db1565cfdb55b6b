import type { JsonSchema } from './schema.ts';
import { resolveReference } from './schema-walk.ts';

const preamble = `# Manifest reference

<!-- Generated from src/manifest/schema.ts and src/manifest/schema/ by \`npm run generate\`: edit the descriptions there. -->

A manifest is a \`coachbuilder.yaml\` beside the application's \`pyproject.toml\`, or the table \`[tool.coachbuilder]\` in it.
All keys may be left out, and so may the manifest. Unknown keys are errors. Relative paths count from the manifest's
directory. Editors that know JSON Schema check it with [coachbuilder.schema.json](coachbuilder.schema.json).

Selectors of overrides are \`deb\` and \`rpm\`, a vendor (\`debian\`, \`centos\`) and a distribution (\`ubuntu-16.04\`); the later
one of these wins. A list or a text replaces what it overrides, maps are merged key by key, and \`null\` takes a file or a
script out again.
`;

/** The text of `docs/manifest-reference.md`. */
export function manifestReference(root: JsonSchema): string {
  const definitions = Object.entries(root.$defs ?? {}).map(([name, schema]) => section(root, schema, name));
  return [preamble, section(root, root, 'Manifest'), ...definitions].join('\n');
}

function section(root: JsonSchema, schema: JsonSchema, name: string): string {
  const alternatives = schema.anyOf ?? [schema];
  const map = alternatives.find((each) => each.properties !== undefined);
  const plain = alternatives.filter((each) => each !== map);
  const lines = [`## ${name}`, '', schema.description ?? ''];
  if (plain.length > 0) {
    const kinds = [...plain.map((each) => typeOf(root, each)), ...(map === undefined ? [] : ['a map with these keys'])];
    lines.push('', `Written as ${kinds.join(', or ')}.`);
  }
  if (schema.examples !== undefined) lines.push('', `For example: ${schema.examples.map(example).join(', ')}`);
  if (map?.properties !== undefined) {
    lines.push('', '| Key | Value | Meaning |', '| --- | --- | --- |');
    for (const [key, property] of Object.entries(map.properties)) lines.push(row(root, map, [key, property]));
  }
  return `${lines.join('\n')}\n`;
}

function row(root: JsonSchema, parent: JsonSchema, [key, property]: readonly [string, JsonSchema]): string {
  const description = property.description ?? resolveReference(root, withoutNull(property)).description ?? '';
  const required = parent.required?.includes(key) === true ? 'Required. ' : '';
  const examples = property.examples === undefined ? '' : ` Example: ${property.examples.map(example).join(', ')}`;
  return `| \`${key}\` | ${cell(typeOf(root, property))} | ${cell(`${required}${description}${examples}`)} |`;
}

/** What may be written, in words; definitions are links to their sections. */
function typeOf(root: JsonSchema, schema: JsonSchema): string {
  const property = withoutNull(schema);
  if (property.$ref !== undefined) {
    const name = property.$ref.replace('#/$defs/', '');
    return `[${name}](#${name.toLowerCase()})`;
  }
  if (property.const !== undefined) return example(property.const);
  if (property.enum !== undefined) return property.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (property.anyOf !== undefined) return property.anyOf.map((each) => typeOf(root, each)).join(' or ');
  if (property.type === 'array')
    return `list of ${property.items === undefined ? 'anything' : typeOf(root, property.items)}`;
  if (property.type === 'object') return mapType(root, property);
  return { string: 'text', boolean: 'true or false', integer: 'whole number' }[property.type ?? ''] ?? 'anything';
}

function mapType(root: JsonSchema, schema: JsonSchema): string {
  if (schema.additionalProperties) return `map of ${typeOf(root, schema.additionalProperties)}`;
  const keys = Object.entries(schema.properties ?? {}).map(([key, value]) => `\`${key}\`: ${typeOf(root, value)}`);
  return `map with ${keys.join('; ')}`;
}

/** The schema without the alternative `null`, which only takes things out again. */
function withoutNull(schema: JsonSchema): JsonSchema {
  const rest = schema.anyOf?.filter((each) => each.type !== 'null');
  const [only, ...others] = rest ?? [];
  if (only === undefined || rest?.length === schema.anyOf?.length) return schema;
  return others.length === 0 ? only : { ...schema, anyOf: [only, ...others] };
}

function example(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** A table's cells end at `|`, even inside code. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
