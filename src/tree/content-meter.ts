import { createHash } from 'node:crypto';

import { elfHeaderLength, identifyElf } from './elf-identity.ts';
import type { TreeFile } from './tree.ts';

/** What an inventory says about the content of a file. */
export type ContentFacts = Pick<TreeFile, 'size' | 'sha256' | 'elf'>;

/** Learns what an inventory says about a file while its bytes pass by, so that nothing has to be read again. */
export class ContentMeter {
  readonly #hash = createHash('sha256');
  #size = 0;
  #head = Buffer.alloc(0);

  update(chunk: Buffer): void {
    this.#hash.update(chunk);
    this.#size += chunk.length;
    if (this.#head.length < elfHeaderLength)
      this.#head = Buffer.concat([this.#head, chunk.subarray(0, elfHeaderLength)]);
  }

  /** To be called once, after the last byte. */
  finish(): ContentFacts {
    const elf = identifyElf(this.#head);
    return { size: this.#size, sha256: this.#hash.digest('hex'), ...(elf === undefined ? {} : { elf }) };
  }
}

/** The facts of a content that is there as a whole. */
export function measure(content: Buffer): ContentFacts {
  const meter = new ContentMeter();
  meter.update(content);
  return meter.finish();
}
