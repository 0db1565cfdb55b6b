import { defineDistributions } from '../distributions/define.ts';
import { builtInDistributions, type DistributionTable } from '../distributions/table.ts';
import type { Diagnostic } from '../errors/diagnostic.ts';
import { arrangeDiagnostics, toDiagnostic, type Finding } from './finding.ts';
import type { ParsedText } from './parse.ts';
import { checkRules } from './rules.ts';
import type { WrittenManifest } from './schema.ts';
import { readShape } from './shape.ts';
import type { SourceContext } from './source-files.ts';

export interface CheckedManifest {
  /** To be used only when no diagnostic is an error. */
  readonly written: WrittenManifest;
  /** Every error and warning, in the order of the file. */
  readonly diagnostics: readonly Diagnostic[];
  /** The distributions that we know, with the manifest's own. */
  readonly distributions: DistributionTable;
}

export interface CheckContext extends SourceContext {
  /** As diagnostics are to name it. */
  readonly file: string;
}

/** Finds all that is wrong with a parsed manifest: shape, distributions and rules. */
export function checkManifest(parsed: ParsedText, context: CheckContext): CheckedManifest {
  if (parsed.value === undefined) {
    return { written: {}, diagnostics: parsed.diagnostics, distributions: builtInDistributions() };
  }
  const { written, complete, findings } = readShape(parsed.value, parsed.places);
  const defined = defineDistributions(written.distributions ?? {}, builtInDistributions());
  const distributionFindings = complete
    ? defined.problems.map(({ path, ...problem }): Finding => ({
        severity: 'error',
        path: ['distributions', ...path],
        part: 'key',
        ...problem,
      }))
    : [];
  const ruleFindings = checkRules({ ...context, written, complete, distributions: defined.table });
  const located = [...findings, ...distributionFindings, ...ruleFindings].map((finding) =>
    toDiagnostic(finding, context.file, parsed.places),
  );
  return {
    written,
    diagnostics: arrangeDiagnostics([...parsed.diagnostics, ...located]),
    distributions: defined.table,
  };
}
