import type { Diagnostic } from '../errors/diagnostic.ts';
import { renderDiagnostic } from '../errors/diagnostic.ts';
import type { LintMode } from '../lint/mode.ts';
import { OverrideTally } from '../lint/override.ts';
import type { LintOverrideSettings } from '../manifest/manifest.ts';
import type { ManifestFile } from '../manifest/read.ts';
import { linters, type PackageFormat } from '../model/format.ts';
import type { TargetOutcome } from '../pipeline/build-targets.ts';
import type { LintOrder } from '../pipeline/lint.ts';
import { linterTool } from '../plan/required-tools.ts';
import type { Reporter } from '../report/event.ts';
import { installationOf, isUsable } from '../system/tool-installer.ts';
import type { Session } from './session.ts';

/**
 * Finds out which linters there are, and says once of each that is missing what it would take.
 * @param formats of the packages of this run
 */
export async function openLinting(
  mode: LintMode,
  formats: readonly PackageFormat[],
  { ports }: Pick<Session, 'ports'>,
): Promise<LintOrder> {
  const order = { mode, tally: new OverrideTally() };
  if (mode === 'off') return { ...order, formats: new Set() };
  const usable = new Set<PackageFormat>();
  for (const format of new Set(formats)) {
    const tool = linterTool(format);
    if (await isUsable(tool, ports)) usable.add(format);
    else {
      const command = await installationOf([tool], ports);
      ports.reporter.report({
        type: 'warning',
        message: `${tool.name} is not installed: nothing looks at the ${format} packages`,
        hint:
          command === undefined ? `install ${tool.name}, or give --lint=off` : `run: ${command}; or give --lint=off`,
      });
    }
  }
  return { ...order, formats: usable };
}

/** Whether a linter that the override is for has looked at packages. */
function wasAsked({ linter }: Pick<LintOverrideSettings, 'linter'>, { formats }: LintOrder): boolean {
  return [...formats].some((format) => linter === undefined || linters[format] === linter);
}

/** An override of the manifest that no finding of the run has needed, at its place. */
function unused(manifest: ManifestFile, order: LintOrder): readonly Diagnostic[] {
  const written = manifest.written.lint?.overrides ?? [];
  return written.flatMap(({ tag, path, linter, reason }, index): readonly Diagnostic[] => {
    const settings = { tag, path, linter, reason: reason.trim() };
    if (!wasAsked(settings, order) || order.tally.isUsed(settings)) return [];
    const where = path === undefined ? '' : ` at ${path}`;
    return [
      {
        severity: 'warning',
        message: `the lint override for ${tag}${where} matches nothing`,
        file: manifest.file,
        ...manifest.places.locate(['lint', 'overrides', index]),
        hint: 'remove it; or name its linter, when it is for packages that were not built now',
      },
    ];
  });
}

/** Reports overrides that a whole run had no use for: one that left out or failed a target knows too little. */
export function reportUnusedOverrides(
  manifest: ManifestFile | undefined,
  outcomes: readonly Pick<TargetOutcome, 'built'>[],
  { order, reporter }: { readonly order: LintOrder; readonly reporter: Reporter },
): void {
  if (manifest === undefined || outcomes.some(({ built }) => built === undefined || built.kept)) return;
  for (const each of unused(manifest, order)) reporter.report({ type: 'warning', message: renderDiagnostic(each) });
}
