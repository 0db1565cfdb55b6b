/**
 * Machine architectures, by the name that Linux itself uses (`uname -m`), and what each package format and the
 * wheel and ELF standards call them.
 */
export interface ArchitectureFacts {
  /** Debian's name: `dpkg-architecture -L`. */
  readonly deb: string;
  /** RPM's name: `rpm --eval %_arch` and the `arch_canon` table of rpmrc. */
  readonly rpm: string;
  /** `e_machine` of the ELF header (System V ABI, chapter 4). */
  readonly elfMachine: number;
  /** `EI_CLASS` of the ELF header. */
  readonly elfClass: 32 | 64;
  /** The oldest glibc minor for which manylinux tags exist on this architecture (PEP 513, 571, 599, 600). */
  readonly oldestManylinuxMinor: number;
}

export const architectures = {
  x86_64: { deb: 'amd64', rpm: 'x86_64', elfMachine: 62, elfClass: 64, oldestManylinuxMinor: 5 },
  aarch64: { deb: 'arm64', rpm: 'aarch64', elfMachine: 183, elfClass: 64, oldestManylinuxMinor: 17 },
  i686: { deb: 'i386', rpm: 'i686', elfMachine: 3, elfClass: 32, oldestManylinuxMinor: 5 },
  armv7l: { deb: 'armhf', rpm: 'armv7hl', elfMachine: 40, elfClass: 32, oldestManylinuxMinor: 17 },
  ppc64le: { deb: 'ppc64el', rpm: 'ppc64le', elfMachine: 21, elfClass: 64, oldestManylinuxMinor: 17 },
  s390x: { deb: 's390x', rpm: 's390x', elfMachine: 22, elfClass: 64, oldestManylinuxMinor: 17 },
  riscv64: { deb: 'riscv64', rpm: 'riscv64', elfMachine: 243, elfClass: 64, oldestManylinuxMinor: 31 },
} as const satisfies Record<string, ArchitectureFacts>;

export type Architecture = keyof typeof architectures;

export const architectureNames = Object.keys(architectures) as readonly Architecture[];

/**
 * Finds an architecture by any of its names (`amd64`, `x86_64`, `arm64`, …).
 * @returns undefined when no format calls any architecture so.
 */
export function findArchitecture(name: string): Architecture | undefined {
  return architectureNames.find(
    (candidate) => candidate === name || architectures[candidate].deb === name || architectures[candidate].rpm === name,
  );
}
