import { describe, expect, it } from 'vitest';

import { sbomFileName, type BillOfMaterials, type Component } from '../../../src/sbom/bill.ts';
import { cycloneDx } from '../../../src/sbom/cyclonedx.ts';
import type { License } from '../../../src/sbom/license.ts';
import { licenseWarnings } from '../../../src/sbom/license-warnings.ts';
import { spdx } from '../../../src/sbom/spdx.ts';

const sha256 = 'a'.repeat(64);

function component(name: string, license: License, changes: Partial<Component> = {}): Component {
  return {
    id: `pypi-${name}`,
    kind: 'library',
    name,
    version: '1.0',
    purl: `pkg:pypi/${name}@1.0`,
    sha256,
    fileName: `${name}-1.0-py3-none-any.whl`,
    license,
    summary: undefined,
    author: undefined,
    supplier: undefined,
    homepage: undefined,
    ...changes,
  };
}

const bill: BillOfMaterials = {
  subject: component(
    'acme-app',
    { kind: 'spdx', expression: 'LicenseRef-Acme' },
    { id: 'package', kind: 'package', fileName: 'acme-app_1.0-1_amd64.deb', supplier: 'Acme (Ltd)' },
  ),
  components: [
    component('one', { kind: 'spdx', expression: 'MIT' }, { author: '"Ann B." <ann@example.com>' }),
    component('three', { kind: 'text', text: 'A text\nof two lines' }),
    component('two', { kind: 'spdx', expression: 'MIT AND LicenseRef-Two' }, { homepage: 'https://example.com/' }),
    component('unknown', { kind: 'unknown' }),
  ],
  dependencies: new Map([
    ['package', ['pypi-one']],
    ['pypi-one', ['pypi-two']],
    ['pypi-three', []],
    ['pypi-two', []],
    ['pypi-unknown', []],
  ]),
  epoch: 1_700_000_000,
};

interface Parsed {
  readonly [key: string]: unknown;
  readonly components: readonly Record<string, unknown>[];
  readonly packages: readonly Record<string, unknown>[];
  readonly relationships: readonly Record<string, string>[];
}

describe('CycloneDX', () => {
  const document = JSON.parse(cycloneDx(bill)) as Parsed;

  it('has the forms of licences that its schema tells apart', () => {
    expect(document.components.map(({ licenses }) => licenses)).toEqual([
      [{ license: { id: 'MIT' } }],
      [{ license: { name: 'A text', text: { contentType: 'text/plain', content: 'A text\nof two lines' } } }],
      [{ expression: 'MIT AND LicenseRef-Two' }],
      undefined,
    ]);
  });

  it('is dated by the epoch, and relates parts by their package URLs', () => {
    expect(document['metadata']).toMatchObject({ timestamp: '2023-11-14T22:13:20Z', component: { name: 'acme-app' } });
    expect(document['dependencies']).toContainEqual({ ref: 'pkg:pypi/acme-app@1.0', dependsOn: ['pkg:pypi/one@1.0'] });
    expect(document['dependencies']).toHaveLength(5);
  });
});

describe('SPDX', () => {
  const document = JSON.parse(spdx(bill)) as Parsed;

  it('defines every licence that is not in the list', () => {
    const declared = document.packages.map(({ licenseDeclared }) => licenseDeclared);
    expect(declared).toEqual([
      'LicenseRef-Acme',
      'MIT',
      expect.stringMatching(/^LicenseRef-[0-9a-f]{16}$/),
      'MIT AND LicenseRef-Two',
      'NOASSERTION',
    ]);
    const defined = document['hasExtractedLicensingInfos'] as readonly { licenseId: string; extractedText: string }[];
    expect(defined.map(({ licenseId }) => licenseId)).toEqual([declared[2], 'LicenseRef-Acme', 'LicenseRef-Two']);
    expect(defined[0]?.extractedText).toBe('A text\nof two lines');
  });

  it('names persons and organizations in its own form', () => {
    expect(document.packages[0]).toMatchObject({ supplier: 'Organization: Acme Ltd' });
    expect(document.packages[1]).toMatchObject({ originator: 'Person: Ann B. (ann@example.com)' });
  });

  it('describes the package, which contains all others', () => {
    const of = (type: string): readonly string[] =>
      document.relationships
        .filter(({ relationshipType }) => relationshipType === type)
        .map(({ spdxElementId = '', relatedSpdxElement = '' }) => `${spdxElementId} ${relatedSpdxElement}`);
    expect(of('DESCRIBES')).toEqual(['SPDXRef-DOCUMENT SPDXRef-package']);
    expect(of('CONTAINS')).toHaveLength(4);
    expect(of('DEPENDS_ON')).toEqual(['SPDXRef-package SPDXRef-pypi-one', 'SPDXRef-pypi-one SPDXRef-pypi-two']);
  });
});

describe.each([
  ['cyclonedx', cycloneDx, 'serialNumber', 'acme.deb.cdx.json'],
  ['spdx', spdx, 'documentNamespace', 'acme.deb.spdx.json'],
] as const)('a bill of materials as %s', (format, write, identity, fileName) => {
  it('is the same for the same content, and has another identity for a change', () => {
    expect(write(bill)).toBe(write(structuredClone(bill)));
    const [one, two] = [bill, { ...bill, epoch: 1 }].map((each) => (JSON.parse(write(each)) as Parsed)[identity]);
    // RFC 9562: version 8, variant 10.
    expect(one).toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(two).not.toBe(one);
  });

  it('lies beside the package', () => {
    expect(sbomFileName({ fileName: 'acme.deb' }, format)).toBe(fileName);
  });
});

describe('warnings of licences', () => {
  it('are one for each text, with what is perhaps meant, and one for those without any', () => {
    const text = { kind: 'text', text: 'Apache 2.0' } as const;
    const components = [...bill.components, component('four', text), component('five', text)];
    expect(licenseWarnings({ components })).toEqual([
      expect.objectContaining({ message: 'the licence of three 1.0, "A text", is not an SPDX expression' }),
      {
        message: 'the licence of four 1.0, five 1.0, "Apache 2.0", is not an SPDX expression',
        hint: 'perhaps "Apache-2.0" is meant',
      },
      expect.objectContaining({ message: '1 distribution without a licence in the metadata: unknown 1.0' }),
    ]);
  });
});
