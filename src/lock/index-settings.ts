import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ToolPorts } from '../application/ports.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { withoutUrlCredentials } from '../report/redact.ts';
import { isErrno } from '../system/files.ts';
import { pipConfiguration } from '../system/tools/pip.ts';
import { registerNetrc, registerUrl, withNamedCredentials } from './credentials.ts';
import {
  parsePipConfiguration,
  pipEnvironmentLayer,
  pipFileLayer,
  readUvToml,
  uvEnvironmentLayer,
  type SettingsLayer,
} from './settings-layers.ts';

/** Where distributions come from. Addresses with credentials are in `environment` and nowhere else. */
export interface IndexSettings {
  /** Index addresses without credentials, in order of preference; empty when the tools' own default is used. */
  readonly indexes: readonly string[];
  /** Whether files may be found without any network: a directory of wheels is configured. */
  readonly hasLocalFiles: boolean;
  /**
   * The environment for pip and uv: both get the same indexes, certificates and credentials, and read no file of
   * their own. It replaces `environments.network`, see {@link withIndexSettings}.
   */
  readonly environment: Readonly<Record<string, string>>;
}

export interface IndexSettingsRequest {
  /** The manifest's `python.indexes`, in order of preference; they replace the indexes that are configured elsewhere. */
  readonly indexes: readonly string[];
  /** Where `pyproject.toml` and `uv.toml` are looked for: absolute; undefined without a project. */
  readonly projectDirectory: string | undefined;
}

/** pip's and uv's own variables that say how, and not what, to fetch; all others would change what is resolved. */
const keptVariables =
  /^(?:PIP_(?:CACHE_DIR|NO_CACHE_DIR)|UV_(?:CACHE_DIR|NO_CACHE|NATIVE_TLS|SYSTEM_CERTS|HTTP_TIMEOUT|HTTP_CONNECT_TIMEOUT|CONCURRENT_\w+|EXCLUDE_NEWER))$/;

/** Seconds. An index that is away has to be named soon, while a slow mirror may take its time. */
const timeout = { default: 15, longest: 60 } as const;

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined;
    throw error;
  }
}

async function pipConfigurationText(ports: ToolPorts): Promise<string> {
  const result = await ports.commands.tryRun({
    ...pipConfiguration(),
    cwd: '/',
    env: ports.environments.network,
  });
  if (result.exitCode === 0) return result.stdout;
  if (!/No module named '?pip/.test(result.stderr)) return '';
  throw new CoachbuilderError('tool-missing', 'python3 has no pip', {
    hint: 'install it: "apt-get install python3-pip" or "dnf install python3-pip"',
  });
}

/** Everything that is configured, the most telling first: environment, project, user, system. */
async function readLayers(request: IndexSettingsRequest, ports: ToolPorts): Promise<readonly SettingsLayer[]> {
  const env = ports.environments.network;
  const home = env['HOME'] ?? '/';
  const uvFile = env['UV_CONFIG_FILE'];
  const userDirectory = env['XDG_CONFIG_HOME'] ?? join(home, '.config');
  const uvLayer = async (path: string, table?: 'tool.uv'): Promise<SettingsLayer> => {
    const text = await readOptional(path);
    return text === undefined ? {} : readUvToml(text, path, table);
  };
  const project = request.projectDirectory;
  const manifest: SettingsLayer =
    request.indexes.length === 0 ? {} : { default: request.indexes.at(-1), extra: request.indexes.slice(0, -1) };
  return [
    manifest,
    uvEnvironmentLayer(env),
    pipEnvironmentLayer(env),
    ...(uvFile === undefined ? [] : [await uvLayer(uvFile)]),
    ...(project === undefined
      ? []
      : [await uvLayer(join(project, 'uv.toml')), await uvLayer(join(project, 'pyproject.toml'), 'tool.uv')]),
    await uvLayer(join(userDirectory, 'uv', 'uv.toml')),
    pipFileLayer(parsePipConfiguration(await pipConfigurationText(ports))),
    await uvLayer('/etc/uv/uv.toml'),
  ];
}

function first<Key extends keyof SettingsLayer>(layers: readonly SettingsLayer[], key: Key): SettingsLayer[Key] {
  return layers.find((layer) => layer[key] !== undefined)?.[key];
}

function isLocal(address: string): boolean {
  return address.startsWith('file:') || !/^[a-z][a-z0-9+.-]*:\/\//i.test(address);
}

function timeoutSeconds(configured: string | undefined): string {
  const seconds = Number(configured);
  return String(configured === undefined || !(seconds > 0) ? timeout.default : Math.min(seconds, timeout.longest));
}

/** Variables whose value is known; an undefined one is left out. */
function defined(variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''),
  );
}

