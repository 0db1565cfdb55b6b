interface Waiting {
  readonly order: number;
  readonly start: () => void;
}

/** What one package that is being written takes at most, in bytes: a compressor with a few threads, and what Node keeps. */
const memoryOfOne = 1024 ** 3;

/** How much a machine can do at once. */
export interface Capacity {
  readonly cores: number;
  /** Bytes that are free. */
  readonly memory: number;
}

/** How many targets are laid out or written at once: one a core, as far as the memory goes, and never none. */
export function slotsFor({ cores, memory }: Capacity): number {
  return Math.max(1, Math.min(cores, Math.floor(memory / memoryOfOne)));
}

/**
 * A limit on what is done at once. Who waits gets a slot by its order, not by its arrival: what the request names first
 * is finished before later targets are begun, so that little lies about half-done.
 */
export class Slots {
  #free: number;
  readonly #waiting: Waiting[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Runs an action in a slot, waiting for one if need be. Lower orders go first, equal ones by arrival. */
  async run<Result>(order: number, action: () => Promise<Result>): Promise<Result> {
    await this.#take(order);
    try {
      return await action();
    } finally {
      this.#release();
    }
  }

  async #take(order: number): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((start) => {
      const place = this.#waiting.findIndex((other) => other.order > order);
      this.#waiting.splice(place === -1 ? this.#waiting.length : place, 0, { order, start });
    });
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next.start();
  }
}
