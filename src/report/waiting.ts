import type { Reporter, StageName } from './event.ts';
import { formatDuration } from './format.ts';

/** Milliseconds after which it is said what something waits for, and then how often again. */
const patience = { first: 3_000, again: 30_000 } as const;

export interface Wait {
  readonly reporter: Reporter;
  readonly stage: StageName;
  readonly target?: string;
  /** What is waited for: `the index https://…`. */
  readonly what: string;
}

/** Runs an action and says, when it does not end within a few seconds, what is waited for, and since when. */
export async function whileWaiting<Result>(wait: Wait, action: () => Promise<Result>): Promise<Result> {
  const { reporter, stage, target, what } = wait;
  const started = performance.now();
  let timer: NodeJS.Timeout;
  const tell = (): void => {
    const elapsed = formatDuration(performance.now() - started);
    const place = target === undefined ? { stage } : { stage, target };
    reporter.report({ type: 'stage-progress', ...place, message: `waiting for ${what} since ${elapsed}`, slow: true });
    timer = setTimeout(tell, patience.again);
    timer.unref();
  };
  timer = setTimeout(tell, patience.first);
  timer.unref();
  try {
    return await action();
  } finally {
    clearTimeout(timer);
  }
}
