/** The first 64 bytes of an ELF file as the System V ABI has it (chapter 4), with nothing behind them. */
export function elfHead(header: {
  readonly bits: 32 | 64;
  readonly machine: number;
  readonly bigEndian?: boolean;
}): Buffer {
  const head = Buffer.alloc(64);
  head.write('\x7fELF', 'latin1');
  head[4] = header.bits === 64 ? 2 : 1;
  head[5] = header.bigEndian === true ? 2 : 1;
  head[6] = 1;
  if (header.bigEndian === true) head.writeUInt16BE(header.machine, 18);
  else head.writeUInt16LE(header.machine, 18);
  return head;
}
