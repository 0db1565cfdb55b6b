import { describe, expect, it } from 'vitest';

import { Slots, slotsFor } from '../../../src/pipeline/slots.ts';

const gibibyte = 1024 ** 3;

describe('the number of slots', () => {
  it.each([
    [{ cores: 8, memory: 64 * gibibyte }, 8],
    [{ cores: 8, memory: 3.5 * gibibyte }, 3],
    [{ cores: 2, memory: 0.2 * gibibyte }, 1],
    [{ cores: 1, memory: 64 * gibibyte }, 1],
  ])('of %j is %i', (capacity, count) => {
    expect(slotsFor(capacity)).toBe(count);
  });
});

/** An action that ends when it is told to. */
function gate(): { readonly promise: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

describe('slots', () => {
  it('run no more at once than there are, and lower orders first', async () => {
    const slots = new Slots(2);
    const begun: string[] = [];
    const gates = new Map(['a', 'b', 'c', 'd', 'e'].map((name) => [name, gate()]));
    const start = (name: string, order: number): Promise<string> =>
      slots.run(order, async () => {
        begun.push(name);
        await gates.get(name)?.promise;
        return name;
      });
    const all = [start('a', 5), start('b', 5), start('c', 3), start('d', 1), start('e', 3)];
    await settle();
    expect(begun).toEqual(['a', 'b']);
    gates.get('b')?.open();
    await settle();
    expect(begun).toEqual(['a', 'b', 'd']);
    gates.get('a')?.open();
    gates.get('d')?.open();
    await settle();
    expect(begun).toEqual(['a', 'b', 'd', 'c', 'e']);
    for (const { open } of gates.values()) open();
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('are free again after a failure', async () => {
    const slots = new Slots(1);
    const failing = slots.run(0, () => Promise.reject(new Error('no')));
    const next = slots.run(1, () => Promise.resolve('yes'));
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
    expect(await slots.run(0, () => Promise.resolve('again'))).toBe('again');
  });
});
