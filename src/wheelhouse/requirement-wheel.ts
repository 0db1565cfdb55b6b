import { readApplication } from '../application/build-application.ts';
import type { Application } from '../application/application.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { LockRequest, RequirementSource } from '../lock/lock-request.ts';
import type { LockStore } from '../lock/lock-store.ts';
import type { LockPorts } from '../lock/sdist-builder.ts';
import { normalizeName } from '../python/name.ts';
import { parseRequirement } from '../python/requirement.ts';
import { gather } from './gather.ts';

/**
 * Obtains an application that is named by a requirement, for one target: the whole closure is locked, and the
 * application is simply one of its distributions. The same environment serves the target later on.
 * @throws CoachbuilderError `unresolvable`, and what locking and gathering throw
 */
export async function requiredApplication(
  application: RequirementSource,
  request: Omit<LockRequest, 'application'>,
  store: LockStore,
  ports: LockPorts,
): Promise<Application> {
  const { requirement } = application;
  const name = normalizeName(parseRequirement(requirement).name);
  const environment = await store.environmentFor({ ...request, application });
  const distributions = environment.distributions.filter((distribution) => distribution.name === name);
  if (distributions.length === 0) {
    throw new CoachbuilderError('unresolvable', `"${requirement}" does not apply to ${request.platform.title}`, {
      hint: 'leave the environment marker out',
    });
  }
  const { wheels } = await gather({ ...environment, distributions }, { platform: request.platform }, ports);
  const wheel = wheels[0];
  if (wheel === undefined) throw new Error('gather left a distribution out');
  return readApplication(application, { path: wheel.path, committed: undefined });
}
