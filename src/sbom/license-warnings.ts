import { formatCount } from '../report/format.ts';
import type { BillOfMaterials } from './bill.ts';
import { suggestLicense } from './license.ts';

export interface LicenseWarning {
  readonly message: string;
  readonly hint: string;
}

/** A licence text may be long. */
function shown(text: string): string {
  const line = text.trim().split('\n', 1)[0]?.trim() ?? '';
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}

/**
 * What is doubtful about the licences of a package's parts: those that are not SPDX expressions, one warning for each
 * text, and those that nobody states.
 */
export function licenseWarnings({ components }: Pick<BillOfMaterials, 'components'>): readonly LicenseWarning[] {
  const byText = new Map<string, { readonly text: string; readonly titles: string[] }>();
  const unknown: string[] = [];
  for (const { kind, license, name, version } of components) {
    // Nothing that has metadata tells the licence of an interpreter.
    if (kind === 'interpreter') continue;
    const title = `${name} ${version}`;
    if (license.kind === 'unknown') unknown.push(title);
    if (license.kind !== 'text') continue;
    // Whole licence texts differ in names and years, and are told by their first line.
    const key = shown(license.text);
    const alike = byText.get(key);
    if (alike === undefined) byText.set(key, { text: license.text, titles: [title] });
    else alike.titles.push(title);
  }
  const warnings = [...byText.values()].map(({ text, titles }): LicenseWarning => {
    const near = suggestLicense(text);
    return {
      message: `the licence of ${titles.join(', ')}, "${shown(text)}", is not an SPDX expression`,
      hint: near === undefined ? 'the bill of materials has it as it is written' : `perhaps "${near}" is meant`,
    };
  });
  if (unknown.length === 0) return warnings;
  const message = `${formatCount(unknown.length, 'distribution')} without a licence in the metadata: ${unknown.join(', ')}`;
  return [...warnings, { message, hint: 'look at their sources; the bill of materials says that nothing is known' }];
}
