import { architectures, type Architecture } from '../model/architecture.ts';

/** The names that came before PEP 600, by the glibc minor they stand for (PEP 513, 571, 599). */
const legacyAliases: ReadonlyMap<number, string> = new Map([
  [17, 'manylinux2014'],
  [12, 'manylinux2010'],
  [5, 'manylinux1'],
]);

/** The stable ABI exists since Python 3.2 (PEP 384). */
const oldestStableAbi = 2;

/**
 * Every platform tag that a glibc accepts, best first (PEP 600): from its own version down to the oldest one of the
 * architecture, the older names at their places, and `linux_<arch>` for what was built locally at the end.
 * @param glibc such as `2.17`
 */
export function manylinuxLadder(glibc: string, architecture: Architecture): readonly string[] {
  const newest = minorOf(glibc);
  const ladder: string[] = [];
  for (let minor = newest; minor >= architectures[architecture].oldestManylinuxMinor; minor -= 1) {
    ladder.push(`manylinux_2_${String(minor)}_${architecture}`);
    const alias = legacyAliases.get(minor);
    if (alias !== undefined) ladder.push(`${alias}_${architecture}`);
  }
  return [...ladder, `linux_${architecture}`];
}

/**
 * Every compatibility tag (`cp36-abi3-manylinux1_x86_64`) that a CPython on Linux accepts, best first: the order of the
 * reference implementation, `packaging.tags` (PEP 425, 600).
 *
 * `linux_<arch>` stays the last platform, as it was until packaging 26.3: a wheel that keeps the manylinux promise is
 * safer on a target than one that was built on some machine.
 * @param target `pythonMinor` is such as `3.6`; `glibc` such as `2.17`
 */
export function supportedTags(target: {
  readonly pythonMinor: string;
  readonly glibc: string;
  readonly architecture: Architecture;
}): readonly string[] {
  const platforms = manylinuxLadder(target.glibc, target.architecture);
  const major = Number(target.pythonMinor.split('.')[0]);
  const minor = minorOf(target.pythonMinor);
  const cpython = `cp${String(major)}${String(minor)}`;
  const onEveryPlatform = (prefix: string): readonly string[] => platforms.map((platform) => `${prefix}-${platform}`);
  const withStableAbi = major === 3 && minor >= oldestStableAbi;
  const olderMinors = withStableAbi ? countDown(minor - 1, oldestStableAbi) : [];
  const generic = genericInterpreters(major, minor);
  return [
    ...onEveryPlatform(`${cpython}-${cpython}${abiFlags(major, minor)}`),
    ...(withStableAbi ? onEveryPlatform(`${cpython}-abi3`) : []),
    ...onEveryPlatform(`${cpython}-none`),
    ...olderMinors.flatMap((older) => onEveryPlatform(`cp3${String(older)}-abi3`)),
    ...generic.flatMap((interpreter) => onEveryPlatform(`${interpreter}-none`)),
    `${cpython}-none-any`,
    ...generic.map((interpreter) => `${interpreter}-none-any`),
  ];
}

/** Python 3.8 dropped the `m` of pymalloc; Python 2 on Linux is built with wide Unicode, `u`. */
function abiFlags(major: number, minor: number): string {
  if (major === 2) return 'mu';
  return minor < 8 ? 'm' : '';
}

/** `py36`, `py3`, then the older minors: `py35` … `py30`. */
function genericInterpreters(major: number, minor: number): readonly string[] {
  const prefix = `py${String(major)}`;
  return [`${prefix}${String(minor)}`, prefix, ...countDown(minor - 1, 0).map((older) => `${prefix}${String(older)}`)];
}

function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}

function countDown(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, from - to + 1) }, (_, index) => from - index);
}
