import { posix } from 'node:path';

import type { LayoutFacts, SkeletonPart } from './layout.ts';

/** Holds nothing but our `site.py`, and so may be put before the standard library. */
const startDirectory = 'lib/python2.7/coachbuilder';

/** A word for the shell, in single quotes. */
function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** A Python 2 string literal of UTF-8 bytes. */
function literal(text: string): string {
  return `'${text.replaceAll(/['\\]/g, (character) => `\\${character}`)}'`;
}

function renderInterpreter(facts: LayoutFacts): string {
  return [
    '#!/bin/sh',
    '# Python 2.7 knows no pyvenv.cfg: the site module in this directory makes the environment instead.',
    `PYTHONPATH=${quote(posix.join(facts.prefix, startDirectory))}\${PYTHONPATH:+:$PYTHONPATH}`,
    'export PYTHONPATH',
    `exec ${quote(facts.interpreter.path)} -s "$@"`,
    '',
  ].join('\n');
}

function renderSite(facts: LayoutFacts): string {
  return [
    '# -*- coding: utf-8 -*-',
    '"""Runs the standard site module with this environment as its prefix."""',
    '',
    '',
    'def _enter():',
    '    import imp',
    '    import os',
    '    import sys',
    '',
    `    prefix = ${literal(facts.prefix)}`,
    `    here = os.path.join(prefix, ${literal(startDirectory)})`,
    "    # The caller's own PYTHONPATH is what is left without the entry of bin/python; children get just that.",
    "    rest = [path for path in os.environ.get('PYTHONPATH', '').split(os.pathsep) if path and path != here]",
    '    if rest:',
    "        os.environ['PYTHONPATH'] = os.pathsep.join(rest)",
    '    else:',
    "        os.environ.pop('PYTHONPATH', None)",
    '    sys.path[:] = [path for path in sys.path if path != here]',
    '    sys.real_prefix = sys.prefix',
    '    sys.prefix = sys.exec_prefix = prefix',
    "    sys.executable = os.path.join(prefix, 'bin', 'python')",
    "    found = imp.find_module('site', sys.path)",
    '    try:',
    "        module = imp.load_module('site', *found)",
    '    finally:',
    '        found[0].close()',
    "    packages = os.path.join(prefix, 'lib', 'python2.7', 'site-packages')",
    '    if packages not in sys.path:',
    '        module.addsitedir(packages)',
    '',
    '',
    '_enter()',
    '',
  ].join('\n');
}

/**
 * The stand-in for PEP 405 on Python 2.7, whose interpreter takes its prefix from where the standard library lies and
 * ignores pyvenv.cfg. `bin/python` is a shell script that puts a `site` module of ours before the standard one; it sets
 * `sys.prefix`, `sys.exec_prefix` and `sys.executable`, runs the standard one, which then looks for site-packages below our
 * prefix only, and takes itself out of the path and the environment again. Linux accepts a script as the interpreter of
 * a script since 2.6.28. Not seen by `python -E` and `python -S`, which tell Python to ignore just that.
 */
export function python2Files(facts: LayoutFacts): readonly SkeletonPart[] {
  return [
    { kind: 'file', path: 'bin/python', content: renderInterpreter(facts), mode: 0o755 },
    { kind: 'symlink', path: 'bin/python2', target: 'python' },
    { kind: 'symlink', path: 'bin/python2.7', target: 'python' },
    { kind: 'file', path: posix.join(startDirectory, 'site.py'), content: renderSite(facts), mode: 0o644 },
  ];
}
