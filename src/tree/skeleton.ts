import { posix } from 'node:path';

import type { TargetInterpreter } from '../plan/build-plan.ts';
import type { LayoutFacts, SkeletonPart } from './layout.ts';
import { python2Files } from './python2.ts';

/** `pyvenv.cfg` (PEP 405): `home` is where the interpreter lies; the version may be any patch release of its minor. */
function renderConfiguration(interpreter: TargetInterpreter): string {
  return [
    `home = ${posix.dirname(interpreter.path)}`,
    'include-system-site-packages = false',
    `version = ${interpreter.version}`,
    '',
  ].join('\n');
}

/** A bundled interpreter lies below the prefix, and is found wherever the tree is; any other one has one place. */
function linkTarget({ interpreter, prefix }: LayoutFacts): string {
  return interpreter.bundle === undefined
    ? interpreter.path
    : posix.relative(posix.join(prefix, 'bin'), interpreter.path);
}

/**
 * The files and links that make a directory a virtual environment of the target's interpreter (PEP 405).
 * The interpreter is linked by its minor-versioned path: on a system with another minor the link leads nowhere, which is a
 * clearer failure than a program that starts and cannot find its modules.
 */
export function skeleton(facts: LayoutFacts): readonly SkeletonPart[] {
  const { interpreter } = facts;
  const [major = interpreter.minor] = interpreter.minor.split('.');
  const common: SkeletonPart[] = [
    { kind: 'file', path: 'pyvenv.cfg', content: renderConfiguration(interpreter), mode: 0o644 },
    ...(facts.lib64 ? [{ kind: 'symlink' as const, path: 'lib64', target: 'lib' }] : []),
  ];
  if (major === '2') return [...common, ...python2Files(facts)];
  return [
    ...common,
    { kind: 'symlink', path: 'bin/python', target: `python${major}` },
    { kind: 'symlink', path: `bin/python${major}`, target: `python${interpreter.minor}` },
    { kind: 'symlink', path: `bin/python${interpreter.minor}`, target: linkTarget(facts) },
  ];
}
