import { packageOfLibrary } from '../normalize-libraries.ts';
import { commonParts, keyProblem, problem, type Rule } from './rule.ts';

/** Libraries are named as files name them, and packages as relations do. */
export const librariesAreValid: Rule = ({ written }) =>
  commonParts(written).flatMap(({ path, settings }) =>
    Object.entries(settings.libraries ?? {}).flatMap(([library, wanted]) => {
      const place = [...path, 'libraries', library];
      if (/[\s/]/.test(library)) {
        return [keyProblem(place, `"${library}" is not the SONAME of a library`, 'write one such as "libfoo.so.2"')];
      }
      const named = packageOfLibrary(wanted);
      if (named !== undefined && 'problem' in named) {
        const hint =
          named.problem.hint ?? 'write "require", "recommend", "ignore" or a package such as "libfoo2 (>= 2.1)"';
        return [problem(place, named.problem.message, hint)];
      }
      if (named !== undefined && typeof wanted !== 'string' && wanted.as === 'ignore') {
        return [problem(place, `"${library}" is ignored and has a package`, 'leave one of both out')];
      }
      return [];
    }),
  );
