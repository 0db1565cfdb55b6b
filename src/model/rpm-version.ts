/** What rpm takes for a part of a version: a run of digits, a run of letters, or one of its two signs; the rest separates. */
const partPattern = /~|\^|[0-9]+|[A-Za-z]+/g;

function compareStrings(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

/** Numbers of any length, as digits without leading zeros: the longer one is larger. */
function compareDigits(left: string, right: string): number {
  const [a, b] = [left.replace(/^0+/, ''), right.replace(/^0+/, '')];
  return a.length - b.length || compareStrings(a, b);
}

function isNumber(part: string): boolean {
  return /^[0-9]/.test(part);
}

/** One part against another, or against the end: `~` is before the end, `^` just after it, all else later. */
function rank(part: string | undefined): number {
  if (part === '~') return 0;
  if (part === undefined) return 1;
  return part === '^' ? 2 : 3;
}

/**
 * Compares two upstream versions, or two releases, as rpm does; rpm-version(7), "COMPARISON".
 * @returns negative, zero or positive, as `Array.sort` wants it
 */
export function compareRpmParts(left: string, right: string): number {
  const [a, b] = [left.match(partPattern) ?? [], right.match(partPattern) ?? []];
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const [one, other] = [a[index], b[index]];
    const ranks = rank(one) - rank(other);
    if (ranks !== 0) return ranks;
    if (one === undefined || other === undefined || rank(one) !== 3) continue;
    // A number is newer than letters.
    if (isNumber(one) !== isNumber(other)) return isNumber(one) ? 1 : -1;
    const difference = isNumber(one) ? compareDigits(one, other) : compareStrings(one, other);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The parts of `[epoch:]version-release`; an epoch that is not there is `0`. */
export function splitRpmVersion(text: string): {
  readonly epoch: string;
  readonly version: string;
  readonly release: string;
} {
  const [, epoch = '0', version = text, release = ''] = /^(?:([0-9]+):)?(.*?)(?:-([^-]*))?$/s.exec(text) ?? [];
  return { epoch, version, release };
}

/** Compares two `[epoch:]version-release`; rpm-version(7). */
export function compareRpmVersions(left: string, right: string): number {
  const [a, b] = [splitRpmVersion(left), splitRpmVersion(right)];
  return (
    compareDigits(a.epoch, b.epoch) || compareRpmParts(a.version, b.version) || compareRpmParts(a.release, b.release)
  );
}
