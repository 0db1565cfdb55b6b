/**
 * The text of a file that nobody tells the encoding of: UTF-16 with a byte order mark (as Windows saves texts), UTF-8,
 * else Latin-1, in which every byte is something. Line ends become `\n`; a byte order mark and control characters other
 * than tabs go.
 */
export function decodeText(bytes: Uint8Array): string {
  let text: string;
  const order = Buffer.from(bytes.subarray(0, 2)).toString('hex');
  if (order === 'fffe' || order === 'feff') {
    return clean(new TextDecoder(order === 'fffe' ? 'utf-16le' : 'utf-16be').decode(bytes));
  }
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    text = Buffer.from(bytes).toString('latin1');
  }
  return clean(text);
}

function clean(text: string): string {
  return text
    .replace(/^\uFEFF/, '')
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}
