import type { Readable } from 'node:stream';

/** Hands out the bytes of a stream in the pieces that are asked for. */
export class Pieces {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#chunks = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  /** @returns fewer bytes than asked for only at the end */
  async take(size: number): Promise<Buffer> {
    const parts: Buffer[] = [this.#rest];
    let length = this.#rest.length;
    while (length < size) {
      const next = await this.#chunks.next();
      if (next.done === true) break;
      parts.push(next.value);
      length += next.value.length;
    }
    const whole = parts.length === 1 ? this.#rest : Buffer.concat(parts, length);
    this.#rest = whole.subarray(size);
    return whole.subarray(0, size);
  }
}
