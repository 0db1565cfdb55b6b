import type { DebDistribution } from '../../distributions/distribution.ts';
import { fullVersion } from '../../model/package-version.ts';
import type { PackageDefinition } from '../../packages/definition.ts';
import { calendarWords } from '../calendar.ts';
import { renderTemplate } from '../templates.ts';
import { oneLine, wrapWords } from '../text.ts';

/** `Fri, 01 Jan 2021 00:00:00 +0000` (Debian Policy 4.4, RFC 5322). */
function mailDate(seconds: number): string {
  const { day, month, time, weekday, year } = calendarWords(seconds);
  return `${weekday}, ${day} ${month} ${year} ${time} +0000`;
}

/** Lines are at most 80 characters long, as lintian wants them. */
const width = 76;

/** `changelog.Debian` (Debian Policy 4.4, 12.7). */
export function renderDebianChangelog(
  { changelog, maintainer, name }: Pick<PackageDefinition, 'changelog' | 'maintainer' | 'name'>,
  { deb }: DebDistribution,
): string {
  return renderTemplate(
    'spec-templates/deb/changelog.ejs',
    {
      name,
      distribution: deb.codename,
      maintainer: oneLine(maintainer),
      entries: changelog.map(({ changes, date, version }) => ({
        version: fullVersion(version),
        date: mailDate(date),
        lines: changes.flatMap((change) =>
          wrapWords(change, width - 2).map((line, index) => `${index === 0 ? '*' : ' '} ${line}`),
        ),
      })),
    },
    (text) => text.replaceAll(/[\r\n]+/g, ' '),
  );
}
