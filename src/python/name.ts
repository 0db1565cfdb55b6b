const validName = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/i;

/** The one spelling of a distribution's or an extra's name for comparisons: `Zope.Interface_x` is `zope-interface-x` (PEP 503). */
export function normalizeName(name: string): string {
  return name.replace(/[-_.]+/g, '-').toLowerCase();
}

/** Whether a text can be the name of a distribution or an extra (PEP 508, "Names"). */
export function isValidName(name: string): boolean {
  return validName.test(name);
}
