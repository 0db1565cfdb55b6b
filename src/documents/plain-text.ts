/** Characters of a private area of Unicode stand for those that a backslash keeps from being markup. */
const privateArea = 0xe000;

/**
 * A line of Markdown or reStructuredText without its inline markup: what a changelog of a package shows is plain text.
 */
export function plainText(text: string): string {
  return (
    text
      .replaceAll(/[\ue000-\ue0ff]/g, '')
      .replaceAll(/\\([\\`*_{}[\]()#+.!|<>-])/g, (_, sign: string) =>
        String.fromCharCode(privateArea + sign.charCodeAt(0)),
      )
      .replaceAll(/<!--.*?-->/g, '')
      // Markdown: images, links, references.
      .replaceAll(/!\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll(/\[([^\]]+)\](?:\([^)]*\)|\[[^\]]*\])/g, '$1')
      // reStructuredText: `text <address>`_, :role:`text <target>`, :role:`text`, ``literal``, |substitution|_.
      .replaceAll(/`([^`<]+?)\s*<[^`>]*>`_{0,2}/g, '$1')
      .replaceAll(/(?::[\w.+-]+)+:`~?([^`<]+?)\s*(?:<[^`>]*>)?`/g, '$1')
      .replaceAll(/``?([^`]+)``?_{0,2}/g, '$1')
      .replaceAll(/(\*\*|__)(?=\S)(.+?)(?<=\S)\1/g, '$2')
      .replaceAll(/(?<![\w*])\*(?=[^\s*])([^*]+?)(?<=\S)\*(?![\w*])/g, '$1')
      // Addresses in angle brackets are text, tags of HTML are not.
      .replaceAll(/<((?:https?|mailto):[^<>\s]+|[^<>\s@]+@[^<>\s@]+)>/gi, '$1')
      .replaceAll(/<\/?[a-z][^<>]*>/gi, '')
      .replaceAll(/[\ue000-\ue0ff]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - privateArea))
      .replaceAll(/\s+/g, ' ')
      .trim()
  );
}
