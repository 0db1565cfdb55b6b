import { lockFormatOf } from '../../python/lock-format.ts';
import { isValidName } from '../../python/name.ts';
import type { Finding } from '../finding.ts';
import type { ManifestPath } from '../places.ts';
import { commonParts, problem, type Rule } from './rule.ts';

/** An interpreter without its minor version would change below the virtual environment. */
export const interpreterIsMinorVersioned: Rule = ({ written }) =>
  commonParts(written).flatMap(({ path, settings }) => {
    const interpreter = settings.python?.interpreter;
    if (interpreter === undefined || interpreter === 'system' || 'bundled' in interpreter) return [];
    if (!/^[A-Za-z0-9][A-Za-z0-9+._-]*$/.test(interpreter.package)) {
      return [
        problem([...path, 'python', 'interpreter', 'package'], `"${interpreter.package}" is not the name of a package`),
      ];
    }
    return /^\/(?:[^/\s]+\/)+python\d+\.\d+$/.test(interpreter.path)
      ? []
      : [
          problem(
            [...path, 'python', 'interpreter', 'path'],
            `interpreter "${interpreter.path}" must be an absolute path with a minor version`,
            'write one such as "/usr/bin/python3.11"',
          ),
        ];
  });

/** PEP 508 names. */
export const extrasAreValid: Rule = ({ written }) =>
  commonParts(written).flatMap(({ path, settings }) =>
    (settings.python?.extras ?? []).flatMap((extra, index) =>
      isValidName(extra)
        ? []
        : [problem([...path, 'python', 'extras', index], `"${extra}" is not the name of an extra`)],
    ),
  );

/** The name of a lock tells its format. */
export const lockFormatIsKnown: Rule = ({ written }) =>
  commonParts(written).flatMap(({ path, settings }) => {
    const file = settings.python?.['lock-file'];
    return file === undefined || lockFormatOf(file) !== undefined
      ? []
      : [
          problem(
            [...path, 'python', 'lock-file'],
            `"${file}" is not the name of a lock that is known`,
            'name a uv.lock, a poetry.lock, a pylock.toml, or a .txt with requirements and hashes',
          ),
        ];
  });

/** Manifests are committed and copied; passwords stay where pip and uv look for them. */
export const indexesAreUrlsWithoutCredentials: Rule = ({ written }) =>
  commonParts(written).flatMap(({ path, settings }) =>
    (settings.python?.indexes ?? []).flatMap((index, position) =>
      checkRepositoryUrl([...path, 'python', 'indexes', position], index, indexCredentialsHint),
    ),
  );

const indexCredentialsHint =
  'take them out: they belong in ~/.netrc, in a keyring, or in the configuration of pip or uv, and should be changed if the manifest was shared';

/**
 * Finds fault with an address that packages or wheels are fetched from. What it says of credentials shows nothing of
 * the URL: it may be logged.
 * @param credentialsHint where credentials belong instead
 */
export function checkRepositoryUrl(place: ManifestPath, text: string, credentialsHint: string): Finding[] {
  // By pattern, not by parsing alone: what cannot be parsed may hold a password all the same.
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/\s]*@/i.test(text)) {
    return [problem(place, 'the URL holds credentials', credentialsHint)];
  }
  const isUrl = URL.canParse(text) && ['http:', 'https:', 'file:'].includes(new URL(text).protocol);
  return isUrl && !/\s/.test(text)
    ? []
    : [
        problem(
          place,
          `"${text}" is not an http, https or file URL`,
          'write one such as "https://packages.example.com/simple/"',
        ),
      ];
}
