import { describe, expect, it } from 'vitest';

import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import { unfinished } from '../../../src/publication/apply.ts';
import type { ChangeOutcome } from '../../../src/publication/change-place.ts';
import type { BuildEvent } from '../../../src/report/event.ts';

const place = { layout: 'flat', root: 'debian/12/amd64', suite: 'bookworm' } as ChangeOutcome['place'];
const done = [{ place } as ChangeOutcome];

function end(error: unknown, outcomes: readonly ChangeOutcome[]): { thrown: unknown; events: readonly BuildEvent[] } {
  const events: BuildEvent[] = [];
  const reporter = { report: (event: BuildEvent) => events.push(event), close: () => undefined };
  return { thrown: unfinished(error, outcomes, reporter), events };
}

describe('a publication that ends before its time', () => {
  const advice = 'the same command finishes what is left; clients work on with what is published';

  it('names what is finished with its failure', () => {
    const failure = new CoachbuilderError('store-unavailable', 'it does not answer');
    const { thrown, events } = end(failure, done);
    expect(thrown).toMatchObject({ code: 'store-unavailable', details: ['finished: debian/12/amd64', advice] });
    expect(events).toEqual([]);
    // The head may have been exchanged before the failure: nobody says that nothing was published.
    expect(end(failure, []).thrown).toMatchObject({ details: ['no repository was finished', advice] });
  });

  it('names it, too, when it was interrupted', () => {
    const interruption = new DOMException('This operation was aborted', 'AbortError');
    const { thrown, events } = end(interruption, done);
    expect(thrown).toBe(interruption);
    expect(events).toEqual([{ type: 'warning', message: `finished: debian/12/amd64; ${advice}` }]);
  });
});
