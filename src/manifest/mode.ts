/**
 * Reads permissions as people write them: three or four octal digits, perhaps after a further zero.
 * @returns undefined when the text is no mode
 */
export function parseMode(text: string): number | undefined {
  return /^0?[0-7]{3,4}$/.test(text) ? Number.parseInt(text, 8) : undefined;
}
