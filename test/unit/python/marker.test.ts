import { describe, expect, it } from 'vitest';

import type { Architecture } from '../../../src/model/architecture.ts';
import { markerEnvironment } from '../../../src/python/environment.ts';
import { evaluateMarker, formatMarker, parseMarker } from '../../../src/python/marker.ts';
import { askPackaging, hasCurrentPackaging } from '../../support/version-oracles.ts';

// prettier-ignore
const markers = [
  'python_version < "3.8"', "python_version>='3.10'", '"3.6" <= python_version', 'python_version in "2.6 2.7 3.2 3.3"', 'python_version not in "3.6, 3.7"',
  'python_version == "3.*"', 'python_version != "2.7.*"', 'python_version ~= "3.6"', 'python_version === "3.6"', 'python_full_version < "3.6.1"', 'python_full_version >= "3.11.0rc1"',
  'sys_platform == "linux"', 'sys_platform == "win32"', "'linux' in sys_platform", 'sys.platform == "linux2"', 'os_name != "nt"', 'os.name == "posix"', 'platform_machine == "aarch64"',
  'platform_machine in "x86_64 AMD64"', 'platform_system == "Linux"', 'platform_python_implementation == "CPython"', 'python_implementation != "PyPy"', 'implementation_name == "cpython"',
  'implementation_version >= "3.8"', 'platform_release == ""', 'platform_version != "x"', 'extra == "tls"', 'extra == "My_Extra.x"', '"tls" == extra', 'extra != "tls"',
  'python_version < "3" or python_version >= "3.5" and sys_platform == "linux"', '(python_version < "3" or python_version >= "3.5") and sys_platform == "win32"',
  '( ( python_version>"3.0" ) and(os_name=="posix")or(extra=="tls"))', 'extra == "tls" and python_version < "3.9"', 'python_version >= "3" and extra == "a" or extra == "my-extra-x"',
] as const;

const targets: readonly { pythonVersion: string; architecture: Architecture }[] = [
  { pythonVersion: '2.7.5', architecture: 'x86_64' },
  { pythonVersion: '3.6', architecture: 'x86_64' },
  { pythonVersion: '3.6.8', architecture: 'aarch64' },
  { pythonVersion: '3.11.2', architecture: 'x86_64' },
];

describe('evaluateMarker', () => {
  it.skipIf(!hasCurrentPackaging).each([[''], ['tls'], ['my-extra-x'], ['other']])(
    'agrees with packaging for the extra %j',
    (extra) => {
      const environments = targets.map(markerEnvironment);
      const expected = askPackaging(
        'answer = [[packaging.markers.Marker(m).evaluate(dict(e, extra=question["extra"])) for e in question["environments"]] for m in question["markers"]]',
        { markers, environments, extra },
      );
      const ours = markers.map((text) =>
        environments.map((one) => evaluateMarker(parseMarker(text), one, extra === '' ? [] : [extra])),
      );
      expect(Object.fromEntries(markers.map((text, index) => [text, ours[index]]))).toEqual(
        Object.fromEntries(markers.map((text, index) => [text, (expected as boolean[][])[index]])),
      );
    },
  );

  it('holds when one of several extras makes it hold', () => {
    const environment = markerEnvironment({ pythonVersion: '3.11', architecture: 'x86_64' });
    expect(evaluateMarker(parseMarker('extra == "b"'), environment, ['a', 'B'])).toBe(true);
    expect(evaluateMarker(parseMarker('extra == "c"'), environment, ['a', 'B'])).toBe(false);
  });

  it('compares patch levels as versions, not as text', () => {
    const environment = markerEnvironment({ pythonVersion: '3.11.10', architecture: 'x86_64' });
    expect(evaluateMarker(parseMarker('python_full_version > "3.11.9"'), environment, [])).toBe(true);
  });

  it('gives text no order', () => {
    const environment = markerEnvironment({ pythonVersion: '3.11', architecture: 'x86_64' });
    expect(evaluateMarker(parseMarker('os_name > "nt"'), environment, [])).toBe(false);
    expect(evaluateMarker(parseMarker('os_name >= "posix"'), environment, [])).toBe(true);
    expect(() => evaluateMarker(parseMarker('os_name ~= "nt"'), environment, [])).toThrow(/with ~=/);
  });
});

describe('parseMarker', () => {
  it('lets "and" bind tighter than "or"', () => {
    expect(parseMarker('os_name == "a" or os_name == "b" and os_name == "c"')).toMatchObject({
      kind: 'or',
      operands: [{ kind: 'comparison' }, { kind: 'and' }],
    });
  });

  it.each([
    ['python_version', 'column 15: expected a comparison'],
    ['python_version < 3', 'column 18: expected a marker variable or a quoted text'],
    ['python_versoin < "3"', 'column 1: "python_versoin" is not a marker variable'],
    ['python_version < "3" &&', 'column 22: expected "and", "or" or the end of the marker'],
    ['(python_version < "3"', 'column 22: expected a closing parenthesis'],
    ['python_version < "3', 'column 18: expected a marker variable'],
    ['"a" == "b"', 'column 1: one side of a comparison has to be a variable'],
    ['"x" in extras', 'column 8: "extras" is not a marker variable'],
    ['toString == "x"', 'column 1: "toString" is not a marker variable'],
    ['', 'column 1: expected a marker variable'],
  ])('refuses %j with the column', (text, problem) => {
    expect(() => parseMarker(text)).toThrow(
      expect.objectContaining({ code: 'requirement-invalid', message: expect.stringContaining(problem) as unknown }),
    );
  });

  it('keeps its meaning through formatMarker', () => {
    for (const text of markers) {
      const marker = parseMarker(text);
      expect(parseMarker(formatMarker(marker))).toEqual(marker);
    }
  });
});
