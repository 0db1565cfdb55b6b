/** What publishing knows of time and chance; real ones come from `cli/`, tests bring their own. */
export interface Clock {
  /** Seconds since 1970, whole. */
  now(): number;
  /** @param milliseconds until the promise is kept */
  wait(milliseconds: number): Promise<void>;
  /** From 0 to below 1. */
  random(): number;
}
