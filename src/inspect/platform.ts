import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { architectures, type Architecture } from '../model/architecture.ts';
import type { ElfIdentity, Tree } from '../tree/tree.ts';

/** How many further problems an error shows. */
const shownProblems = 20;

function describeMachine({ elfClass, machine }: ElfIdentity): string {
  for (const [name, facts] of Object.entries(architectures)) {
    if (facts.elfMachine === machine && facts.elfClass === elfClass) return name;
  }
  return `ELF machine ${String(machine)} (${String(elfClass)} bit)`;
}

/**
 * Checks that every ELF file of a tree was built for the target's machine: tags of wheels do not always tell the truth.
 * @param isIgnored says of an absolute path on the target that the application never loads what lies there
 * @throws CoachbuilderError `unsupported-wheel` naming the files and the distributions they belong to
 */
export function checkPlatform(
  tree: Tree,
  architecture: Architecture,
  isIgnored: (path: string) => boolean = () => false,
): void {
  const { elfMachine, elfClass } = architectures[architecture];
  const problems: string[] = [];
  let culprit: string | undefined;
  for (const entry of tree.entries) {
    if (entry.kind !== 'file' || entry.elf === undefined) continue;
    if (entry.elf.machine === elfMachine && entry.elf.elfClass === elfClass) continue;
    if (isIgnored(entry.path)) continue;
    culprit ??= entry.distribution;
    problems.push(
      `${entry.path} of ${entry.distribution ?? 'the virtual environment'} is built for ${describeMachine(entry.elf)}`,
    );
  }
  const [first, ...others] = problems;
  if (first === undefined) return;
  throw new CoachbuilderError('unsupported-wheel', `${first}, and the target is ${architecture}`, {
    hint: `choose a version of ${culprit ?? 'the application'} whose wheel holds programs and libraries for ${architecture} only`,
    details: others.slice(0, shownProblems),
  });
}
