import { describe, expect, it } from 'vitest';

import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import { errorText } from '../../../src/report/error-text.ts';
import type { BuildEvent } from '../../../src/report/event.ts';
import { formatCount, formatDuration, formatSize } from '../../../src/report/format.ts';
import { jsonReporter, liveReporter, plainReporter } from '../../../src/report/reporters.ts';

const finished: BuildEvent = {
  type: 'stage-finished',
  stage: 'lock',
  target: 'debian-12',
  duration: 1234,
  summary: '24 wheels',
};
const command: BuildEvent = { type: 'command-finished', command: 'uv pip compile -', exitCode: 0, duration: 800 };
const warning: BuildEvent = { type: 'warning', message: 'old', hint: 'upgrade' };

function collect(): { readonly text: () => string; readonly write: (text: string) => void } {
  const parts: string[] = [];
  return { text: () => parts.join(''), write: (text) => void parts.push(text) };
}

describe('reporters', () => {
  it('print a line for each finished stage', () => {
    const { text, write } = collect();
    plainReporter(write, 'normal').report(finished);
    expect(text()).toBe('debian-12: lock: 24 wheels, 1.2 s\n');
  });

  it('print commands only when asked to say more', () => {
    const [normal, verbose] = [collect(), collect()];
    plainReporter(normal.write, 'normal').report(command);
    plainReporter(verbose.write, 'verbose').report(command);
    expect(normal.text()).toBe('');
    expect(verbose.text()).toBe('$ uv pip compile -  (status 0, 0.8 s)\n');
  });

  it('print warnings, with what to do, even when quiet', () => {
    const { text, write } = collect();
    const reporter = plainReporter(write, 'quiet');
    reporter.report(finished);
    reporter.report(warning);
    expect(text()).toBe('warning: old\n    upgrade\n');
  });

  it('write every event as one line of JSON', () => {
    const { text, write } = collect();
    jsonReporter(write).report(finished);
    expect(JSON.parse(text())).toEqual(finished);
    expect(text().endsWith('\n')).toBe(true);
  });

  it('show on a terminal what is going on, cut to its width, and clear it at the end', () => {
    const { text, write } = collect();
    const reporter = liveReporter(write, 'normal', () => 40);
    reporter.report({ type: 'stage-started', stage: 'gather', target: 'centos-7' });
    reporter.report({ type: 'stage-progress', stage: 'gather', target: 'centos-7', message: 'x'.repeat(100) });
    const lines = text().split('\r\u001B[2K');
    reporter.close();
    expect(lines.at(-1)).toMatch(/^centos-7: gather: x+$/);
    expect(lines.at(-1)?.length).toBe(39);
    expect(text().endsWith('\r\u001B[2K')).toBe(true);
  });
});

describe('a live display that has let go of the terminal', () => {
  it('draws no more, and lets go once only', () => {
    const { text, write } = collect();
    const reporter = liveReporter(write, 'normal', () => 80);
    reporter.report({ type: 'stage-started', stage: 'lock' });
    reporter.close();
    const before = text();
    reporter.report({ type: 'stage-started', stage: 'gather' });
    reporter.report(warning);
    reporter.close();
    expect(text()).toBe(`${before}warning: old\n    upgrade\n`);
  });
});

describe('a package that was built', () => {
  it('is told by its name: its path is data, and goes to standard output', () => {
    const { text, write } = collect();
    plainReporter(write, 'normal').report({
      type: 'artifact-built',
      target: 'centos-7',
      path: '/srv/a.rpm',
      size: 1500,
    });
    expect(text()).toBe('centos-7: built a.rpm (1.5 kB)\n');
  });
});

describe('figures', () => {
  it.each([
    [400, '0.4 s'],
    [59_900, '59.9 s'],
    [125_000, '2 min 05 s'],
  ])('%i ms read as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it.each([
    [999, '999 B'],
    [1500, '1.5 kB'],
    [14_200_000, '14.2 MB'],
    [5_000_000_000_000, '5000.0 GB'],
  ])('%i bytes read as %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });
});

describe('numbers of things', () => {
  it.each([
    [0, '0 wheels'],
    [1, '1 wheel'],
    [24, '24 wheels'],
  ])('%i: %s', (count, text) => {
    expect(formatCount(count, 'wheel')).toBe(text);
  });
});

describe('the text of an error', () => {
  it('has the problems first, then the sentence, causes and facts, and last what to do', () => {
    const error = new CoachbuilderError('manifest-invalid', 'the manifest has 1 problem', {
      diagnostics: [
        {
          severity: 'error',
          message: 'unknown key "nmae"',
          file: 'coachbuilder.yaml',
          line: 3,
          column: 5,
          hint: 'Did you mean "name"?',
        },
      ],
      details: ['a fact'],
      hint: 'correct it',
      cause: new Error('low', { cause: new Error('lower') }),
    });
    expect(errorText(error)).toBe(
      [
        'coachbuilder.yaml:3:5: error: unknown key "nmae"',
        '    Did you mean "name"?',
        'error[manifest-invalid]: the manifest has 1 problem',
        '  caused by: low',
        '  caused by: lower',
        '  a fact',
        '',
        'hint: correct it',
      ].join('\n'),
    );
  });
});

describe('several targets at once', () => {
  it('are all shown, the latest first, and one that failed no more', () => {
    const { text, write } = collect();
    const reporter = liveReporter(write, 'normal', () => 200);
    const last = (): string => text().split('\r\u001B[2K').at(-1) ?? '';
    reporter.report({ type: 'stage-started', stage: 'package', target: 'rocky-9' });
    reporter.report({ type: 'stage-started', stage: 'lock', target: 'debian-12' });
    expect(last()).toMatch(/^debian-12: lock … \d\.\d s \| rocky-9: package … \d\.\d s$/);
    reporter.report({ type: 'target-finished', target: 'debian-12', outcome: 'failed', duration: 1500 });
    expect(text()).toContain('debian-12: failed after 1.5 s\n');
    expect(last()).toMatch(/^rocky-9: package … \d\.\d s$/);
    reporter.close();
  });

  it('say when nothing was done for one', () => {
    const { text, write } = collect();
    const reporter = plainReporter(write, 'normal');
    reporter.report({ type: 'target-finished', target: 'rocky-9', outcome: 'kept', duration: 1 });
    reporter.report({ type: 'target-finished', target: 'alma-9', outcome: 'built', duration: 1 });
    expect(text()).toBe('rocky-9: kept, its packages are there from an earlier run\n');
  });
});
