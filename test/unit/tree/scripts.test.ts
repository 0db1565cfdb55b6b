import { describe, expect, it } from 'vitest';

import { interpreterLines, relinkScript, renderWrapper } from '../../../src/tree/scripts.ts';

/** A path of so many bytes. */
const pathOf = (length: number): string => `/opt/${'x'.repeat(length - '/opt/'.length)}`;

describe('interpreterLines', () => {
  it('names the interpreter in one line', () => {
    expect(interpreterLines('/opt/fleet/bin/python')).toBe('#!/opt/fleet/bin/python\n');
  });

  it('keeps an argument', () => {
    expect(interpreterLines('/opt/fleet/bin/python', '-u')).toBe('#!/opt/fleet/bin/python -u\n');
  });

  it('uses one line as long as kernels before 5.1 read it whole: 127 bytes with the newline', () => {
    expect(interpreterLines(pathOf(124))).toBe(`#!${pathOf(124)}\n`);
    expect(interpreterLines(pathOf(125))).toBe(`#!/bin/sh\n'''exec' ${pathOf(125)} "$0" "$@"\n' '''\n`);
  });

  it('counts bytes and not characters', () => {
    expect(interpreterLines(`/opt/${'é'.repeat(61)}`)).toMatch(/^#!\/bin\/sh\n/);
  });

  it('quotes for the shell what it would take apart', () => {
    expect(interpreterLines('/opt/my fleet/bin/python', '-u')).toBe(
      `#!/bin/sh\n'''exec' "/opt/my fleet/bin/python" -u "$0" "$@"\n' '''\n`,
    );
    expect(interpreterLines('/opt/$a"b/python')).toContain(`'''exec' "/opt/\\$a\\"b/python" "$0"`);
  });
});

describe('renderWrapper', () => {
  it('imports the first part of a dotted attribute and calls the whole', () => {
    const text = renderWrapper({ name: 'run', module: 'a.b', attribute: 'Main.run' }, '/opt/fleet/bin/python');
    expect(text).toMatch(/^#!\/opt\/fleet\/bin\/python\n# -\*- coding: utf-8 -\*-\n/);
    expect(text).toContain('\nfrom a.b import Main\n');
    expect(text).toContain('\n    sys.exit(Main.run())\n');
  });
});

describe('relinkScript', () => {
  const relink = (text: string): string | undefined =>
    relinkScript(Buffer.from(text), '/opt/fleet/bin/python')?.toString();

  it.each([
    ['#!python\nprint(1)\n', '#!/opt/fleet/bin/python\nprint(1)\n'],
    ['#!pythonw\nprint(1)\n', '#!/opt/fleet/bin/python\nprint(1)\n'],
    ['#!python3\nprint(1)\n', '#!/opt/fleet/bin/python\nprint(1)\n'],
    ['#!python -u\nprint(1)\n', '#!/opt/fleet/bin/python -u\nprint(1)\n'],
    ['#!python\r\nprint(1)\r\n', '#!/opt/fleet/bin/python\nprint(1)\r\n'],
    ['#!python', '#!/opt/fleet/bin/python\n'],
  ])('puts the interpreter into %j', (before, after) => {
    expect(relink(before)).toBe(after);
  });

  it.each(['#!/bin/sh\n', '#!/usr/bin/env python\n', '#!pythonic\n', '#! python\n', '', 'print("#!python")\n'])(
    'leaves %j as it is',
    (text) => {
      expect(relink(text)).toBeUndefined();
    },
  );

  it('keeps bytes that are no text', () => {
    const rest = Buffer.from([0, 0xff, 0xfe, 0x0a, 0x80]);
    const script = Buffer.concat([Buffer.from('#!python\n'), rest]);
    expect(relinkScript(script, '/p')?.subarray('#!/p\n'.length)).toEqual(rest);
  });
});
