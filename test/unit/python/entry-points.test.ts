import { describe, expect, it } from 'vitest';

import { parseEntryPoints } from '../../../src/python/entry-points.ts';

describe('parseEntryPoints', () => {
  it('reads console and gui scripts in the order of the file and nothing else', () => {
    const text = [
      '# comment',
      '[console_scripts]',
      'http = httpie.__main__:main',
      'HTTPS=httpie.__main__:Cli.main [tls, socks]',
      '; another comment',
      '',
      '[httpie.plugins]',
      'free text = of : any kind',
      'no value at all',
      '',
      '[gui_scripts]',
      'http-window = httpie.window : main',
    ].join('\n');
    expect(parseEntryPoints(text)).toEqual([
      { group: 'console_scripts', name: 'http', module: 'httpie.__main__', attribute: 'main' },
      { group: 'console_scripts', name: 'HTTPS', module: 'httpie.__main__', attribute: 'Cli.main' },
      { group: 'gui_scripts', name: 'http-window', module: 'httpie.window', attribute: 'main' },
    ]);
  });

  it('reads Windows line ends, indented files and continued values', () => {
    const text = '\uFEFF[console_scripts]\r\n    a = m:f\r\n    b =\r\n        m:g\r\n';
    expect(parseEntryPoints(text).map(({ name, attribute }) => [name, attribute])).toEqual([
      ['a', 'f'],
      ['b', 'g'],
    ]);
  });

  it('lets the last of two scripts with one name win, and returns none for an empty file', () => {
    expect(parseEntryPoints('[console_scripts]\na = m:f\na = m:g\n')).toMatchObject([{ attribute: 'g' }]);
    expect(parseEntryPoints('')).toEqual([]);
  });

  it.each([
    ['a = m:f', 'line 1: "a = m:f" is not a script: it comes before the first [group]'],
    ['[console_scripts]\na m:f', 'line 2: "a m:f" is not a script: it is not "name = module:function"'],
    ['[console_scripts]\n= m:f', 'line 2: "= m:f" is not a script: it is not "name = module:function"'],
    ['[console_scripts]\nb = m:f\na = m', 'line 3: "a = m" is not a script: a script needs "module:function"'],
    ['[console_scripts]\na = m:f-g', 'line 2: "a = m:f-g" is not a script: a script needs "module:function"'],
    ['[console_scripts]\na = m;import os:f', 'line 2'],
    [
      '[gui_scripts]\n../../etc/x = m:f',
      'line 2: "../../etc/x = m:f" is not a script: its name cannot be the name of a file',
    ],
    ['[gui_scripts]\n.. = m:f', 'its name cannot be the name of a file'],
  ])('refuses %j naming the line', (text, problem) => {
    expect(() => parseEntryPoints(text)).toThrow(expect.objectContaining({ code: 'wheel-invalid' }));
    expect(() => parseEntryPoints(text)).toThrow(problem);
  });
});
