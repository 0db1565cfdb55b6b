import type { ToolCall } from './git.ts';

/** A tool, how it is asked for its version, and where in the answer that is. */
export interface VersionQuestion {
  readonly name: string;
  readonly call: ToolCall;
  readonly pattern: RegExp;
}

/** What takes part in building packages, apart from what builds wheels in containers. */
export const versionQuestions: readonly VersionQuestion[] = [
  { name: 'dpkg-deb', call: { tool: 'dpkg-deb', args: ['--version'] }, pattern: /version (?<version>\d[\w.+~-]*)/ },
  { name: 'rpmbuild', call: { tool: 'rpmbuild', args: ['--version'] }, pattern: /version (?<version>\d[\w.+~-]*)/ },
  { name: 'file', call: { tool: 'file', args: ['--version'] }, pattern: /^file-(?<version>\S+)/ },
  { name: 'git', call: { tool: 'git', args: ['--version'] }, pattern: /version (?<version>\d\S*)/ },
  {
    name: 'python3',
    call: { tool: 'python3', args: ['-I', '-c', 'import platform; print(platform.python_version())'] },
    pattern: /^(?<version>\S+)/,
  },
];
