/** Keys and list positions from the top of the manifest. */
export type ManifestPath = readonly (string | number)[];

/** Lines and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Place {
  /** Where the key stands; a list's entry has none. */
  readonly key?: Position;
  readonly value?: Position;
  /** A plain value as it was written, which the parsed value does not tell: `0640`, `1.10`. */
  readonly source?: string;
}

/** Where everything in a manifest stands. */
export class Places {
  readonly #places = new Map<string, Place>();

  /** Remembers a place; of two for the same path the first one stays. */
  add(path: ManifestPath, place: Place): void {
    const name = JSON.stringify(path);
    if (!this.#places.has(name)) this.#places.set(name, place);
  }

  /**
   * Where something stands; what is not written stands where the nearest thing around it does.
   * @param part of a key with a value, which of the two is meant
   */
  locate(path: ManifestPath, part: 'key' | 'value' = 'value'): Position {
    for (let length = path.length; length >= 0; length -= 1) {
      const place = this.#places.get(JSON.stringify(path.slice(0, length)));
      // What surrounds a missing thing is best shown by its key: its value may be many lines long.
      const wanted = length === path.length ? part : 'key';
      const position = wanted === 'key' ? (place?.key ?? place?.value) : (place?.value ?? place?.key);
      if (position !== undefined) return position;
    }
    return { line: 1, column: 1 };
  }

  /** The text of a plain value, as written. */
  source(path: ManifestPath): string | undefined {
    return this.#places.get(JSON.stringify(path))?.source;
  }
}