/** One configuration for both tools. */
function toolEnvironment(layers: readonly SettingsLayer[], ports: ToolPorts): Record<string, string> {
  const inherited = Object.entries(ports.environments.network).filter(
    ([name]) => !/^(?:PIP|UV)_/.test(name) || keptVariables.test(name),
  );
  const env = ports.environments.network;
  const credentials = (address: string): string => withNamedCredentials(address, env);
  const main = first(layers, 'default');
  const extra = (first(layers, 'extra') ?? []).map(credentials);
  const files = (first(layers, 'findLinks') ?? []).filter((place) => !ports.offline || isLocal(place));
  const certificate = first(layers, 'certificate') ?? env['SSL_CERT_FILE'];
  const noIndex = first(layers, 'noIndex') === true ? '1' : undefined;
  const mainAddress = main === undefined ? undefined : credentials(main);
  const trusted = first(layers, 'trustedHosts')?.join(' ');
  return {
    ...Object.fromEntries(inherited),
    PIP_CONFIG_FILE: '/dev/null',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_NO_INPUT: '1',
    PIP_NO_COLOR: '1',
    PIP_RETRIES: '1',
    PIP_DEFAULT_TIMEOUT: timeoutSeconds(first(layers, 'timeout')),
    UV_NO_CONFIG: '1',
    UV_NO_PROGRESS: '1',
    UV_PYTHON_DOWNLOADS: 'never',
    UV_HTTP_RETRIES: '1',
    NO_COLOR: '1',
    ...defined({
      PIP_INDEX_URL: mainAddress,
      PIP_EXTRA_INDEX_URL: extra.join(' '),
      PIP_FIND_LINKS: files.join(' '),
      PIP_NO_INDEX: ports.offline ? '1' : noIndex,
      PIP_TRUSTED_HOST: trusted,
      PIP_CERT: certificate,
      PIP_CLIENT_CERT: first(layers, 'clientCertificate'),
      PIP_PROXY: first(layers, 'proxy'),
      PIP_KEYRING_PROVIDER: first(layers, 'keyring'),
      UV_DEFAULT_INDEX: mainAddress,
      UV_INDEX: extra.join(' '),
      UV_FIND_LINKS: files.join(','),
      UV_NO_INDEX: noIndex,
      UV_OFFLINE: ports.offline ? '1' : undefined,
      UV_INSECURE_HOST: trusted,
      // uv looks into further indexes only for what the first ones do not have at all, unless it is told otherwise: a
      // public project of the same name cannot take a private one's place.
      UV_INDEX_STRATEGY: first(layers, 'strategy'),
      UV_KEYRING_PROVIDER: first(layers, 'keyring') === 'subprocess' ? 'subprocess' : undefined,
      SSL_CERT_FILE: certificate,
      SSL_CLIENT_CERT: first(layers, 'clientCertificate'),
    }),
  };
}

/**
 * Collects indexes, credentials and certificates from the manifest and from the user's configuration of pip and uv.
 * Every secret that is met is made known to the redactor.
 * @throws CoachbuilderError `tool-missing` without pip
 */
export async function readIndexSettings(request: IndexSettingsRequest, ports: ToolPorts): Promise<IndexSettings> {
  const layers = await readLayers(request, ports);
  const environment = toolEnvironment(layers, ports);
  const addresses = layers.flatMap((layer) => [
    layer.default ?? '',
    ...(layer.extra ?? []),
    ...(layer.findLinks ?? []),
  ]);
  const used = [...(environment['UV_INDEX'] ?? '').split(' '), environment['UV_DEFAULT_INDEX'] ?? ''];
  for (const [name, value] of Object.entries(ports.environments.network)) {
    if (/^UV_INDEX_\w+_PASSWORD$/.test(name)) ports.redactor.add(value);
    if (/_proxy$/i.test(name)) registerUrl(value, ports.redactor);
  }
  for (const address of [...addresses, ...used, environment['PIP_PROXY'] ?? '']) registerUrl(address, ports.redactor);
  const netrc = environment['NETRC'] ?? join(environment['HOME'] ?? '/', '.netrc');
  registerNetrc((await readOptional(netrc)) ?? '', ports.redactor);
  return {
    indexes: used.filter((address) => address !== '').map(withoutUrlCredentials),
    hasLocalFiles: (first(layers, 'findLinks') ?? []).some(isLocal),
    environment,
  };
}

/** The same ports with the settings' environment for everything that uses the network. */
export function withIndexSettings<Ports extends ToolPorts>(ports: Ports, settings: IndexSettings): Ports {
  return { ...ports, environments: { ...ports.environments, network: settings.environment } };
}
