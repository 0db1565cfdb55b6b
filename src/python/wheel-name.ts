import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { isValidName, normalizeName } from './name.ts';
import { formatVersion, tryParseVersion } from './version.ts';

/** What a wheel's file name says (PEP 427, 491; binary distribution format). */
export interface WheelName {
  /** Normalized (PEP 503). */
  readonly name: string;
  /** In PEP 440's normal form. */
  readonly version: string;
  /** The build tag breaks ties between wheels of one version: `1`, `2foo`. */
  readonly build: string | undefined;
  /** Every single tag that the compressed one stands for: `py2.py3-none-any` is `py2-none-any` and `py3-none-any`. */
  readonly tags: ReadonlySet<string>;
}

/**
 * Parses the file name of a wheel, `name-version(-build)?-python-abi-platform.whl`.
 * @throws CoachbuilderError `wheel-invalid`
 */
export function parseWheelName(fileName: string): WheelName {
  const refuse = (problem: string): never => {
    throw new CoachbuilderError('wheel-invalid', `${fileName} is not the file name of a wheel: ${problem}`, {
      hint: 'Give the wheel the name it was built with: name-version-python-abi-platform.whl.',
    });
  };
  if (!fileName.toLowerCase().endsWith('.whl')) return refuse('it does not end in .whl');
  const parts = fileName.slice(0, -'.whl'.length).split('-');
  if (parts.length < 5 || parts.length > 6) return refuse('it has not five or six parts between hyphens');
  const [name = '', writtenVersion = '', ...rest] = parts;
  if (!isValidName(name)) return refuse(`"${name}" is no project name`);
  // A hyphen inside a part is escaped as an underscore (PEP 427, "Escaping and Unicode").
  const version = tryParseVersion(writtenVersion.replaceAll('_', '-'));
  if (version === undefined) return refuse(`"${writtenVersion}" is no version`);
  const build = rest.length === 4 ? rest[0] : undefined;
  if (build !== undefined && !/^[0-9]\w*$/.test(build))
    return refuse(`the build tag "${build}" does not start with a digit`);
  const tags = expandTags(rest.slice(-3));
  if (tags === undefined) return refuse(`"${rest.slice(-3).join('-')}" is no compatibility tag`);
  return { name: normalizeName(name), version: formatVersion(version), build, tags };
}

/** Compressed tag sets, PEP 425. */
function expandTags(components: readonly string[]): ReadonlySet<string> | undefined {
  const [pythons = [], abis = [], platforms = []] = components.map((component) => component.toLowerCase().split('.'));
  if (![...pythons, ...abis, ...platforms].every((part) => /^\w+$/.test(part))) return undefined;
  return new Set(
    pythons.flatMap((python) => abis.flatMap((abi) => platforms.map((platform) => `${python}-${abi}-${platform}`))),
  );
}

/**
 * How well a wheel fits: the place of its best tag in the list of `supportedTags`, 0 for a perfect fit.
 * @returns undefined when the wheel does not run there
 * @throws CoachbuilderError `wheel-invalid` for what is no wheel's name
 */
export function wheelRank(fileName: string, supportedTags: readonly string[]): number | undefined {
  const { tags } = parseWheelName(fileName);
  const rank = supportedTags.findIndex((tag) => tags.has(tag));
  return rank === -1 ? undefined : rank;
}
