import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { describePlatform, platformTags, type TargetPlatform } from '../lock/platform.ts';
import { wheelRank } from '../python/wheel-name.ts';

/**
 * Refuses a wheel that the target does not accept.
 * @param fileName the wheel's
 * @throws CoachbuilderError `unsupported-wheel` naming its tag and the best ones of the target
 */
export function requireFittingWheel(fileName: string, platform: TargetPlatform): void {
  const tags = platformTags(platform);
  if (wheelRank(fileName, tags) !== undefined) return;
  const tag = fileName
    .replace(/\.whl$/i, '')
    .split('-')
    .slice(-3)
    .join('-');
  throw new CoachbuilderError(
    'unsupported-wheel',
    `${fileName} is for ${tag}, which ${describePlatform(platform)} does not accept`,
    {
      hint: 'build or fetch a wheel for the target, or choose a distribution that accepts this one',
      details: [`the target accepts, best first: ${tags.slice(0, 4).join(', ')}, …, ${tags.at(-1) ?? ''}`],
    },
  );
}
