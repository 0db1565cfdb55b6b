import { problem, type Rule } from './rule.ts';

/** Tags as lintian and rpmlint have them: `dir-or-file-in-opt`, `file-not-in-%lang`. */
const tagPattern = /^[\w%][\w%.+-]*$/;

/** An override that cannot match would only be noticed by the build that it was meant for. */
export const lintOverridesCanMatch: Rule = ({ written }) =>
  (written.lint?.overrides ?? []).flatMap(({ tag, path, reason }, index) => {
    const place = ['lint', 'overrides', index];
    return [
      ...(tagPattern.test(tag)
        ? []
        : [problem([...place, 'tag'], `"${tag}" is not the name of a finding`, 'copy it from what the linter prints')]),
      ...(path === undefined || /^[/*]/.test(path)
        ? []
        : [
            problem([...place, 'path'], `"${path}" must be an absolute path`, 'start it with "/", or with "*" for any'),
          ]),
      ...(/[\u0000-\u001f\u007f]/.test(path ?? '')
        ? [problem([...place, 'path'], 'a path must not contain control characters')]
        : []),
      ...(reason.trim() === ''
        ? [problem([...place, 'reason'], 'a reason must say something', 'say why the finding is meant to be there')]
        : []),
    ];
  });
