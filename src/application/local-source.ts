import type { ApplicationSource } from './application.ts';
import { fetchUrl } from './fetch-url.ts';
import type { ToolPorts } from './ports.ts';

/** An application's source that has files of its own, unlike a requirement, which an index answers. */
export type FileSource = Exclude<ApplicationSource, { kind: 'requirement' }>;

/** A source on this machine. */
export interface LocalSource {
  readonly kind: 'directory' | 'sdist' | 'wheel';
  /** Absolute. */
  readonly path: string;
  /** What it is a copy of, where that says more than what was given. */
  readonly origin: ApplicationSource;
}

/**
 * Brings a source onto this machine.
 * @throws CoachbuilderError `offline`, `source-unavailable` and `hash-mismatch` for an address
 */
export async function fetchSource(source: FileSource, ports: ToolPorts): Promise<LocalSource> {
  if (source.kind !== 'url') return { kind: source.kind, path: source.path, origin: source };
  const { path, url, sha256 } = await fetchUrl(source.url, ports);
  // A wheel that was only downloaded is one that somebody built for its platform.
  return { kind: /\.whl$/i.test(path) ? 'wheel' : 'sdist', path, origin: { kind: 'url', url, sha256 } };
}
