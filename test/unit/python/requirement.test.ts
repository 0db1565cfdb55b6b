import { describe, expect, it } from 'vitest';

import { isValidName, normalizeName } from '../../../src/python/name.ts';
import { formatRequirement, parseRequirement } from '../../../src/python/requirement.ts';
import { askPackaging, hasCurrentPackaging } from '../../support/version-oracles.ts';

// The examples of PEP 508, and forms that old metadata has.
// prettier-ignore
const requirements = [
  'A', 'A.B-C_D', 'aa', 'name', 'name<=1', 'name>=3', 'name>=3,<2', 'name [fred,bar] >= 2.8.1, == 2.8.*', "name[quux, strange];python_version<'2.7' and platform_version=='2'",
  'name@http://foo.example.com', "name [fred] @ http://foo.example.com ; python_version=='2.7'", "name; os_name=='a' or os_name=='b'", "name; os_name=='a' and (os_name=='b' or os_name=='c')",
  'requests (>=2.8,<3)', 'requests (>=2.8) ; extra == "tls"', 'requests[]', 'requests[ a ]~=2.0', 'x===any-thing_1', 'x !=1.0', 'six>=1.5,', 'name @ file:///a/b.whl#sha256=00',
] as const;

describe('parseRequirement', () => {
  it.skipIf(!hasCurrentPackaging)('reads the parts that packaging reads', () => {
    const expected = askPackaging(
      `
def parts(text):
    r = packaging.requirements.Requirement(text)
    return {"name": r.name, "extras": sorted(r.extras), "specifiers": sorted(str(s) for s in r.specifier), "url": r.url or None}
answer = [parts(r) for r in question]`,
      requirements,
    );
    const ours = requirements.map((text) => {
      const { name, extras, specifiers, url } = parseRequirement(text);
      return {
        name,
        extras: [...extras].sort(),
        specifiers: specifiers === '' ? [] : specifiers.split(',').sort(),
        url: url ?? null,
      };
    });
    expect(ours).toEqual(expected);
  });

  it.skipIf(!hasCurrentPackaging)('writes what packaging understands as the same requirement', () => {
    const pairs = requirements.map((text) => [text, formatRequirement(parseRequirement(text))]);
    const program = `
canonical = lambda text: str(packaging.requirements.Requirement(text))
answer = [canonical(a) == canonical(b) for a, b in question]`;
    expect(askPackaging(program, pairs)).toEqual(pairs.map(() => true));
  });

  it('formats in one spelling', () => {
    const text = "Name [b , a] (>= 2.8.1, == 2.8.*) ; python_version<'3' and (extra=='x' or os.name=='nt')";
    expect(formatRequirement(parseRequirement(text))).toBe(
      'Name[b,a]>=2.8.1,==2.8.*; python_version < "3" and (extra == "x" or os_name == "nt")',
    );
  });

  it.each([
    ['', 'column 1: expected the name of a project'],
    ['-x', 'column 1: expected the name of a project'],
    ['name 1.0', 'column 6: expected a version specifier, ";" or the end'],
    ['name >=', 'column 6: ">=" is not a version specifier'],
    ['name >=1.0.x', 'column 6: ">=1.0.x" is not a version specifier'],
    ['name[a', 'column 7: expected "," or "]" after an extra'],
    ['name[a,]', 'column 8: expected the name of an extra'],
    ['name (>=1', 'column 10: expected a closing parenthesis'],
    ['name @ ', 'column 8: expected a URL'],
    ['name; python == "3"', 'column 7: "python" is not a marker variable'],
    ['name @ https://example.com/x.whl; os_name == "a"', 'column 35: expected'],
  ])('refuses %j with the column', (text, problem) => {
    expect(() => parseRequirement(text)).toThrow(expect.objectContaining({ code: 'requirement-invalid' }));
    expect(() => parseRequirement(text)).toThrow(problem);
  });
});

describe('names', () => {
  it('have one spelling for comparisons', () => {
    expect(['Zope.Interface', 'zope--interface', 'ZOPE_-.interface'].map(normalizeName)).toEqual(
      Array<string>(3).fill('zope-interface'),
    );
  });

  it('begin and end with a letter or digit', () => {
    expect(['a', 'A1', 'a.b'].map(isValidName)).toEqual([true, true, true]);
    expect(['', '.a', 'a-', 'a b', 'é'].map(isValidName)).toEqual([false, false, false, false, false]);
  });
});
