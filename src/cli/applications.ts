import type { Application } from '../application/application.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { LockStore } from '../lock/lock-store.ts';
import { platformOf } from '../lock/platform.ts';
import { interpreterCandidates } from '../lock/requires-python.ts';
import type { LockPorts } from '../lock/sdist-builder.ts';
import type { Progress } from '../pipeline/stage.ts';
import { interpreterOf, type TargetChoice } from '../plan/plan-build.ts';
import { ApplicationWheels } from '../wheelhouse/application-wheels.ts';
import { requiredApplication } from '../wheelhouse/requirement-wheel.ts';
import { normalizeOrder, nothingKnown, type Order } from './order.ts';
import type { World } from './world.ts';

/** What obtaining the application takes. */
export interface ApplicationJob {
  readonly order: Order;
  readonly choices: readonly TargetChoice[];
  readonly lock: LockStore;
  /** With the user's indexes and credentials. */
  readonly ports: LockPorts;
  /** Whether the other targets are built when there is no application for one. */
  readonly keepGoing: boolean;
  readonly world: World;
}

function keyOf({ distribution, architecture }: TargetChoice): string {
  return `${distribution.id}/${architecture}`;
}

/** The application as it is for each target, or why it is not there for one. */
export class Applications {
  readonly #results: ReadonlyMap<string, Application | CoachbuilderError>;

  constructor(results: ReadonlyMap<string, Application | CoachbuilderError>) {
    this.#results = results;
  }

  has(choice: TargetChoice): boolean {
    return this.byTarget.has(keyOf(choice));
  }

  /** @throws CoachbuilderError when there is none for the target */
  for(choice: TargetChoice): Application {
    const result = this.#results.get(keyOf(choice));
    if (result === undefined) throw new Error(`Internal error: no application for ${keyOf(choice)}`);
    if (result instanceof CoachbuilderError) throw result;
    return result;
  }

  /** That for a target, else that for another one: what a target without an application is planned with. */
  knownFor(choice: TargetChoice): Application {
    const result = this.#results.get(keyOf(choice));
    const [first] = this.byTarget.values();
    if (result === undefined || result instanceof CoachbuilderError) return first ?? this.for(choice);
    return result;
  }

  /** By `distribution/architecture`; only where there is one. */
  get byTarget(): ReadonlyMap<string, Application> {
    const found = [...this.#results].filter(
      (entry): entry is [string, Application] => !(entry[1] instanceof CoachbuilderError),
    );
    return new Map(found);
  }
}

/** How an application is obtained for one target. */
type Obtain = (choice: TargetChoice) => Promise<Application>;

function obtainer({ order, lock, ports, world }: ApplicationJob): Obtain {
  const { source, table } = order;
  const candidates = interpreterCandidates(table);
  const wheels = source.kind === 'requirement' ? undefined : new ApplicationWheels({ source, candidates, ports });
  return async ({ distribution, architecture }) => {
    const { python, prefix } = normalizeOrder(order, nothingKnown, distribution, world);
    const interpreter = interpreterOf({ python, prefix }, distribution, architecture);
    const platform = platformOf({ distribution, interpreter, architecture });
    if (wheels !== undefined) return wheels.forTarget(platform);
    if (source.kind !== 'requirement') throw new Error('Internal error: a source that is nowhere');
    return requiredApplication(source, { platform, python }, lock, ports);
  };
}

/**
 * Obtains the application for every target: for a requirement each may get another version, and what has to be compiled
 * is another wheel for each.
 * @throws CoachbuilderError for the first target that gets none; with `keepGoing` only when no target gets one
 */
export async function obtainApplications(job: ApplicationJob, progress: Progress): Promise<Applications> {
  const obtain = obtainer(job);
  const results = new Map<string, Application | CoachbuilderError>();
  for (const choice of job.choices) {
    if (job.choices.length > 1) progress(`for ${choice.distribution.title}`);
    try {
      results.set(keyOf(choice), await obtain(choice));
    } catch (error) {
      if (!job.keepGoing || !(error instanceof CoachbuilderError)) throw error;
      results.set(keyOf(choice), error);
    }
  }
  const applications = new Applications(results);
  const [first] = job.choices;
  if (applications.byTarget.size === 0 && first !== undefined) applications.for(first);
  return applications;
}
