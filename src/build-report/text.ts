/**
 * Signs that nobody sees, or that turn the direction of what follows (Unicode, general categories Cc and Cf, lone
 * surrogates): names of distributions come from strangers, and what is shown has to be what is there.
 */
const invisible = /[\p{Cc}\p{Cf}\p{Cs}]/gu;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/**
 * Text for HTML and for SVG in it: as content of an element, and as a value of an attribute in quotation marks (HTML
 * standard, "Escaping a string", and more, so that no parser is tempted). Line ends and tabs stay.
 */
export function escapeHtml(text: string): string {
  return text
    .replaceAll(invisible, (sign) => (/[\t\n]/.test(sign) ? sign : `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`))
    .replaceAll(/[&<>"'`]/g, (sign) => entities[sign] ?? '');
}

/** The advance of sans-serif faces at 1 px, on the safe side: no font is at hand to measure with. */
const advances = { normal: 0.6, bold: 0.69 } as const;

type Weight = keyof typeof advances;

/** Whether a sign takes two columns (roughly Unicode's East Asian Width, and emoji). */
function isWide(sign: string): boolean {
  const point = sign.codePointAt(0) ?? 0;
  return point >= 0x2e80 || (point >= 0x1100 && point <= 0x115f);
}

/** How wide a text gets, in px, at most: about. */
export function textWidth(text: string, fontSize: number, weight: Weight = 'normal'): number {
  let columns = 0;
  for (const sign of text) columns += isWide(sign) ? 2 : 1;
  return columns * fontSize * advances[weight];
}

/** The beginning of a text that fits; empty when not even three signs of it would. */
export function fitText(text: string, width: number, fontSize: number, weight: Weight = 'normal'): string {
  if (textWidth(text, fontSize, weight) <= width) return text;
  const signs = Array.from(text);
  while (signs.length > 0 && textWidth(`${signs.join('')}…`, fontSize, weight) > width) signs.pop();
  return signs.length < 3 ? '' : `${signs.join('')}…`;
}
