import { readFile } from 'node:fs/promises';

import type { Distribution } from '../../distributions/distribution.ts';
import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import {
  completionPath,
  environmentFilePath,
  firewallPath,
  logrotatePath,
  manPagePath,
  rsyslogPath,
  tmpfilesPath,
} from '../../manifest/integration/paths.ts';
import { integrationSources, type IntegrationSettings } from '../../manifest/integration/settings.ts';
import type { PackageSettings } from '../../manifest/manifest.ts';
import type { ContentEntry } from '../../packages/definition.ts';
import { fileEntry } from '../../packages/file-entry.ts';
import type { Integration } from '../../packages/integration/integration.ts';
import type { ReloadedProgram, TmpfilesPolicy } from '../../packages/integration/policy.ts';
import { parseTmpfiles } from '../../packages/integration/tmpfiles.ts';
import { formatPackageName } from '../../packages/names.ts';
import { relation } from '../../packages/relations.ts';
import { unreadable } from '../../packages/sources.ts';
import type { BuildTarget } from '../../plan/build-plan.ts';
import { gzip } from '../gzip.ts';
import { renderFirewalldService, renderLogrotate, renderTmpfiles, renderUfwApplication } from './files.ts';

/** Bytes of files beside the manifest, by absolute path. */
type Sources = ReadonlyMap<string, Buffer>;

/** Directories of programs that not every machine has, each with its parents that may be missing, too. */
const optionalDirectories: readonly (readonly string[])[] = [
  ['/usr/lib/firewalld', '/usr/lib/firewalld/services'],
  ['/usr/share/bash-completion', '/usr/share/bash-completion/completions'],
  ['/usr/share/zsh', '/usr/share/zsh/site-functions'],
  ['/usr/share/fish', '/usr/share/fish/vendor_completions.d'],
];

/**
 * The directories that a package owns together with the programs' own packages, which it does not depend on: rpm would
 * leave them behind otherwise (Fedora's guidelines, "File and Directory Ownership"). dpkg removes what is empty.
 */
function sharedDirectories(files: readonly ContentEntry[]): readonly ContentEntry[] {
  return optionalDirectories
    .filter((chain) => files.some(({ path }) => path.startsWith(`${chain.at(-1) ?? ''}/`)))
    .flatMap((chain) =>
      chain.map((path) => ({ kind: 'directory', path, mode: 0o755, owner: 'root', group: 'root' }) as const),
    );
}

/** The files of a package for programs that a distribution has. */
class Integrator {
  readonly #settings: IntegrationSettings;
  readonly #distribution: Distribution;
  readonly #sources: Sources;
  /** The package's, as its format spells it. */
  readonly #name: string;

  constructor(settings: PackageSettings, distribution: Distribution, sources: Sources) {
    this.#settings = settings.integration;
    this.#distribution = distribution;
    this.#sources = sources;
    this.#name = formatPackageName(distribution.format, settings.name);
  }

