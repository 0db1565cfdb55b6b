import { globProblem } from '../../model/glob.ts';
import { parseSize } from '../../model/size.ts';
import type { Finding } from '../finding.ts';
import type { ManifestPath } from '../places.ts';
import { commonParts, problem, type Rule } from './rule.ts';

function checkGlob(place: ManifestPath, glob: string): Finding[] {
  const fault = globProblem(glob);
  if (fault !== undefined) {
    return [problem(place, `the glob "${glob}" ${fault}`, 'write one such as "numpy/f2py/**" or "**/*.ipynb"')];
  }
  return /^[*/]+$/.test(glob) ? [problem(place, `the glob "${glob}" stands for everything`, 'name what is meant')] : [];
}

/** Globs of `slim` and of accepted findings. */
export const treeGlobsAreValid: Rule = ({ written }) =>
  commonParts(written).flatMap(({ path, settings: { slim, health } }) => [
    ...(['exclude', 'keep'] as const).flatMap((key) =>
      (slim?.[key] ?? []).flatMap((glob, index) => checkGlob([...path, 'slim', key, index], glob)),
    ),
    ...(health?.accept ?? []).flatMap((accepted, index) =>
      checkGlob([...path, 'health', 'accept', index, 'path'], accepted.path),
    ),
  ]);

/** Names of locales as gettext has them: `de`, `pt_BR`, `sr@latin`. */
export const localesAreValid: Rule = ({ written }) =>
  commonParts(written).flatMap(({ path, settings: { slim } }) =>
    (slim?.locales ?? []).flatMap((locale, index) =>
      /^[a-z]{2,3}(?:[_-][A-Za-z0-9]+)*(?:@[a-z]+)?$/.test(locale)
        ? []
        : [
            problem(
              [...path, 'slim', 'locales', index],
              `"${locale}" is not the name of a locale`,
              'write one such as "de" or "pt_BR"',
            ),
          ],
    ),
  );

export const sizeLimitIsSize: Rule = ({ written }) =>
  commonParts(written).flatMap(({ path, settings: { slim } }) => {
    const limit = slim?.['size-limit'];
    if (limit === undefined || (parseSize(limit) ?? 0) > 0) return [];
    return [
      problem([...path, 'slim', 'size-limit'], `"${limit}" is not a size`, 'write one such as "120 MB" or "1.5 GB"'),
    ];
  });

/** Why something is accepted is what the next person needs to know. */
export const reasonsSaySomething: Rule = ({ written }) =>
  commonParts(written).flatMap(({ path, settings: { health } }) =>
    (health?.accept ?? []).flatMap(({ reason }, index) =>
      /\p{L}/u.test(reason)
        ? []
        : [problem([...path, 'health', 'accept', index, 'reason'], 'the reason says nothing', 'say why it is no harm')],
    ),
  );
