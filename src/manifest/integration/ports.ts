import type { PortRange } from './settings.ts';

const highest = 65_535;

/**
 * Reads `4523/tcp` and `6000-6010/udp`: what both firewalld.service(5) and ufw(8) can say.
 * @returns what is wrong with the text, in a sentence with its hint, when it is no port
 */
export function parsePort(text: string): PortRange | { readonly message: string; readonly hint: string } {
  const match = /^(?<first>\d{1,5})(?:[-:](?<last>\d{1,5}))?\/(?<protocol>tcp|udp)$/.exec(text)?.groups;
  if (match === undefined) {
    return {
      message: `"${text}" is not a port with its protocol`,
      hint: 'write a number, or two with "-" between them, and "/tcp" or "/udp": 4523/tcp',
    };
  }
  const first = Number(match['first']);
  const last = Number(match['last'] ?? match['first']);
  if (first < 1 || last > highest || first > highest) {
    return { message: `"${text}" is beyond what ports there are`, hint: `use numbers from 1 to ${String(highest)}` };
  }
  if (match['last'] !== undefined && first >= last) {
    return { message: `the range "${text}" ends before it begins`, hint: 'write the lower number first' };
  }
  return { first, last, protocol: match['protocol'] === 'udp' ? 'udp' : 'tcp' };
}

/** The range as a program writes it: `80`, `6000-6010`. */
export function portNumbers({ first, last }: PortRange, separator: '-' | ':'): string {
  return first === last ? String(first) : `${String(first)}${separator}${String(last)}`;
}
