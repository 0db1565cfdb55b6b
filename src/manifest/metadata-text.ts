/** A metadata field that says something: old tools wrote `UNKNOWN` for nothing. */
export function present(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === undefined || trimmed === '' || trimmed.toUpperCase() === 'UNKNOWN' ? undefined : trimmed;
}

export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
