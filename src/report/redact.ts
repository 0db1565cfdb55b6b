/** Hides secrets in text that a person or a log will see. */
export interface Redactor {
  /** Remembers a secret; texts that pass later show `****` in its place. Empty and one-letter words are not secrets. */
  add(secret: string): void;
  text(text: string): string;
  /** All that is remembered, in every form that it may be written in. */
  secrets(): readonly string[];
}

/** `scheme://user:password@host` or `scheme://token@host`: the user information of a URL (RFC 3986, 3.2.1). */
const urlCredentials = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"'<>]+@/gi;

/** Takes the user information out of every URL in a text. */
export function withoutUrlCredentials(text: string): string {
  return text.replace(urlCredentials, '$1');
}

export function createRedactor(): Redactor {
  const secrets = new Set<string>();
  return {
    add(secret) {
      for (const form of [secret, decodeURIComponentOrSame(secret), encodeURIComponent(secret)]) {
        if (form.length > 1) secrets.add(form);
      }
    },
    text(text) {
      let result = text.replace(urlCredentials, '$1****@');
      for (const secret of [...secrets].sort((a, b) => b.length - a.length)) result = result.replaceAll(secret, '****');
      return result;
    },
    secrets: () => [...secrets],
  };
}

function decodeURIComponentOrSame(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
