import type { Application } from '../application/application.ts';
import type { History } from '../documents/history.ts';
import type { InterpreterCandidate } from '../lock/requires-python.ts';
import type { LockedEnvironment } from '../lock/lock.ts';
import type { LockStore } from '../lock/lock-store.ts';
import type { LockPorts } from '../lock/sdist-builder.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import type { LintOrder } from './lint.ts';
import type { RunFacts } from '../provenance/facts.ts';
import type { SbomFormat } from '../sbom/bill.ts';
import type { Wheelhouse } from '../wheelhouse/wheelhouse.ts';
import { type Destination } from './destination.ts';
import { type FinishedTargets } from './finished.ts';
import type { SharedTrees } from './shared-trees.ts';
import type { Slots } from './slots.ts';

/** What all targets of one run share. */
export interface TargetBuild {
  /** The application as the target gets it: one that an index offers may differ between targets. */
  readonly applicationFor: (target: BuildTarget) => Application;
  readonly lock: LockStore;
  /** Other distributions' interpreters, for the advice of an error. */
  readonly candidates: readonly InterpreterCandidate[];
  /** Whether wheels can be found without the network. */
  readonly hasLocalFiles: boolean;
  readonly destination: Destination;
  /** SOURCE_DATE_EPOCH, seconds. */
  readonly epoch: number;
  /** Absolute; records stay in it, trees only when `keepTrees` says so. */
  readonly runDirectory: string;
  readonly keepTrees: boolean;
  /** Absolute paths of this machine that no package may name. */
  readonly buildPaths: readonly string[];
  readonly home: string | undefined;
  readonly trees: SharedTrees;
  /** Limits how many targets are laid out and packaged at once. */
  readonly slots: Slots;
  readonly finished: FinishedTargets;
  /** Whether targets that are finished already are left as they are. */
  readonly resume: boolean;
  /** Bills of materials that are written beside the main package. */
  readonly sbom: readonly SbomFormat[];
  /** Warnings about licences that were given already. */
  readonly told: Set<string>;
  /** Whether a page about the build is written beside the main package. */
  readonly report: boolean;
  readonly lint: LintOrder;
  /** Tells what all provenance statements have in common, once every target is locked; undefined when none are written. */
  readonly provenance: (() => Promise<RunFacts>) | undefined;
  /** Which Coachbuilder this is; packages of another one are not taken for finished. */
  readonly program: string;
  readonly ports: LockPorts;
}

/** What the main package of a target is made of. */
export interface TargetContent {
  readonly target: BuildTarget;
  readonly environment: LockedEnvironment;
  readonly wheelhouse: Wheelhouse;
  /** What the changelogs tell. */
  readonly history: History;
}
