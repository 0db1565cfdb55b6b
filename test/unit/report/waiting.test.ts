import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { BuildEvent, Reporter } from '../../../src/report/event.ts';
import { eventLines } from '../../../src/report/lines.ts';
import { whileWaiting } from '../../../src/report/waiting.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('waiting', () => {
  const begin = (): { readonly events: BuildEvent[]; readonly end: () => Promise<string> } => {
    const events: BuildEvent[] = [];
    const reporter: Reporter = { report: (event) => void events.push(event), close: () => undefined };
    let finish: (value: string) => void = () => undefined;
    const action = new Promise<string>((resolve) => {
      finish = resolve;
    });
    const what = 'the index https://index.example.com/simple/';
    const result = whileWaiting({ reporter, stage: 'lock', target: 'rocky-9', what }, () => action);
    const end = async (): Promise<string> => {
      finish('done');
      return result;
    };
    return { events, end };
  };

  it('is told after three seconds, and then every half minute, in normal logs, too', async () => {
    const { events, end } = begin();
    await vi.advanceTimersByTimeAsync(2_900);
    expect(events).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(events.flatMap((event) => eventLines(event, 'normal'))).toEqual([
      'rocky-9: lock: waiting for the index https://index.example.com/simple/ since 3.0 s',
    ]);
    expect(events.flatMap((event) => eventLines(event, 'quiet'))).toEqual([]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(events).toHaveLength(2);
    expect(await end()).toBe('done');
    await vi.advanceTimersByTimeAsync(120_000);
    expect(events).toHaveLength(2);
  });

  it('is not worth a word when it is short', async () => {
    const { events, end } = begin();
    await vi.advanceTimersByTimeAsync(1_000);
    await end();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(events).toEqual([]);
  });
});
