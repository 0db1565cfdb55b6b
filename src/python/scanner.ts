import { CoachbuilderError } from '../errors/coachbuilder-error.ts';

/** Reads one line of text from left to right; every complaint names the column. */
export class Scanner {
  readonly #text: string;
  /** What the text is meant to be, for messages: `requirement`, `marker`. */
  readonly #kind: string;
  #position = 0;

  constructor(text: string, kind: string) {
    this.#text = text;
    this.#kind = kind;
  }

  get position(): number {
    return this.#position;
  }

  get atEnd(): boolean {
    return this.#position === this.#text.length;
  }

  skipSpace(): void {
    this.take(/\s+/y);
  }

  /**
   * Takes what a sticky expression matches here.
   * @returns undefined, without moving, when it does not match
   */
  take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#position;
    const match = expression.exec(this.#text);
    if (match === null) return undefined;
    this.#position = expression.lastIndex;
    return match;
  }

  /** Takes what a sticky expression matches, or fails naming what was expected. */
  expect(expression: RegExp, expected: string): RegExpExecArray {
    return this.take(expression) ?? this.fail(`expected ${expected}`);
  }

  /** @throws CoachbuilderError `requirement-invalid`, always */
  fail(problem: string, position = this.#position): never {
    throw new CoachbuilderError(
      'requirement-invalid',
      `invalid ${this.#kind} "${this.#text}": column ${String(position + 1)}: ${problem}`,
      { details: [this.#text, `${' '.repeat(position)}^`] },
    );
  }
}
