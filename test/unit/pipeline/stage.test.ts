import { describe, expect, it } from 'vitest';

import { labelled, runStage } from '../../../src/pipeline/stage.ts';
import type { BuildEvent, Reporter } from '../../../src/report/event.ts';

function recorder(): { readonly events: BuildEvent[]; readonly reporter: Reporter } {
  const events: BuildEvent[] = [];
  return { events, reporter: { report: (event) => void events.push(event), close: () => undefined } };
}

describe('a stage', () => {
  it('is reported when it begins, while it runs, and when it ends with what came of it', async () => {
    const { events, reporter } = recorder();
    const result = await runStage(
      reporter,
      { stage: 'gather', target: 'centos-7', summary: (count) => `${String(count)} wheels` },
      (progress) => {
        progress('half');
        return Promise.resolve(24);
      },
    );
    expect(result).toBe(24);
    const place = { stage: 'gather', target: 'centos-7' };
    expect(events).toEqual([
      { type: 'stage-started', ...place },
      { type: 'stage-progress', ...place, message: 'half' },
      { type: 'stage-finished', ...place, summary: '24 wheels', duration: expect.any(Number) as number },
    ]);
  });

  it('that fails does not count as finished', async () => {
    const { events, reporter } = recorder();
    await expect(runStage(reporter, { stage: 'lock' }, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(events).toEqual([{ type: 'stage-started', stage: 'lock' }]);
  });

  it('gives its label to what others report for it', () => {
    const { events, reporter } = recorder();
    labelled(reporter, 'centos-7').report({
      type: 'stage-progress',
      stage: 'gather',
      target: 'CentOS 7',
      message: 'm',
    });
    labelled(reporter, 'centos-7').report({ type: 'warning', message: 'w' });
    expect(events).toMatchObject([{ target: 'centos-7' }, { target: 'centos-7' }]);
  });
});
