import { createHash } from 'node:crypto';

import type { RpmEntry } from '../../src/repository/index-format.ts';

/** An entry as createrepo_c 0.17.3 writes it of a small package, for tests that have no package; `content` stands for it. */
export function rpmEntry(
  name: string,
  version: string,
  { architecture = 'noarch', epoch = 0, files = ['/opt/acme/a'], description = 'For tests.', content = '' } = {},
): RpmEntry {
  const bytes = content === '' ? [name, version, architecture, epoch].join(' ') : content;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const size = Buffer.byteLength(bytes);
  const [ver = '', rel = ''] = version.split('-');
  const file = `${name}-${version}.${architecture}.rpm`;
  const numbers = `<version epoch="${String(epoch)}" ver="${ver}" rel="${rel}"/>`;
  const start = `<package pkgid="${sha256}" name="${name}" arch="${architecture}">`;
  return {
    format: 'rpm',
    name,
    version: `${epoch === 0 ? '' : `${String(epoch)}:`}${version}`,
    architecture,
    file,
    size,
    sha256,
    primary: [
      '<package type="rpm">',
      `  <name>${name}</name>`,
      `  <arch>${architecture}</arch>`,
      `  ${numbers}`,
      `  <checksum type="sha256" pkgid="YES">${sha256}</checksum>`,
      '  <summary>For tests</summary>',
      `  <description>${description}</description>`,
      '  <packager></packager>',
      '  <url></url>',
      '  <time file="1750000000" build="1750000000"/>',
      `  <size package="${String(size)}" installed="2" archive="372"/>`,
      `  <location href="${file}"/>`,
      '  <format>',
      '    <rpm:license>MIT</rpm:license>',
      '    <rpm:provides>',
      `      <rpm:entry name="${name}" flags="EQ" epoch="0" ver="${ver}" rel="${rel}"/>`,
      '    </rpm:provides>',
      '  </format>',
      '</package>',
    ].join('\n'),
    filelists: [start, `  ${numbers}`, ...files.map((path) => `  <file>${path}</file>`), '</package>'].join('\n'),
    other: [start, `  ${numbers}`, '</package>'].join('\n'),
  };
}
