import type { IndexEntry } from '../../repository/index-format.ts';

/** Names that packages may have in either format, and that no shell and no option parser takes for something else. */
const packageName = /^[A-Za-z0-9][A-Za-z0-9+._-]*$/;

/** What an XML text stands for (XML 1.0, 2.4 and 4.1). */
function decodeXml(text: string): string {
  const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
  return text.replaceAll(
    /&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return named[name] ?? whole;
      const point = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    },
  );
}

/** A field of a stanza with its continuation lines (Debian Policy, 5.1). */
function field(stanza: string, name: string): string {
  const pattern = new RegExp(`^${name}:[ \\t]*(.*(?:\\n[ \\t].*)*)`, 'im');
  return pattern.exec(stanza)?.[1] ?? '';
}

function debCompanions(stanza: string, version: string): readonly string[] {
  return [...field(stanza, 'Depends').matchAll(/(?:^|,)\s*([^\s,|(:]+)(?::\w+)?\s*\(=\s*([^\s)]+)\s*\)\s*(?=,|$)/g)]
    .filter(([, , wanted]) => wanted === version)
    .map(([, name = '']) => name);
}

/** `[epoch:]version-release` as createrepo_c writes it in attributes. */
function attribute(element: string, name: string): string | undefined {
  const value = new RegExp(`\\s${name}=(?:"([^"]*)"|'([^']*)')`).exec(element);
  return value === null ? undefined : decodeXml(value[1] ?? value[2] ?? '');
}

function rpmCompanions(primary: string, version: string): readonly string[] {
  const requires = /<rpm:requires>([\s\S]*?)<\/rpm:requires>/.exec(primary)?.[1] ?? '';
  return [...requires.matchAll(/<rpm:entry\s[^>]*>/g)]
    .map(([element]) => element)
    .filter((element) => {
      if (attribute(element, 'flags') !== 'EQ') return false;
      const epoch = attribute(element, 'epoch') ?? '0';
      const wanted = `${attribute(element, 'ver') ?? ''}-${attribute(element, 'rel') ?? ''}`;
      return (epoch === '0' ? wanted : `${epoch}:${wanted}`) === version.replace(/^0:/, '');
    })
    .map((element) => attribute(element, 'name') ?? '');
}

/** The packages that one needs in its very version, by its metadata; in byte order. */
export function companionsOf(entry: IndexEntry): readonly string[] {
  const names =
    entry.format === 'deb' ? debCompanions(entry.stanza, entry.version) : rpmCompanions(entry.primary, entry.version);
  return [...new Set(names)].filter((name) => packageName.test(name) && name !== entry.name).sort();
}

/** The one line that says what a package is: the synopsis of Description (Debian Policy, 5.6.13), rpm's summary. */
export function summaryOf(entry: IndexEntry): string {
  if (entry.format === 'deb') return (field(entry.stanza, 'Description').split('\n')[0] ?? '').trim();
  return decodeXml(/<summary>([\s\S]*?)<\/summary>/.exec(entry.primary)?.[1] ?? '').trim();
}

/** Whether a package can be named in a command: what stands in an index may have been written by anybody. */
export function isNameable(name: string, version = '0'): boolean {
  return packageName.test(name) && /^[A-Za-z0-9][A-Za-z0-9.+~^:_-]*$/.test(version);
}
