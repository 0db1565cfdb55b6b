import { createHash } from 'node:crypto';

/** CSP Level 3, "hash-source". */
function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/**
 * The Content-Security-Policy of a page that loads nothing and runs nothing: its style sheet is the only thing that is let
 * in, by its digest.
 * @param style the content of the page's one `<style>`
 */
export function pagePolicy(style: string): string {
  return `default-src 'none'; style-src ${hashSource(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
}
