import { fullVersion } from '../../model/package-version.ts';
import type { PackageDefinition } from '../../packages/definition.ts';
import { calendarWords } from '../calendar.ts';
import { oneLine, wrapWords } from '../text.ts';

/** `Fri Jan 01 2021`, UTC: rpm checks that the day of the week is right, and takes noon (RPM documentation, "%changelog"). */
function dayOf(seconds: number): string {
  const { day, month, weekday, year } = calendarWords(seconds);
  return `${weekday} ${month} ${day} ${year}`;
}

const width = 80;

/** One entry of `%changelog`: what stands behind its asterisk, and its lines, none of which begins with one. */
export interface RenderedChange {
  readonly title: string;
  readonly lines: readonly string[];
}

/** `%changelog`, not yet escaped. */
export function renderChangelog({
  changelog,
  maintainer,
}: Pick<PackageDefinition, 'changelog' | 'maintainer'>): readonly RenderedChange[] {
  return changelog.map(({ changes, date, version }) => ({
    title: `${dayOf(date)} ${oneLine(maintainer)} - ${fullVersion(version)}`,
    lines: changes.flatMap((change) =>
      wrapWords(change, width - 2).map((line, index) => `${index === 0 ? '-' : ' '} ${line}`),
    ),
  }));
}
