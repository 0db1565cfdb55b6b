import { basename } from 'node:path';

import type { ApplicationSource, Commit } from '../application/application.ts';
import { publishedAddress, readOrigin, type CheckoutOrigin } from '../application/git-origin.ts';
import type { TargetsBuild } from '../pipeline/build-targets.ts';
import type { NamedFile, RunFacts, SourceFacts } from '../provenance/facts.ts';
import { toolVersions } from '../provenance/tools.ts';
import { withoutUrlCredentials } from '../report/redact.ts';
import { digestFile, exists } from '../system/files.ts';
import type { ApplicationJob, Applications } from './applications.ts';
import { programFacts } from './many-targets.ts';
import type { BuildOptions } from './build-options.ts';

async function namedFile(path: string | undefined): Promise<NamedFile | undefined> {
  if (path === undefined || !(await exists(path))) return undefined;
  return { name: basename(path), sha256: (await digestFile(path)).sha256 };
}

/** `git+https://host/app.git@v1.2`, as pip and SLSA write it; only what is an address for others. */
function gitUri(url: string | undefined, reference: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  return `git+${url}${reference === undefined ? '' : `@${reference}`}`;
}

async function sourceFacts(
  source: ApplicationSource,
  commit: Commit | undefined,
  originOf: (directory: string) => Promise<CheckoutOrigin>,
): Promise<SourceFacts> {
  const nothing = { kind: source.kind, uri: undefined, subdirectory: '', commit, file: undefined };
  switch (source.kind) {
    case 'directory': {
      if (source.origin !== undefined) {
        const { url, reference, subdirectory } = source.origin;
        return { ...nothing, uri: gitUri(publishedAddress(url), reference), subdirectory };
      }
      if (commit === undefined) return nothing;
      const { url, subdirectory } = await originOf(source.path);
      return { ...nothing, uri: gitUri(url, undefined), subdirectory };
    }
    case 'wheel':
    case 'sdist':
      return { ...nothing, file: await namedFile(source.path) };
    case 'url': {
      const uri = withoutUrlCredentials(source.url).replace(/[?#].*$/s, '');
      const file = source.sha256 === undefined ? undefined : { name: basename(uri), sha256: source.sha256 };
      return { ...nothing, uri, file };
    }
    case 'requirement':
      return { ...nothing, uri: withoutUrlCredentials(source.requirement) };
  }
}

export interface DescribedJob extends ApplicationJob {
  readonly options: BuildOptions;
}

/**
 * What the statements of a run have in common: asked for when the first one is written, and told the same to all, those
 * of a second build included, during which the first one's packages may lie in the checkout already.
 * @returns undefined when no statements are written
 */
export function describeRun(applications: Applications, job: DescribedJob): TargetsBuild['provenance'] {
  const { options, order, lock, ports } = job;
  if (!options.provenance) return undefined;
  const describe = async (): Promise<RunFacts> => {
    const [application] = applications.byTarget.values();
    const { packageVersion, builder, image } = options;
    const source = application?.source ?? order.source;
    return {
      builderId: options.builderId,
      program: await programFacts(),
      tools: await toolVersions(ports),
      source: await sourceFacts(source, application?.commit, (directory) => readOrigin(directory, ports)),
      lock: await namedFile(lock.path),
      manifest: await namedFile(order.manifest?.file),
      parameters: { packageVersion, builder, image },
    };
  };
  let facts: Promise<RunFacts> | undefined;
  return () => (facts ??= describe());
}
