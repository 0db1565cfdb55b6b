import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { parseTomlValues } from '../python/toml.ts';
import { asTable, asText, asTexts, type Table } from '../python/untyped.ts';

/** What one source of configuration says; what it does not say is undefined and left to the next one. */
export interface SettingsLayer {
  /** The index that is asked last: pip's `index-url`, uv's default index. */
  readonly default?: string | undefined;
  /** The indexes that are asked before it, in order; `name=address` is possible. */
  readonly extra?: readonly string[] | undefined;
  readonly findLinks?: readonly string[] | undefined;
  readonly noIndex?: boolean | undefined;
  readonly strategy?: string | undefined;
  readonly trustedHosts?: readonly string[] | undefined;
  readonly certificate?: string | undefined;
  readonly clientCertificate?: string | undefined;
  readonly keyring?: string | undefined;
  readonly proxy?: string | undefined;
  /** Seconds. */
  readonly timeout?: string | undefined;
}

function words(text: string | undefined, separator = /\s+/): readonly string[] | undefined {
  if (text === undefined) return undefined;
  return text.split(separator).filter((word) => word !== '');
}

function flag(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined : /^(?:1|y|yes|t|true|on)$/i.test(text);
}

/** The options of pip under the names of its configuration file. */
function pipLayer(option: (name: string) => string | undefined): SettingsLayer {
  return {
    default: option('index-url'),
    extra: words(option('extra-index-url')),
    findLinks: words(option('find-links')),
    noIndex: flag(option('no-index')),
    trustedHosts: words(option('trusted-host')),
    certificate: option('cert'),
    clientCertificate: option('client-cert'),
    keyring: option('keyring-provider'),
    proxy: option('proxy'),
    timeout: option('timeout') ?? option('default-timeout'),
  };
}

/** pip's environment variables: `PIP_<UPPER_LONG_OPTION>`. */
export function pipEnvironmentLayer(env: Readonly<Record<string, string>>): SettingsLayer {
  return pipLayer((name) => env[`PIP_${name.toUpperCase().replaceAll('-', '_')}`]);
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"' };

/** The value of a Python string literal as `repr()` writes it. */
function unquote(literal: string): string {
  return literal
    .slice(1, -1)
    .replaceAll(/\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|(.))/g, (_, short?: string, long?: string, letter?: string) => {
      const code = short ?? long;
      return code === undefined
        ? (escapes[letter ?? ''] ?? letter ?? '')
        : String.fromCharCode(Number.parseInt(code, 16));
    });
}

/** Parses what `pip config list` prints: `section.key='value'`. */
export function parsePipConfiguration(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, literal] = /^([^=]+)=(['"].*['"])$/.exec(line.trim()) ?? [];
    if (key !== undefined && literal !== undefined) values.set(key, unquote(literal));
  }
  return values;
}

/** What pip's configuration files say; a command's own section comes before `[global]`. */
export function pipFileLayer(values: ReadonlyMap<string, string>): SettingsLayer {
  return pipLayer(
    (name) => values.get(`install.${name}`) ?? values.get(`download.${name}`) ?? values.get(`global.${name}`),
  );
}

/** uv's environment variables, those of before its index API included. */
export function uvEnvironmentLayer(env: Readonly<Record<string, string>>): SettingsLayer {
  return {
    default: env['UV_DEFAULT_INDEX'] ?? env['UV_INDEX_URL'],
    extra: words(env['UV_INDEX'] ?? env['UV_EXTRA_INDEX_URL']),
    findLinks: words(env['UV_FIND_LINKS'], /[\s,]+/),
    noIndex: flag(env['UV_NO_INDEX']),
    strategy: env['UV_INDEX_STRATEGY'],
    trustedHosts: words(env['UV_INSECURE_HOST'], /[\s,]+/),
    keyring: env['UV_KEYRING_PROVIDER'],
    timeout: env['UV_HTTP_TIMEOUT'],
  };
}

/** An `[[index]]` table as `name=address`; an explicit one is only for the projects that name it, and not for us. */
function indexAddress(table: Table): string | undefined {
  const address = asText(table['url']);
  const name = asText(table['name']);
  if (address === undefined || table['explicit'] === true) return undefined;
  return name === undefined ? address : `${name}=${address}`;
}

/**
 * Reads `uv.toml`, or the `[tool.uv]` table of a `pyproject.toml`.
 * @param path for messages
 * @throws CoachbuilderError `manifest-invalid` when it is not TOML
 */
export function readUvToml(text: string, path: string, table?: 'tool.uv'): SettingsLayer {
  let document: Table;
  try {
    document = parseTomlValues(text);
  } catch (error) {
    throw new CoachbuilderError(
      'manifest-invalid',
      `${path} is not valid TOML: ${error instanceof Error ? error.message : String(error)}`,
      {
        hint: 'put right what the message says',
        cause: error,
      },
    );
  }
  const top = table === undefined ? document : asTable(asTable(document['tool'])['uv']);
  const pip = asTable(top['pip']);
  const option = (name: string): unknown => pip[name] ?? top[name];
  const tables = Array.isArray(top['index']) ? top['index'].map(asTable) : undefined;
  const named = tables?.filter((index) => index['default'] !== true).flatMap((index) => indexAddress(index) ?? []);
  const main = tables?.find((index) => index['default'] === true);
  const noIndex = option('no-index');
  return {
    default: (main === undefined ? undefined : indexAddress(main)) ?? asText(option('index-url')),
    extra: named !== undefined && named.length > 0 ? named : asTexts(option('extra-index-url')),
    findLinks: asTexts(option('find-links')),
    noIndex: typeof noIndex === 'boolean' ? noIndex : undefined,
    strategy: asText(option('index-strategy')),
    trustedHosts: asTexts(option('allow-insecure-host')),
    keyring: asText(option('keyring-provider')),
  };
}
