/** What a file is to the person who wonders where the space went, with the words for it. */
export const fileKinds = {
  native: 'Native code',
  modules: 'Modules',
  bytecode: 'Bytecode',
  data: 'Data',
  tests: 'Tests',
  development: 'Headers and sources',
  stubs: 'Type stubs',
  documentation: 'Documents and licences',
  metadata: 'Metadata',
  commands: 'Commands',
} as const;

export type FileKind = keyof typeof fileKinds;

/** Names of directories that hold tests; `testing` is a public module in many distributions. */
const testDirectory = /\/(?:tests?|_tests)\//;
/** Below `share`, or beside the metadata of a distribution (PEP 639). */
const documentation = /\/share\/(?:doc|man|info)\/|\/(?:LICEN[CS]E|COPYING|NOTICE|AUTHORS|README|CHANGELOG)[^/]*$/i;
const development = /\.(?:h|hh|hpp|hxx|cuh|c|cc|cpp|cxx|pyx|pxd|pxi|f|f90|a|lib|la|pc|cmake)$/;

/**
 * Sorts a file of a package by its path.
 * @param path absolute, on the target
 * @param isElf whether it begins as an ELF file does
 */
export function kindOf(path: string, isElf: boolean): FileKind {
  if (/\.(?:dist-info|egg-info)\//.test(path)) return documentation.test(path) ? 'documentation' : 'metadata';
  if (/\.egg-info$/.test(path)) return 'metadata';
  if (testDirectory.test(path)) return 'tests';
  if (isElf || /\.so(?:\.[\d.]+)?$/.test(path)) return 'native';
  if (/\.py[co]$/.test(path)) return 'bytecode';
  if (/\.pyi$|\/py\.typed$/.test(path)) return 'stubs';
  if (/\/s?bin\/[^/]+$/.test(path)) return 'commands';
  if (/\.py$/.test(path)) return 'modules';
  if (documentation.test(path)) return 'documentation';
  if (development.test(path)) return 'development';
  return 'data';
}