  #read(source: string): Buffer {
    const bytes = this.#sources.get(source);
    if (bytes === undefined) throw new Error(`Internal error: ${source} was not read`);
    return bytes;
  }

  contents(): readonly ContentEntry[] {
    const files = this.#files();
    return this.#distribution.format === 'rpm' ? [...files, ...sharedDirectories(files)] : files;
  }

  #files(): readonly ContentEntry[] {
    const { format } = this.#distribution;
    const { logrotate, rsyslog, firewall, environmentFiles, manPages, completions } = this.#settings;
    return [
      ...logrotate.map((each) => {
        const path = logrotatePath(each.name);
        return each.source === undefined
          ? fileEntry(path, renderLogrotate(each.options))
          : fileEntry(path, this.#read(each.source));
      }),
      ...rsyslog.map(({ name, source }) => fileEntry(rsyslogPath(name), this.#read(source))),
      ...firewall.map((service) => {
        const path = firewallPath(format, service.name);
        const source = format === 'rpm' ? service.firewalld : service.ufw;
        if (source !== undefined) return fileEntry(path, this.#read(source));
        return fileEntry(path, format === 'rpm' ? renderFirewalldService(service) : renderUfwApplication(service));
      }),
      ...environmentFiles.map(({ name, source, ...ownership }) =>
        fileEntry(environmentFilePath(format, name), this.#read(source), ownership),
      ),
      ...manPages.map(({ source, language }) => {
        const path = manPagePath(source, language);
        if (path === undefined) throw new Error(`Internal error: ${source} is no manual page`);
        return fileEntry(path, gzip(this.#read(source)));
      }),
      ...completions.map(({ shell, command, source }) =>
        fileEntry(completionPath(format, shell, command), this.#read(source)),
      ),
      ...this.#tmpfilesContents(),
    ];
  }

  #tmpfilesText(): string | undefined {
    const { tmpfiles } = this.#settings;
    if (tmpfiles === undefined) return undefined;
    return tmpfiles.kind === 'file' ? this.#read(tmpfiles.source).toString() : renderTmpfiles(tmpfiles.directories);
  }

  #tmpfilesContents(): readonly ContentEntry[] {
    const text = this.#tmpfilesText();
    const read = this.#distribution.init === 'systemd';
    return text === undefined || !read ? [] : [fileEntry(tmpfilesPath(this.#name), text)];
  }

  tmpfiles(): TmpfilesPolicy | undefined {
    const text = this.#tmpfilesText();
    if (text === undefined) return undefined;
    const file = this.#distribution.init === 'systemd' ? `${this.#name}.conf` : undefined;
    return { file, directories: parseTmpfiles(text) };
  }

  reloads(): readonly ReloadedProgram[] {
    const { rsyslog, firewall } = this.#settings;
    const firewalld = firewall.length > 0 && this.#distribution.format === 'rpm';
    return [...(rsyslog.length > 0 ? (['rsyslog'] as const) : []), ...(firewalld ? (['firewalld'] as const) : [])];
  }
}

/** Pure: what a package has for the programs of a distribution. */
export function integratePackage(settings: PackageSettings, distribution: Distribution, sources: Sources): Integration {
  const integrator = new Integrator(settings, distribution, sources);
  return {
    contents: integrator.contents(),
    // Without it the logs grow, yet everything works.
    recommends: settings.integration.logrotate.length === 0 ? [] : [relation('logrotate')],
    policy: { reloads: integrator.reloads(), tmpfiles: integrator.tmpfiles() },
  };
}

async function readSource(path: string, owner: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw unreadable(path, `a file of the package ${owner}`, error);
  }
}

/**
 * What each package of a target has for programs of the system, by the package's id; reads the files that the manifest
 * names for that.
 * @throws CoachbuilderError `manifest-invalid` when one cannot be read, or is no text where one is wanted
 */
export async function integratePackages(
  target: Pick<BuildTarget, 'manifest' | 'distribution'>,
): Promise<ReadonlyMap<string, Integration>> {
  const integrations = new Map<string, Integration>();
  for (const settings of target.manifest.packages) {
    const sources = new Map<string, Buffer>();
    for (const source of integrationSources(settings.integration)) {
      sources.set(source, await readSource(source, settings.name));
    }
    refuseCompressed(settings, sources);
    integrations.set(settings.id, integratePackage(settings, target.distribution, sources));
  }
  return integrations;
}

/** A page that is compressed already would be compressed twice, and man would show nothing. */
function refuseCompressed({ name, integration }: PackageSettings, sources: Sources): void {
  for (const { source } of integration.manPages) {
    const bytes = sources.get(source);
    // RFC 1952, 2.3.1: what every gzip file begins with.
    if (bytes?.[0] !== 0x1f || bytes[1] !== 0x8b) continue;
    throw new CoachbuilderError('manifest-invalid', `the manual page ${source} of ${name} is compressed already`, {
      hint: 'name the page itself: it is compressed in the package',
    });
  }
}
