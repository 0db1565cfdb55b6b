import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { run, mustRun } from '../support/machine.ts';
import { assemble, targetOf, wheelhouseOf } from '../support/trees.ts';
import { makeWheel } from '../support/wheels.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-python2-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** Python 2.7 is in no current distribution; pyenv may have one. */
async function findPython2(): Promise<string | undefined> {
  const places = ['/usr/bin/python2.7', join(homedir(), '.pyenv/versions/2.7.18/bin/python2.7')];
  for (const place of places) {
    const outcome = await run([place, '-c', 'import sys; print(sys.executable)']).catch(() => undefined);
    if (outcome?.exitCode === 0) return place;
  }
  return undefined;
}

const show = [
  'import json, os, sys',
  'def main():',
  '    import helper',
  '    print(json.dumps(dict(prefix=sys.prefix, executable=sys.executable, argv=sys.argv[1:], helper=helper.__file__,',
  '        marked=getattr(sys, "marked", None), path=sys.path, pythonpath=os.environ.get("PYTHONPATH"))))',
  '    return 4',
  '',
].join('\n');

describe('a tree for Python 2.7, which knows no pyvenv.cfg', () => {
  it('runs with its own site-packages and nobody else’s', async (context) => {
    const python = (await findPython2()) ?? context.skip('no Python 2.7 on this machine');
    const wheels = join(directory, 'wheels');
    const paths = [
      makeWheel(wheels, {
        name: 'fleet',
        version: '1.0',
        tag: 'py2-none-any',
        files: { 'fleet.py': show, 'fleet-mark.pth': 'import sys; sys.marked = "by pth"\n' },
        scripts: { fleet: 'fleet:main' },
      }).path,
      makeWheel(wheels, {
        name: 'helper',
        version: '1',
        tag: 'cp27-cp27mu-manylinux1_x86_64',
        files: { 'helper.py': '' },
      }).path,
    ];
    const prefix = join(directory, "it's", 'opt/fleet');
    const root = join(directory, 'root');
    await assemble({
      root,
      wheelhouse: wheelhouseOf(...paths),
      target: targetOf({ minor: '2.7', prefix, python, lib64: true }),
    });
    mkdirSync(dirname(prefix), { recursive: true });
    renameSync(join(root, prefix), prefix);
    const site = join(prefix, 'lib/python2.7/site-packages');
    const own = join(directory, 'own');
    mkdirSync(own);
    writeFileSync(join(own, 'caller.py'), '');

    const outcome = await run([join(prefix, 'bin/fleet'), 'a b', '*'], {
      env: { PYTHONPATH: own, PYTHONDONTWRITEBYTECODE: '1' },
    });
    expect(outcome.exitCode, outcome.stderr).toBe(4);
    const seen = JSON.parse(outcome.stdout) as { readonly path: readonly string[] };
    expect(seen).toMatchObject({
      prefix,
      executable: join(prefix, 'bin/python'),
      argv: ['a b', '*'],
      helper: expect.stringMatching(/^.*\/lib(64)?\/python2\.7\/site-packages\/helper\.py$/) as unknown,
      marked: 'by pth',
      pythonpath: own,
    });
    expect(seen.path).toContain(own);
    expect(seen.path).toContain(site);
    // Nothing of the interpreter's own site-packages and of our start directory stays on the path.
    const foreign = seen.path.filter(
      (path) => /(?:site|dist)-packages|coachbuilder$/.test(path) && !path.startsWith(prefix),
    );
    expect(foreign).toEqual([]);

    const without = await mustRun(
      [join(prefix, 'bin/python2.7'), '-c', 'import os; print(os.environ.get("PYTHONPATH"))'],
      {
        env: { PYTHONPATH: '' },
      },
    );
    expect(without.stdout).toBe('None\n');
    const nested = 'import subprocess, sys; sys.exit(subprocess.call([sys.executable, "-m", "fleet", "x"]))';
    expect((await run([join(prefix, 'bin/python'), '-c', nested])).exitCode).toBe(0);
    const child = await mustRun([
      join(prefix, 'bin/python'),
      '-c',
      'import sysconfig, helper; print(sysconfig.get_path("purelib"))',
    ]);
    expect(child.stdout.trim()).toBe(site);
  });
});
