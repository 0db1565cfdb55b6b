import type { Reporter, StageName } from '../report/event.ts';

/** What a stage may tell while it runs. */
export type Progress = (message: string) => void;

export interface StageOptions<Result> {
  readonly stage: StageName;
  /** The label of the target; absent for what is done once for all. */
  readonly target?: string;
  /** What came of it, in a few words. */
  readonly summary?: (result: Result) => string;
}

/** Runs a stage between the events that say when it began and how long it took. A failure is told by whoever catches it. */
export async function runStage<Result>(
  reporter: Reporter,
  options: StageOptions<Result>,
  action: (progress: Progress) => Promise<Result>,
): Promise<Result> {
  const { stage } = options;
  const place = options.target === undefined ? { stage } : { stage, target: options.target };
  const started = performance.now();
  reporter.report({ type: 'stage-started', ...place });
  const result = await action((message) => {
    reporter.report({ type: 'stage-progress', ...place, message });
  });
  const summary = options.summary === undefined ? {} : { summary: options.summary(result) };
  reporter.report({ type: 'stage-finished', ...place, duration: performance.now() - started, ...summary });
  return result;
}

/** A reporter for what a stage calls: it names the target as all of our reports do, whatever the callee calls it. */
export function labelled(reporter: Reporter, target: string): Reporter {
  return {
    report: (event) => {
      reporter.report(event.type === 'command-finished' ? event : { ...event, target });
    },
    close: () => {
      reporter.close();
    },
  };
}
