import type { IndexFormat } from '../index-format.ts';
import { describeRpms, type YumPorts } from './describe.ts';
import { layout, rpmFileOf } from './layout.ts';
import { readYumIndex } from './read.ts';
import { renderYumIndex } from './render.ts';

/** Indexes for yum, dnf and zypper; `layout.ts` says what is where, docs/publishing.md why. */
export function yumIndex(ports: YumPorts): IndexFormat {
  return {
    headOf: layout.head,
    fileOf: (_place, file) => rpmFileOf(file),
    read: readYumIndex,
    describe: (_place, files) =>
      describeRpms(
        files.map((file) => [file, rpmFileOf(file)] as const),
        ports,
      ),
    render: renderYumIndex,
  };
}
