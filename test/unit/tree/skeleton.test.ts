import { describe, expect, it } from 'vitest';

import { skeleton } from '../../../src/tree/skeleton.ts';
import { targetOf } from '../../support/trees.ts';

const linksOf = (facts: Parameters<typeof skeleton>[0]): Readonly<Record<string, string>> =>
  Object.fromEntries(skeleton(facts).flatMap((part) => (part.kind === 'symlink' ? [[part.path, part.target]] : [])));

describe('skeleton', () => {
  it('links the interpreter by its minor-versioned path', () => {
    expect(linksOf(targetOf({ minor: '3.6' }))).toEqual({
      'bin/python': 'python3',
      'bin/python3': 'python3.6',
      'bin/python3.6': '/usr/bin/python3.6',
    });
  });

  it('has lib64 where the distribution wants it', () => {
    expect(linksOf(targetOf({ lib64: true }))).toMatchObject({ lib64: 'lib' });
  });

  it('says in pyvenv.cfg where the interpreter is at home (PEP 405)', () => {
    const parts = skeleton(targetOf({ minor: '3.9', python: '/opt/rh/python39/bin/python3.9' }));
    expect(parts.find(({ path }) => path === 'pyvenv.cfg')).toEqual({
      kind: 'file',
      path: 'pyvenv.cfg',
      content: 'home = /opt/rh/python39/bin\ninclude-system-site-packages = false\nversion = 3.9\n',
      mode: 0o644,
    });
  });

  it('starts Python 2.7 through a shell script, whatever characters the paths hold', () => {
    const parts = skeleton(targetOf({ minor: '2.7', prefix: "/opt/it's" }));
    const python = parts.find(({ path }) => path === 'bin/python');
    expect(python).toMatchObject({ kind: 'file', mode: 0o755 });
    expect(python?.kind === 'file' && python.content).toContain(
      String.raw`PYTHONPATH='/opt/it'\''s/lib/python2.7/coachbuilder'`,
    );
    expect(linksOf(targetOf({ minor: '2.7' }))).toEqual({ 'bin/python2': 'python', 'bin/python2.7': 'python' });
  });
});
