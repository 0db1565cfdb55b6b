import type { Command } from 'commander';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';

/** What `build-package` was asked to prove or to state about how packages come about. */
export interface ReproducibleOptions {
  /** Whether everything is built a second time and compared. */
  readonly checkReproducible: boolean;
  /** Whether that goes for wheels that were built from source distributions, too: those that took a container among them. */
  readonly checkCompiled: boolean;
  /** Whether a provenance statement is written beside each main package. */
  readonly provenance: boolean;
  /** URI of who builds, for that statement. */
  readonly builderId: string;
}

export interface RawReproducibleOptions {
  readonly checkReproducible?: boolean;
  readonly checkCompiled?: boolean;
  readonly provenance?: boolean;
  readonly builderId?: string;
}

/** Some machine that nobody vouches for. */
export const unknownBuilder = 'urn:coachbuilder:local';

/** Adds the options to a command. */
export function addReproducibleOptions(command: Command): Command {
  return command
    .option('--check-reproducible', 'Build everything a second time, and fail unless the same packages come out')
    .option('--check-compiled', 'The same, and build again what was built from source distributions, in containers too')
    .option('--provenance', 'Write a provenance statement (in-toto, SLSA) beside each main package')
    .option('--builder-id <uri>', 'Who builds, for the provenance statement; implies --provenance');
}

/**
 * Reads the options.
 * @throws CoachbuilderError `usage` when the builder is no URI
 */
export function readReproducibleOptions(raw: RawReproducibleOptions): ReproducibleOptions {
  const { builderId } = raw;
  // SLSA 1.0, `builder.id`: a URI. One with a password or a token in it would be published.
  if (builderId !== undefined && (!URL.canParse(builderId) || /^[^#?]*:\/\/[^/?#]*@/.test(builderId))) {
    throw new CoachbuilderError(
      'usage',
      `--builder-id is ${JSON.stringify(builderId)}, which is no URI that names a builder`,
      {
        hint: 'give one such as https://ci.example.com/builders/debian-12',
      },
    );
  }
  return {
    checkReproducible: raw.checkReproducible === true || raw.checkCompiled === true,
    checkCompiled: raw.checkCompiled === true,
    provenance: raw.provenance === true || builderId !== undefined,
    builderId: builderId ?? unknownBuilder,
  };
}

/** The same as words of a command line. */
export function reproducibleWords(options: ReproducibleOptions): readonly string[] {
  const { checkReproducible, checkCompiled, provenance, builderId } = options;
  return [
    ...(checkCompiled ? ['--check-compiled'] : checkReproducible ? ['--check-reproducible'] : []),
    ...(provenance ? ['--provenance'] : []),
    ...(builderId === unknownBuilder ? [] : [`--builder-id=${builderId}`]),
  ];
}
