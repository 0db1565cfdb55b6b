import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { PackageFormat } from '../model/format.ts';

const rules = {
  /** Debian Policy 5.6.1: lower case letters, digits, `+`, `-` and `.`; at least two, the first one alphanumeric. */
  deb: { pattern: /^[a-z0-9][a-z0-9+.-]+$/, text: 'lower case letters, digits, "+", "-" and "."' },
  /** What rpm's spec parser accepts in Name, without the macro characters `%{}`. */
  rpm: { pattern: /^[A-Za-z0-9_.][A-Za-z0-9_.+-]*$/, text: 'letters, digits, "_", "+", "-" and "."' },
} as const satisfies Record<PackageFormat, { readonly pattern: RegExp; readonly text: string }>;

/**
 * The name of a package as its format spells it: Debian's are lower case and know no underscore.
 * @throws CoachbuilderError `manifest-invalid` when no such spelling exists
 */
export function formatPackageName(format: PackageFormat, name: string): string {
  const spelled = format === 'deb' ? name.toLowerCase().replace(/[_\s]+/g, '-') : name;
  if (rules[format].pattern.test(spelled)) return spelled;
  throw new CoachbuilderError('manifest-invalid', `${JSON.stringify(name)} is no name for a ${format} package`, {
    hint: `use ${rules[format].text} only`,
  });
}
