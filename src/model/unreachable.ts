/** Ends a switch over a union; the compiler refuses the call when a member was forgotten. */
export function unreachable(value: never): never {
  throw new Error(`Internal error: unexpected value ${JSON.stringify(value)}`);
}
