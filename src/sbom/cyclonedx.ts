import { timestamp, type BillOfMaterials, type Component } from './bill.ts';
import { contentUuid } from './content-uuid.ts';
import { isListedLicense, type License } from './license.ts';

/** CycloneDX 1.5, `component.type`. */
const types = {
  package: 'application',
  application: 'application',
  library: 'library',
  interpreter: 'platform',
} as const satisfies Record<Component['kind'], string>;

/** CycloneDX 1.5, `licenseChoice`: one identifier, one expression, or a licence of which only a name is known. */
function licenses(license: License): object {
  switch (license.kind) {
    case 'unknown':
      return {};
    case 'text':
      return { licenses: [namedLicense(license.text)] };
    case 'spdx':
      return isListedLicense(license.expression)
        ? { licenses: [{ license: { id: license.expression } }] }
        : { licenses: [{ expression: license.expression }] };
  }
}

/** A whole licence text gets its first line as a name. */
function namedLicense(text: string): object {
  const [first = ''] = text.trim().split('\n');
  const whole = first === text.trim() ? {} : { text: { contentType: 'text/plain', content: text } };
  return { license: { name: first.trim(), ...whole } };
}

function component(part: Component): object {
  const { author, homepage, supplier, summary, cpe, sha256 } = part;
  return {
    type: types[part.kind],
    'bom-ref': part.purl,
    ...(supplier === undefined ? {} : { supplier: { name: supplier } }),
    ...(author === undefined ? {} : { author }),
    name: part.name,
    version: part.version,
    ...(summary === undefined ? {} : { description: summary }),
    ...(sha256 === undefined ? {} : { hashes: [{ alg: 'SHA-256', content: sha256 }] }),
    ...licenses(part.license),
    ...(cpe === undefined ? {} : { cpe }),
    purl: part.purl,
    ...(homepage === undefined ? {} : { externalReferences: [{ type: 'website', url: homepage }] }),
  };
}

/** A bill of materials in CycloneDX 1.5's JSON. The serial number follows from the content. */
export function cycloneDx(bill: BillOfMaterials): string {
  const { subject, components, dependencies, epoch } = bill;
  const references = new Map([subject, ...components].map(({ id, purl }) => [id, purl]));
  const reference = (id: string): string => references.get(id) ?? id;
  const content = {
    version: 1,
    metadata: {
      timestamp: timestamp(epoch),
      lifecycles: [{ phase: 'build' }],
      tools: { components: [{ type: 'application', name: 'coachbuilder' }] },
      component: component(subject),
    },
    components: components.map(component),
    dependencies: [...dependencies].map(([id, others]) => ({ ref: reference(id), dependsOn: others.map(reference) })),
  };
  const document = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    serialNumber: `urn:uuid:${contentUuid(content)}`,
    ...content,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
