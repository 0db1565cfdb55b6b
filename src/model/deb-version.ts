/** Where a sign stands among those that are no digits: `~` before the end, letters before everything else. */
function rank(sign: string | undefined): number {
  if (sign === '~') return -1;
  if (sign === undefined) return 0;
  const code = sign.codePointAt(0) ?? 0;
  return /[A-Za-z]/.test(sign) ? code : code + 0x110000;
}

function compareSigns(left: string, right: string): number {
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = rank(left[index]) - rank(right[index]);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Numbers of any length, as digits: the longer one without leading zeros is larger. */
function compareDigits(left: string, right: string): number {
  const [a, b] = [left.replace(/^0+/, ''), right.replace(/^0+/, '')];
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : Number(a > b);
}

/** By turns a run of signs that are no digits and a run of digits, either of which may be empty. */
function runs(text: string): readonly (readonly [string, string])[] {
  return [...text.matchAll(/([^0-9]*)([0-9]*)/g)].map(([, signs = '', digits = '']) => [signs, digits]);
}

function compareParts(left: string, right: string): number {
  const [a, b] = [runs(left), runs(right)];
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const [[signs = '', digits = ''] = [], [otherSigns = '', otherDigits = ''] = []] = [a[index], b[index]];
    const difference = compareSigns(signs, otherSigns) || compareDigits(digits, otherDigits);
    if (difference !== 0) return difference;
  }
  return 0;
}

function split(text: string): readonly [epoch: string, upstream: string, revision: string] {
  const [, epoch = '0', upstream = text, revision = ''] = /^(?:([0-9]+):)?(.*?)(?:-([^-]*))?$/s.exec(text) ?? [];
  return [epoch, upstream, revision];
}

/**
 * Compares two `[epoch:]upstream[-revision]` as dpkg does; deb-version(7), "Sorting algorithm". No revision is as good as `0`.
 * @returns negative, zero or positive, as `Array.sort` wants it
 */
export function compareDebVersions(left: string, right: string): number {
  const [[epoch, upstream, revision], [otherEpoch, otherUpstream, otherRevision]] = [split(left), split(right)];
  return (
    compareDigits(epoch, otherEpoch) || compareParts(upstream, otherUpstream) || compareParts(revision, otherRevision)
  );
}
