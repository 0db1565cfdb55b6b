import { mustRun } from './machine.ts';
import { environmentOf, pythonPackages } from './python-packages.ts';

/** What CycloneDX and SPDX publish for Python, with the schema and the rules of either; of one version everywhere. */
export const billValidators = pythonPackages('cyclonedx-11.12.0-spdx-0.8.5', [
  'cyclonedx-python-lib[json-validation]==11.12.0',
  'spdx-tools==0.8.5',
]);

const program = `
import json, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

def purls(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "purl" or key == "referenceLocator" and inner.startswith("pkg:"):
                yield inner
            yield from purls(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from purls(inner)

problems = []
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if path.endswith(".cdx.json"):
        error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
        problems += [] if error is None else [repr(error)]
    else:
        problems += [message.validation_message for message in validate_full_spdx_document(parse_file(path))]
    found = list(purls(json.loads(text)))
    problems += [] if found else [path + " has no package URL"]
    problems += [purl for purl in found if PackageURL.from_string(purl).to_string() != purl]
print(json.dumps(problems))
`;

/**
 * What the published validators have to say against some bills of materials, `.cdx.json` and `.spdx.json`: schema,
 * rules, and whether each package URL is in its canonical form.
 */
export async function validateBills(paths: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await mustRun(['python3', '-c', program, ...paths], { env: environmentOf(billValidators) });
  return JSON.parse(stdout) as readonly string[];
}
