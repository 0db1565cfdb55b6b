/** A line that gpg and gpgv write for programs: GnuPG's doc/DETAILS, "Format of the --status-fd output". */
export interface StatusLine {
  readonly keyword: string;
  readonly words: readonly string[];
}

const prefix = '[GNUPG:] ';

export function readStatus(text: string): readonly StatusLine[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(prefix))
    .map((line) => {
      const [keyword = '', ...words] = line.slice(prefix.length).trimEnd().split(' ');
      return { keyword, words };
    });
}

/** What gpg said to people. */
export function spokenLines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith(prefix));
}

/** libgpg-error's numbers of what a person can put right; the upper bits say which part of GnuPG met it. */
export const gpgErrors = {
  badPassphrase: 11,
  noSecretKey: 17,
  unusableSecretKey: 54,
  noPinentry: 85,
  noPinentryLoopback: 174,
} as const;

/** The numbers of errors that ended a command, without their sources. */
export function failures(text: string): readonly number[] {
  return readStatus(text)
    .filter(({ keyword }) => keyword === 'FAILURE' || keyword === 'ERROR')
    .map(({ words }) => Number(words[1]) & 0xffff);
}
