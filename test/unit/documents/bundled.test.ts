import { existsSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { bundledProvides, rpmPythonVersion } from '../../../src/documents/bundled-provides.ts';
import { filePatterns } from '../../../src/documents/file-patterns.ts';
import type { RpmDistribution } from '../../../src/distributions/distribution.ts';
import { rpmRelation } from '../../../src/packages/relations.ts';
import type { TreeEntry } from '../../../src/tree/tree.ts';
import { aDistribution } from '../../support/manifest.ts';
import { runOracle } from '../../support/version-oracles.ts';

function rpm(id: string): RpmDistribution {
  const distribution = aDistribution(id);
  if (distribution.format !== 'rpm') throw new Error(id);
  return distribution;
}

const versions = [
  '1.0',
  '1.2.3',
  '2.0.0',
  '0',
  '1.0rc1',
  '1.0a2.dev3',
  '1.0.dev4',
  '1.0.post5',
  '2!3.1',
  '1.0+local.5',
];
const generator = '/usr/lib/rpm/pythondistdeps.py';

/** What rpm's own generator says; its helpers need `packaging`, which may be a copy in pip. */
function generated(): readonly string[] {
  const program = `
import importlib.util, json, sys
try:
    import packaging.requirements
except ImportError:
    import pip._vendor.packaging as p, pip._vendor.packaging.requirements, pip._vendor.packaging.version, pip._vendor.packaging.markers
    for n in ("", ".requirements", ".version", ".markers"):
        sys.modules["packaging" + n] = sys.modules["pip._vendor.packaging" + n]
spec = importlib.util.spec_from_file_location("deps", sys.argv[1])
deps = importlib.util.module_from_spec(spec)
spec.loader.exec_module(deps)
print(json.dumps([deps.convert("x", "==", v) for v in json.loads(sys.argv[2])]))
`;
  return JSON.parse(runOracle('python3', ['-c', program, generator, JSON.stringify(versions)])) as readonly string[];
}

describe('versions of bundled distributions', () => {
  it.skipIf(!existsSync(generator))("are those of rpm's own generator", () => {
    expect(versions.map((version) => `x = ${rpmPythonVersion(version, rpm('fedora-42'))}`)).toEqual(generated());
  });

  it('have no "^" for an rpm that does not know it', () => {
    expect(rpmPythonVersion('1.0.post5', rpm('centos-7'))).toBe('1.post5');
    expect(rpmPythonVersion('1.0rc1', rpm('centos-7'))).toBe('1~rc1');
  });

  it('are told of libraries, by the generation of Python', () => {
    const notices = [
      { name: 'attrs', version: '22.1.0', kind: 'library' },
      { name: 'cpython', version: '3.12.3', kind: 'interpreter' },
    ] as const;
    const told = (minor: string) => bundledProvides(notices, minor, rpm('rocky-9')).map(rpmRelation);
    expect(told('3.12')).toEqual(['bundled(python3dist(attrs)) = 22.1']);
    expect(told('2.7')).toEqual(['bundled(python2dist(attrs)) = 22.1']);
  });
});

describe('the files of a distribution', () => {
  const file = (path: string, distribution?: string): TreeEntry => ({
    kind: 'file',
    path: `/opt/fleet/${path}`,
    mode: 0o644,
    size: 1,
    sha256: '0'.repeat(64),
    distribution,
  });

  it('are whole directories where these are its own, and single files elsewhere', () => {
    const entries = [
      file('bin/attr', 'attrs'),
      file('bin/fleet', 'fleet'),
      file('lib/attr/__init__.py', 'attrs'),
      file('lib/attr/deep/x.py', 'attrs'),
      file('lib/ns/one/x.py', 'one'),
      file('lib/ns/two/x.py', 'two'),
      file('lib/six.py', 'six'),
      file('pyvenv.cfg'),
    ];
    expect([...filePatterns({ entries, prefix: '/opt/fleet' })]).toEqual([
      ['attrs', ['opt/fleet/bin/attr', 'opt/fleet/lib/attr/*']],
      ['fleet', ['opt/fleet/bin/fleet']],
      ['one', ['opt/fleet/lib/ns/one/*']],
      ['two', ['opt/fleet/lib/ns/two/*']],
      ['six', ['opt/fleet/lib/six.py']],
    ]);
  });

  it('are escaped as the format has it', () => {
    const entries = [file('a b*c?d\\e.py', 'odd'), file('x', 'other')];
    expect(filePatterns({ entries, prefix: '/opt/fleet' }).get('odd')).toEqual([String.raw`opt/fleet/a?b\*c\?d\\e.py`]);
  });
});
