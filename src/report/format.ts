/** Milliseconds as a person reads them: `0.4 s`, `2 min 05 s`. */
export function formatDuration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${String(Math.floor(whole / 60))} min ${String(whole % 60).padStart(2, '0')} s`;
}

const units = ['B', 'kB', 'MB', 'GB'] as const;

/** Bytes in decimal units, as package managers print them: `14.2 MB`. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let index = 0;
  while (value >= 1000 && index < units.length - 1) {
    value /= 1000;
    index += 1;
  }
  return `${index === 0 ? String(value) : value.toFixed(1)} ${units[index] ?? ''}`;
}

/** A number of things, in English: `1 wheel`, `24 wheels`. */
export function formatCount(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}
