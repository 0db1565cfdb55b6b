/** Compares dotted numbers part by part: 2.4 is older than 2.17, and 3 as old as 3.0. What is no number counts as 0. */
export function compareDotted(left: string, right: string): number {
  const numbers = (text: string): readonly number[] => text.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const [a, b] = [numbers(left), numbers(right)];
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
