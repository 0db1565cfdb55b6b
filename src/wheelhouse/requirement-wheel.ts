import type { FetchRequirement } from '../application/build-application.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { LockRequest } from '../lock/lock-request.ts';
import type { LockStore } from '../lock/lock-store.ts';
import type { LockPorts } from '../lock/sdist-builder.ts';
import { normalizeName } from '../python/name.ts';
import { parseRequirement } from '../python/requirement.ts';
import { gather } from './gather.ts';

/**
 * Makes the function by which `buildApplication` obtains the wheel of a requirement for one target: the whole closure
 * is locked, and the application is simply one of its distributions. The same environment serves the target later on.
 */
export function requirementFetcher(
  request: Omit<LockRequest, 'application'>,
  store: LockStore,
  ports: LockPorts,
): FetchRequirement {
  return async (requirement) => {
    const name = normalizeName(parseRequirement(requirement).name);
    const environment = await store.environmentFor({ ...request, application: { kind: 'requirement', requirement } });
    const distributions = environment.distributions.filter((distribution) => distribution.name === name);
    if (distributions.length === 0) {
      throw new CoachbuilderError('unresolvable', `"${requirement}" does not apply to ${request.platform.title}`, {
        hint: 'leave the environment marker out',
      });
    }
    const { wheels } = await gather({ ...environment, distributions }, { platform: request.platform }, ports);
    const wheel = wheels[0];
    if (wheel === undefined) throw new Error('gather left a distribution out');
    return wheel.path;
  };
}
