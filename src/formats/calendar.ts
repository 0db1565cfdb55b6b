const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** The words of a moment (seconds since 1970) as both families of changelogs write them: English, UTC, two digits. */
export interface CalendarWords {
  readonly weekday: string;
  readonly day: string;
  readonly month: string;
  readonly year: string;
  /** `04:05:06`. */
  readonly time: string;
}

/** Takes a moment apart. */
export function calendarWords(seconds: number): CalendarWords {
  const date = new Date(seconds * 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return {
    weekday: days[date.getUTCDay()] ?? '',
    day: two(date.getUTCDate()),
    month: months[date.getUTCMonth()] ?? '',
    year: String(date.getUTCFullYear()),
    time: [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':'),
  };
}
