import { posix } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { BundledInterpreterSettings } from '../manifest/manifest.ts';
import type { Architecture } from '../model/architecture.ts';
import type { BundledInterpreter } from './build-plan.ts';

/** What python-build-standalone calls the machines, in the names of its archives (its documentation, "Distributions"). */
const triples = {
  x86_64: 'x86_64-unknown-linux-gnu',
  aarch64: 'aarch64-unknown-linux-gnu',
  i686: 'i686-unknown-linux-gnu',
  armv7l: 'armv7-unknown-linux-gnueabihf',
  ppc64le: 'ppc64le-unknown-linux-gnu',
  s390x: 's390x-unknown-linux-gnu',
  riscv64: 'riscv64-unknown-linux-gnu',
} as const satisfies Record<Architecture, string>;

/** Where below the prefix a bundled interpreter lies. */
export const bundledDirectory = 'python';

/** `3.12` of `3.12.3`. */
function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

function digestFor({ sha256 }: BundledInterpreterSettings, architecture: Architecture): string {
  const digest = typeof sha256 === 'string' ? sha256 : sha256[architecture];
  if (digest !== undefined) return digest.toLowerCase();
  throw new CoachbuilderError('manifest-invalid', `the bundled interpreter has no sha256 for ${architecture}`, {
    hint: `add the digest of its archive for ${architecture} to python.interpreter.bundled.sha256, or leave that architecture out`,
  });
}

/**
 * The interpreter that a manifest bundles, as a target gets it.
 * @param prefix absolute path of the virtual environment on the target
 * @throws CoachbuilderError `manifest-invalid` when the manifest has no digest for the architecture
 */
export function planBundledInterpreter(
  settings: BundledInterpreterSettings,
  prefix: string,
  architecture: Architecture,
): BundledInterpreter {
  const minor = minorOf(settings.version);
  const values: Readonly<Record<string, string>> = {
    version: settings.version,
    minor,
    build: settings.build ?? '',
    architecture,
    triple: triples[architecture],
  };
  return {
    version: settings.version,
    minor,
    path: posix.join(prefix, bundledDirectory, `bin/python${minor}`),
    bundle: {
      archive: settings.archive.replaceAll(/\{([a-z]+)\}/g, (whole, name: string) => values[name] ?? whole),
      sha256: digestFor(settings, architecture),
      prune: settings.prune,
    },
  };
}
