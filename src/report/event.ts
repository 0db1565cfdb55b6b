/** The stages of a build, in the order in which a target passes through them. */
export const stageNames = [
  'set-up',
  'application',
  'lock',
  'gather',
  'interpreter',
  'assemble',
  'slim',
  'bytecode',
  'inspect',
  'health',
  'package',
  'lint',
  'reproduce',
  'test',
  'publish',
] as const;

export type StageName = (typeof stageNames)[number];

/** What happens during a build. Events carry names and numbers, never the nouns of a stage. */
export type BuildEvent =
  | { readonly type: 'stage-started'; readonly stage: StageName; readonly target?: string }
  | {
      readonly type: 'stage-progress';
      readonly stage: StageName;
      readonly target?: string;
      readonly message: string;
      /** Whether it is said because something takes unusually long. */
      readonly slow?: true;
    }
  | {
      readonly type: 'stage-finished';
      readonly stage: StageName;
      readonly target?: string;
      /** Milliseconds. */
      readonly duration: number;
      /** What came of it, in a few words. */
      readonly summary?: string;
    }
  | { readonly type: 'warning'; readonly message: string; readonly hint?: string; readonly target?: string }
  | {
      readonly type: 'command-finished';
      readonly command: string;
      readonly exitCode: number;
      readonly duration: number;
    }
  | {
      readonly type: 'target-finished';
      readonly target: string;
      /** `kept`: an earlier run has made the packages. */
      readonly outcome: 'built' | 'kept' | 'failed';
      /** Milliseconds. */
      readonly duration: number;
    }
  | { readonly type: 'artifact-built'; readonly target: string; readonly path: string; readonly size: number };

/** Where stages say what they do; reporters print it. */
export interface Reporter {
  report(event: BuildEvent): void;
  /** Called at the end, so that a live display lets go of the terminal; a second call changes nothing. */
  close(): void;
}
