/** Rank of a character that is no digit: `~` is before the end, then come letters, then everything else. */
function rank(character: string | undefined): number {
  if (character === undefined) return 0;
  if (character === '~') return -1;
  const code = character.charCodeAt(0);
  return /[A-Za-z]/.test(character) ? code : code + 256;
}

function compareWords(left: string, right: string): number {
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = rank(left[index]) - rank(right[index]);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Numbers of any length, as digits; no digits count as 0. */
function compareDigits(left: string, right: string): number {
  const [a, b] = [left.replace(/^0+/, ''), right.replace(/^0+/, '')];
  return a.length - b.length || (a < b ? -1 : Number(a > b));
}

/** Words and numbers in turns, a word first: `1.0~rc2` is ``, `1`, `.`, `0`, `~rc`, `2`. */
function turns(text: string): readonly string[] {
  return Array.from(text.matchAll(/([^0-9]*)([0-9]*)/g), ([, word = '', digits = '']) => [word, digits]).flat();
}

function compareParts(left: string, right: string): number {
  const [a, b] = [turns(left), turns(right)];
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const compare = index % 2 === 0 ? compareWords : compareDigits;
    const difference = compare(a[index] ?? '', b[index] ?? '');
    if (difference !== 0) return difference;
  }
  return 0;
}

/** What a Version field is made of (Debian Policy 5.6.12); an epoch that is not there is `0`, a revision ``. */
export interface DebVersionParts {
  readonly epoch: string;
  readonly upstream: string;
  readonly revision: string;
}

/** Takes `[epoch:]upstream[-revision]` apart; the last hyphen is the one that counts. */
export function splitDebVersion(text: string): DebVersionParts {
  const [, epoch = '0', upstream = text, revision = ''] = /^(?:([0-9]+):)?(.*?)(?:-([^-]*))?$/s.exec(text) ?? [];
  return { epoch, upstream, revision };
}

/**
 * Compares two versions as dpkg does (Debian Policy 5.6.12).
 * @returns negative, zero or positive, as `Array.sort` wants it
 */
export function compareDebVersions(left: string, right: string): number {
  const [a, b] = [splitDebVersion(left), splitDebVersion(right)];
  return (
    compareDigits(a.epoch, b.epoch) || compareParts(a.upstream, b.upstream) || compareParts(a.revision, b.revision)
  );
}
