import { tryParseVersion } from '../../python/version.ts';
import type { Finding } from '../finding.ts';
import { keyProblem, problem, type Rule } from './rule.ts';

/** Each way to a version has its own keys, and needs them. */
export const versionIsComplete: Rule = ({ written: { version } }): Finding[] => {
  if (version === undefined) return [];
  const { from, value } = version;
  const prefix = version['tag-prefix'];
  const findings: Finding[] = [];
  if (from === 'manifest' && value === undefined) {
    findings.push(problem(['version'], 'version.from is "manifest", and there is no value', 'add value: "1.2"'));
  }
  if (from !== 'manifest' && value !== undefined) {
    findings.push(
      keyProblem(['version', 'value'], `value has no effect with from: ${from}`, 'write from: manifest, or remove it'),
    );
  }
  if (from !== 'git' && prefix !== undefined) {
    findings.push(
      keyProblem(
        ['version', 'tag-prefix'],
        `tag-prefix has no effect with from: ${from}`,
        'write from: git, or remove it',
      ),
    );
  }
  return findings;
};

/** PEP 440; and of a tag's prefix only what git takes literally (gitglossary(7), git-check-ref-format(1)). */
export const versionPartsAreValid: Rule = ({ written: { version } }) => {
  const value = version?.value;
  const prefix = version?.['tag-prefix'];
  return [
    ...(value === undefined || tryParseVersion(value) !== undefined
      ? []
      : [
          problem(['version', 'value'], `"${value}" is not a version`, 'write one such as "1.2" or "1.2rc1" (PEP 440)'),
        ]),
    ...(prefix === undefined || /^[\w.+/@-]*$/.test(prefix)
      ? []
      : [problem(['version', 'tag-prefix'], `"${prefix}" cannot begin the name of a tag`)]),
  ];
};
