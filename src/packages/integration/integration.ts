import type { Relation } from '../../manifest/manifest.ts';
import type { ContentEntry } from '../definition.ts';
import type { IntegrationPolicy } from './policy.ts';

/** What a package has for programs of the system that it is installed on. */
export interface Integration {
  readonly contents: readonly ContentEntry[];
  readonly recommends: readonly Relation[];
  readonly policy: IntegrationPolicy;
}

/** Of a package that has nothing for anybody. */
export const noIntegration: Integration = {
  contents: [],
  recommends: [],
  policy: { reloads: [], tmpfiles: undefined },
};
