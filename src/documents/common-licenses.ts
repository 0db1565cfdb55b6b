import type { DebDistribution } from '../distributions/distribution.ts';
import { compareDotted } from '../model/dotted.ts';

/** A licence whose text every Debian system has. */
interface CommonLicense {
  /** File of `/usr/share/common-licenses`. */
  readonly file: string;
  /** What people call it. */
  readonly title: string;
  readonly begin: RegExp;
  /** Ways in which the text ends, with and without its appendix. */
  readonly ends: readonly RegExp[];
  /** Words of the text, with and without its appendix: what differs much is another text. */
  readonly words: readonly [number, number];
  /** The first dpkg of whose release base-files has it; always there without. */
  readonly since?: string;
}

const fsfEnd = /END OF TERMS AND CONDITIONS[ \t]*\n/;
const tyCoon = /That's all there is to it![ \t]*(?:\n|$)/;

/**
 * The texts that packages refer to instead of holding them (Debian Policy 12.5). Counted in the files of base-files;
 * MPL and CC0 came with Debian 10 (Policy 4.2.0).
 */
const commonLicenses: readonly CommonLicense[] = [
  {
    file: 'Apache-2.0',
    title: 'Apache License, version 2.0',
    begin: /^[ \t]*Apache License[ \t]*\n[ \t]*Version 2\.0, January 2004[ \t]*\n/im,
    ends: [/limitations under the License\.[ \t]*(?:\n|$)/, fsfEnd],
    words: [1350, 1600],
  },
  {
    file: 'GPL-1',
    title: 'GNU General Public License, version 1',
    begin: /^[ \t]*GNU GENERAL PUBLIC LICENSE[ \t]*\n[ \t]*Version 1, February 1989[ \t]*\n/im,
    ends: [tyCoon, fsfEnd],
    words: [1600, 2090],
  },
  {
    file: 'GPL-2',
    title: 'GNU General Public License, version 2',
    begin: /^[ \t]*GNU GENERAL PUBLIC LICENSE[ \t]*\n[ \t]*Version 2, June 1991[ \t]*\n/im,
    ends: [/Public License instead of this License\.[ \t]*(?:\n|$)/, fsfEnd],
    words: [2350, 3000],
  },
  {
    file: 'GPL-3',
    title: 'GNU General Public License, version 3',
    begin: /^[ \t]*GNU GENERAL PUBLIC LICENSE[ \t]*\n[ \t]*Version 3, 29 June 2007[ \t]*\n/im,
    ends: [/why-not-lgpl\.html>?\.[ \t]*(?:\n|$)/, fsfEnd],
    words: [4900, 5700],
  },
  {
    file: 'LGPL-2',
    title: 'GNU Library General Public License, version 2',
    begin: /^[ \t]*GNU LIBRARY GENERAL PUBLIC LICENSE[ \t]*\n[ \t]*Version 2, June 1991[ \t]*\n/im,
    ends: [tyCoon, fsfEnd],
    words: [3500, 4240],
  },
  {
    file: 'LGPL-2.1',
    title: 'GNU Lesser General Public License, version 2.1',
    begin: /^[ \t]*GNU LESSER GENERAL PUBLIC LICENSE[ \t]*\n[ \t]*Version 2\.1, February 1999[ \t]*\n/im,
    ends: [tyCoon, fsfEnd],
    words: [3700, 4430],
  },
  {
    file: 'LGPL-3',
    title: 'GNU Lesser General Public License, version 3',
    begin: /^[ \t]*GNU LESSER GENERAL PUBLIC LICENSE[ \t]*\n[ \t]*Version 3, 29 June 2007[ \t]*\n/im,
    ends: [/choose that version for the\s+Library\.[ \t]*(?:\n|$)/],
    words: [1180, 1260],
  },
  {
    file: 'MPL-2.0',
    title: 'Mozilla Public License, version 2.0',
    begin: /^[ \t]*Mozilla Public License,? Version 2\.0[ \t]*\n/im,
    ends: [/defined by\s+the Mozilla Public License, v\. 2\.0\.[ \t]*(?:\n|$)/],
    words: [2380, 2480],
    since: '1.19.7',
  },
  {
    file: 'CC0-1.0',
    title: 'Creative Commons CC0, version 1.0',
    begin: /^[ \t]*(?:Creative Commons Legal Code\s+)?CC0 1\.0 Universal[ \t]*\n/im,
    ends: [/with respect to\s+this CC0 or use of the Work\.[ \t]*(?:\n|$)/],
    words: [1000, 1090],
    since: '1.19.7',
  },
];

function isThere({ since }: CommonLicense, distribution: DebDistribution): boolean {
  return since === undefined || compareDotted(distribution.deb.dpkg, since) >= 0;
}

function countWords(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length;
}

/** Where a licence's text is in a longer one. */
function locate(license: CommonLicense, text: string): { readonly start: number; readonly end: number } | undefined {
  const first = license.begin.exec(text);
  if (first === null) return undefined;
  const [fewest, most] = license.words;
  for (const pattern of license.ends) {
    const last = pattern.exec(text.slice(first.index));
    if (last === null) continue;
    const end = first.index + last.index + last[0].length;
    const words = countWords(text.slice(first.index, end));
    if (words >= fewest && words <= most) return { start: first.index, end };
  }
  return undefined;
}

/** Where a Debian system has the text of a licence. */
function pointer({ title, file }: CommonLicense): string {
  return `On Debian systems, the complete text of the ${title} can be found in\n/usr/share/common-licenses/${file}.\n`;
}

/**
 * A licence text in which the texts that every system of the distribution has are replaced by where they are (Debian
 * Policy 12.5).
 */
export function referToCommon(text: string, distribution: DebDistribution): string {
  let result = text;
  for (const license of commonLicenses) {
    if (!isThere(license, distribution)) continue;
    // A text may hold another one's licence more than once.
    for (let place = locate(license, result); place !== undefined; place = locate(license, result)) {
      result = `${result.slice(0, place.start)}${pointer(license)}${result.slice(place.end)}`;
    }
  }
  return result;
}

/** SPDX identifiers of common licences, without `-only`, `-or-later` and `+`. */
const files: Readonly<Record<string, string>> = {
  'Apache-2.0': 'Apache-2.0',
  'GPL-1.0': 'GPL-1',
  'GPL-2.0': 'GPL-2',
  'GPL-3.0': 'GPL-3',
  'LGPL-2.0': 'LGPL-2',
  'LGPL-2.1': 'LGPL-2.1',
  'LGPL-3.0': 'LGPL-3',
  'MPL-2.0': 'MPL-2.0',
  'CC0-1.0': 'CC0-1.0',
};

/** Where the text of an SPDX licence identifier is on every system of the distribution; undefined where it is not. */
export function commonPointer(identifier: string, distribution: DebDistribution): string | undefined {
  const file = files[identifier.replace(/(?:-only|-or-later|\+)$/, '')];
  const license = commonLicenses.find((one) => one.file === file);
  return license !== undefined && isThere(license, distribution) ? pointer(license) : undefined;
}
