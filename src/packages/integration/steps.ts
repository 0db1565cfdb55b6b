import type { IntegrationPolicy } from './policy.ts';
import type { TmpfilesDirectory } from './tmpfiles.ts';

/** What scripts do for programs of the system; each kind has a template of the same name in `spec-templates/shell/`. */
export type IntegrationStep =
  | { readonly kind: 'create-tmpfiles'; readonly file: string; readonly directories: readonly TmpfilesDirectory[] }
  | { readonly kind: 'create-directories'; readonly directories: readonly TmpfilesDirectory[] }
  | { readonly kind: 'remove-tmpfiles'; readonly directories: readonly TmpfilesDirectory[] }
  | { readonly kind: 'reload-rsyslog' }
  | { readonly kind: 'reload-firewalld' };

/** When something is done for programs of the system; `create-tmpfiles` stands for either way of making directories. */
export const integrationMoments = ['create-tmpfiles', 'remove-tmpfiles', 'reload-rsyslog', 'reload-firewalld'] as const;
export type IntegrationMoment = (typeof integrationMoments)[number];

/** The steps of a moment; none of them can fail an installation. */
export function integrationSteps(
  moment: IntegrationMoment,
  { reloads, tmpfiles }: IntegrationPolicy,
): readonly IntegrationStep[] {
  const directories = tmpfiles?.directories ?? [];
  switch (moment) {
    case 'create-tmpfiles':
      if (tmpfiles?.file !== undefined) return [{ kind: moment, file: tmpfiles.file, directories }];
      return directories.length === 0 ? [] : [{ kind: 'create-directories', directories }];
    case 'remove-tmpfiles': {
      // A directory is empty only after those in it are gone.
      const inwards = directories.toSorted((a, b) => b.path.length - a.path.length);
      return inwards.length === 0 ? [] : [{ kind: moment, directories: inwards }];
    }
    case 'reload-rsyslog':
      return reloads.includes('rsyslog') ? [{ kind: moment }] : [];
    case 'reload-firewalld':
      return reloads.includes('firewalld') ? [{ kind: moment }] : [];
  }
}
