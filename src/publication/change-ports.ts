import type { IndexFormat } from '../repository/index-format.ts';
import type { Reporter } from '../report/event.ts';
import type { Signer, Verifier } from '../signing/signer.ts';
import type { ObjectReader, ObjectStore } from '../store/object-store.ts';
import type { Clock } from './clock.ts';

/** What a change of a place works with. */
export interface ChangePorts {
  readonly store: ObjectStore;
  /** The format of the place: apt's or yum's. */
  readonly format: IndexFormat;
  readonly signer: Signer;
  readonly verifier: Verifier;
  /** The public address of the store, read without credentials; undefined when there is none that could be asked. */
  readonly publicReader: ObjectReader | undefined;
  readonly clock: Clock;
  readonly reporter: Reporter;
}
