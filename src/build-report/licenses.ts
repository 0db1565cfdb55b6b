import type { BillOfMaterials, Component } from '../sbom/bill.ts';
import { suggestLicense, type License } from '../sbom/license.ts';

/** A licence as the page names it. */
export interface ShownLicense {
  readonly kind: License['kind'];
  /** One line. */
  readonly text: string;
  /** What is to be said about it; empty for an SPDX expression. */
  readonly remark: string;
}

/** A licence, and what is under it. */
export interface LicenseCount extends ShownLicense {
  /** `numpy 2.1.0`, in the order of the bill. */
  readonly parts: readonly string[];
}

const longest = 100;

export function showLicense(license: License): ShownLicense {
  switch (license.kind) {
    case 'spdx':
      return { kind: license.kind, text: license.expression, remark: '' };
    case 'text': {
      const line = license.text.trim().split('\n', 1)[0]?.trim() ?? '';
      const signs = Array.from(line);
      const text = signs.length > longest ? `${signs.slice(0, longest).join('')}…` : line;
      const near = suggestLicense(license.text);
      const remark = `not an SPDX expression${near === undefined ? '' : `; perhaps ${near} is meant`}`;
      return { kind: license.kind, text, remark };
    }
    case 'unknown':
      return { kind: license.kind, text: 'unknown', remark: 'the metadata names none' };
  }
}

/** A bundled interpreter has licences of its own, in files; no metadata tells them. */
export function licenseOfComponent({ kind, license }: Pick<Component, 'kind' | 'license'>): ShownLicense {
  const shown = showLicense(license);
  return kind === 'interpreter' && license.kind === 'unknown'
    ? { ...shown, remark: "the licence files of the interpreter's archive tell" }
    : shown;
}

/** What is under which licence: what is unknown first, then what is not SPDX, then the most frequent. */
export function countLicenses({ components }: Pick<BillOfMaterials, 'components'>): readonly LicenseCount[] {
  const found = new Map<string, LicenseCount>();
  for (const component of components) {
    const shown = licenseOfComponent(component);
    const key = JSON.stringify(shown);
    const parts = [...(found.get(key)?.parts ?? []), `${component.name} ${component.version}`];
    found.set(key, { ...shown, parts });
  }
  const rank = { unknown: 0, text: 1, spdx: 2 } as const satisfies Record<License['kind'], number>;
  return [...found.values()].sort(
    (a, b) => rank[a.kind] - rank[b.kind] || b.parts.length - a.parts.length || (a.text < b.text ? -1 : 1),
  );
}
