import type { BuildEvent, Reporter } from './event.ts';
import { formatDuration } from './format.ts';
import { eventLines, type Verbosity } from './lines.ts';

/** Where a reporter writes: standard error, in every command. */
export type Write = (text: string) => void;

/** One line for each thing that is done: for CI logs and files. */
export function plainReporter(write: Write, verbosity: Verbosity): Reporter {
  return {
    report(event) {
      for (const line of eventLines(event, verbosity)) write(`${line}\n`);
    },
    close() {
      // Every line is whole already.
    },
  };
}

/** Every event as a line of JSON, for programs that watch a build. */
export function jsonReporter(write: Write): Reporter {
  return {
    report(event) {
      write(`${JSON.stringify(event)}\n`);
    },
    close() {
      // Every line is whole already.
    },
  };
}

const clearLine = '\r\u001B[2K';
const refreshInterval = 200;

interface Running {
  readonly target: string | undefined;
  readonly label: string;
  readonly since: number;
  message: string;
}

function runningKey(event: { readonly stage: string; readonly target?: string }): string {
  return `${event.target ?? ''} ${event.stage}`;
}

/** The plain lines, and below them one that shows what is going on, since when, and what it waits for. */
export function liveReporter(write: Write, verbosity: Verbosity, columns: () => number): Reporter {
  const running = new Map<string, Running>();
  const draw = (): void => {
    if (running.size === 0 || closed) return;
    // The latest first: a narrow terminal cuts off the others.
    const texts = [...running.values()].reverse().map(({ label, message, since }) => {
      return `${label}${message === '' ? '' : `: ${message}`} … ${formatDuration(Date.now() - since)}`;
    });
    const text = texts.join(' | ');
    write(clearLine + text.slice(0, Math.max(20, columns() - 1)));
  };
  let closed = false;
  const timer = setInterval(draw, refreshInterval);
  timer.unref();
  const follow = (event: BuildEvent): void => {
    if (event.type === 'stage-started') {
      const label = `${event.target === undefined ? '' : `${event.target}: `}${event.stage}`;
      running.set(runningKey(event), { target: event.target, label, since: Date.now(), message: '' });
    } else if (event.type === 'stage-progress') {
      const stage = running.get(runningKey(event));
      if (stage !== undefined) stage.message = event.message;
    } else if (event.type === 'stage-finished') {
      running.delete(runningKey(event));
    } else if (event.type === 'target-finished') {
      // A stage that failed does not tell of its end.
      for (const [key, { target }] of running) if (target === event.target) running.delete(key);
    }
  };
  return {
    report(event) {
      follow(event);
      const lines = eventLines(event, verbosity);
      if (lines.length > 0) write((closed ? '' : clearLine) + lines.map((line) => `${line}\n`).join(''));
      draw();
    },
    close() {
      clearInterval(timer);
      if (!closed) write(clearLine);
      closed = true;
    },
  };
}
