import { basename } from 'node:path';

import { unreachable } from '../model/unreachable.ts';
import type { BuildEvent } from './event.ts';
import { formatDuration, formatSize } from './format.ts';

export type Verbosity = 'quiet' | 'normal' | 'verbose';

function place(target: string | undefined): string {
  return target === undefined ? '' : `${target}: `;
}

/**
 * The lines that an event is worth at a verbosity, for a log that only grows: a CI log, a file, or what stays on a
 * terminal above the live line.
 */
export function eventLines(event: BuildEvent, verbosity: Verbosity): readonly string[] {
  switch (event.type) {
    case 'stage-started':
      return [];
    case 'stage-progress':
      if (event.slow === true && verbosity === 'quiet') return [];
      return verbosity === 'verbose' || event.slow === true
        ? [`${place(event.target)}${event.stage}: ${event.message}`]
        : [];
    case 'stage-finished': {
      if (verbosity === 'quiet') return [];
      const summary = event.summary === undefined ? '' : `${event.summary}, `;
      return [`${place(event.target)}${event.stage}: ${summary}${formatDuration(event.duration)}`];
    }
    case 'warning':
      return [
        `${place(event.target)}warning: ${event.message}`,
        ...(event.hint === undefined ? [] : [`    ${event.hint}`]),
      ];
    case 'command-finished':
      if (verbosity !== 'verbose') return [];
      return [`$ ${event.command}  (status ${String(event.exitCode)}, ${formatDuration(event.duration)})`];
    case 'target-finished':
      if (verbosity === 'quiet' || event.outcome === 'built') return [];
      return event.outcome === 'kept'
        ? [`${event.target}: kept, its packages are there from an earlier run`]
        : [`${event.target}: failed after ${formatDuration(event.duration)}`];
    case 'artifact-built':
      return verbosity === 'quiet'
        ? []
        : [`${event.target}: built ${basename(event.path)} (${formatSize(event.size)})`];
    default:
      return unreachable(event);
  }
}
