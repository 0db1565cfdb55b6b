import { mustRun } from './machine.ts';
import { environmentOf, pythonPackages } from './python-packages.ts';

/** What the in-toto project publishes for Python: the protocol buffers of statements and predicates. */
export const provenanceValidator = pythonPackages('in-toto-attestation-0.9.3', [
  'in-toto-attestation==0.9.3',
  'packageurl-python==0.17.6',
]);

/**
 * Protocol buffers refuse fields that the specification does not have, and values of another type. What SLSA 1.0 calls
 * required, and protocol buffers cannot, is asked for here in its words.
 */
const program = `
import json, sys
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement
from packageurl import PackageURL

problems = []
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    statement = json_format.Parse(text, statement_pb2.Statement())
    Statement.copy_from_pb(statement).validate()
    if statement.predicate_type != "https://slsa.dev/provenance/v1":
        problems.append("predicateType " + statement.predicate_type)
    predicate = json_format.Parse(json.dumps(json.loads(text)["predicate"]), provenance_pb2.Provenance())
    definition, details = predicate.build_definition, predicate.run_details
    for name, value in [("buildType", definition.build_type), ("externalParameters", definition.external_parameters.fields), ("builder.id", details.builder.id)]:
        if not value:
            problems.append(name + " is required")
    for descriptor in [*definition.resolved_dependencies, *details.byproducts, *details.builder.builder_dependencies]:
        ResourceDescriptor.copy_from_pb(descriptor).validate()
        if descriptor.uri.startswith("pkg:") and PackageURL.from_string(descriptor.uri).to_string() != descriptor.uri:
            problems.append(descriptor.uri)
        for algorithm, value in descriptor.digest.items():
            if len(value) != {"sha256": 64, "gitCommit": 40}[algorithm] or value.lower() != value:
                problems.append(algorithm + " " + value)
print(json.dumps(problems))
`;

/** What in-toto's own library has to say against some provenance statements; it ends with an error for what is none. */
export async function validateProvenance(paths: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await mustRun(['python3', '-c', program, ...paths], {
    env: { ...environmentOf(provenanceValidator), PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION: 'python' },
  });
  return JSON.parse(stdout) as readonly string[];
}
