import { readFile } from 'node:fs/promises';

import type { PackageFormat } from '../model/format.ts';
import { digestFile, temporaryDirectory } from '../system/files.ts';
import { explainBytecode } from './compare-bytecode.ts';
import { openDeb, type OpenedPackage, type PartsPorts } from './deb-parts.ts';
import { compareParts, describeContent, type Difference } from './package-parts.ts';
import { openRpm } from './rpm-parts.ts';

const openers = { deb: openDeb, rpm: openRpm } as const satisfies Record<
  PackageFormat,
  (path: string, ports: PartsPorts) => Promise<OpenedPackage>
>;

/** Differences that are told; the rest is counted. */
const mostTold = 20;

async function tell(
  differences: readonly Difference[],
  first: OpenedPackage,
  second: OpenedPackage,
): Promise<readonly string[]> {
  const wanted = new Set(differences.filter(({ isContent }) => isContent).map(({ part }) => part));
  if (wanted.size === 0) return differences.map(({ text }) => text);
  const [before, after] = [await first.contents(wanted), await second.contents(wanted)];
  return differences.map(({ part, text, isContent }) => {
    const [one, other] = [before.get(part), after.get(part)];
    if (!isContent || one === undefined || other === undefined) return text;
    const reason = part.endsWith('.pyc') ? explainBytecode(one, other) : undefined;
    return `${part}: ${describeContent(one, other)}${reason === undefined ? '' : ` (${reason})`}`;
  });
}

/**
 * Explains in what two packages of one format differ: fields of the metadata, members and their modes, owners, times and
 * contents, down to the first byte.
 * @param first absolute path
 * @param second absolute path
 * @param ports `scratch` is a directory in which others are made, and removed again
 * @returns a line for each difference; none when the packages are the same, byte for byte
 * @throws CoachbuilderError of the tools that read packages
 */
export async function explainDifference(
  format: PackageFormat,
  [first, second]: readonly [first: string, second: string],
  ports: PartsPorts,
): Promise<readonly string[]> {
  if ((await digestFile(first)).sha256 === (await digestFile(second)).sha256) return [];
  await using before = await temporaryDirectory(ports.scratch, 'first');
  await using after = await temporaryDirectory(ports.scratch, 'second');
  const open = openers[format];
  const opened = await open(first, { ...ports, scratch: before.path });
  const again = await open(second, { ...ports, scratch: after.path });
  const differences = compareParts(opened.parts, again.parts);
  if (differences.length === 0) {
    // What is the same when it is unpacked was compressed, or put together, otherwise.
    return [
      `only the compression or the padding is another: in the file, ${describeContent(await readFile(first), await readFile(second))}`,
    ];
  }
  const told = await tell(differences.slice(0, mostTold), opened, again);
  const more = differences.length - told.length;
  return more === 0 ? told : [...told, `and ${String(more)} more`];
}
