/** An answer of the server other than success: S3's code and HTTP's status. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  /** Further elements of the answer. */
  readonly extra: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, extra: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.extra = extra;
  }
}

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** A request as it came in, with its target taken apart; nothing is folded: keys are literal. */
export interface ParsedRequest {
  readonly method: string;
  /** As it was sent, without the query. */
  readonly rawPath: string;
  readonly query: ReadonlyMap<string, string>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bucket: string;
  readonly key: string;
  readonly body: Buffer;
}

/** RFC 3986's unreserved characters stay, everything else becomes `%XX`: the encoding of AWS's signatures. */
export function uriEncode(text: string, slashes = true): string {
  const encoded = encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return slashes ? encoded : encoded.replaceAll('%2F', '/');
}
