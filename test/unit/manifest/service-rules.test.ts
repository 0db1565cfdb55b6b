import { describe, expect, it } from 'vitest';

import { renderDiagnostic } from '../../../src/errors/diagnostic.ts';
import { checkManifest } from '../../../src/manifest/check.ts';
import { parseYamlManifest } from '../../../src/manifest/parse.ts';
import { splitWords } from '../../../src/manifest/service-words.ts';
import type { SourceDescription } from '../../../src/manifest/source-files.ts';

/** Everything is a file, but for what is missing and a directory; shells and others are told by their names. */
function describeSource(path: string): SourceDescription | undefined {
  if (path.includes('missing')) return undefined;
  if (path.endsWith('/directory')) return { kind: 'directory', executable: false, entries: [] };
  const interpreter = /\.bash$/.test(path)
    ? '/bin/bash -e'
    : /\.(?:init|sh)$/.test(path)
      ? '/usr/bin/env sh'
      : undefined;
  return { kind: 'file', executable: false, entries: [], ...(interpreter === undefined ? {} : { interpreter }) };
}

const context = { file: 'coachbuilder.yaml', directory: '/project', describeSource };

/** What is said about a manifest whose package `node` has these lines. */
function check(lines: readonly string[]): string[] {
  const text = ['packages:', '  node:', ...lines.map((line) => `    ${line}`), ''].join('\n');
  return checkManifest(parseYamlManifest(text, context.file), context).diagnostics.map(renderDiagnostic);
}

const at = (line: number, column: number, message: string): string =>
  `coachbuilder.yaml:${String(line)}:${String(column)}: error: ${message}`;

const suffixes = '.service, .socket, .timer, .path, .target, .mount, .automount, .swap, .slice';

describe('a service', () => {
  it.each([
    ['by command', ['services:', '  a: {command: a --b "c d"}']],
    ['by words', ['services:', '  a: {command: [/usr/bin/env, a]}']],
    ['by unit', ['services:', '  a: {unit: own.timer, user: fleet, state-directory: a/b}']],
    ['named with its suffix', ['services:', '  a.socket: {unit: file}']],
    ['that is a template', ['services:', '  a@: {command: a}']],
    ['that has files for each init system', ['services:', '  a: {unit: a.service, upstart: a.conf, sysv: a.init}']],
    [
      'that is another one somewhere',
      ['services:', '  a: {command: a}', 'overrides:', '  rpm: {services: {a: {command: null, unit: a.service}}}'],
    ],
    ['that is nowhere but for debs', ['services: {a: {command: a}}', 'overrides: {rpm: {services: {a: null}}}']],
    ['with users', ['users: {fleet: {groups: [adm], comment: "Fleet\'s"}, _x-1: null}', 'groups: {g: {gid: 5}}']],
  ])('may be one %s', (_, lines) => {
    expect(check(lines)).toEqual([]);
  });

  it.each([
    [
      'without a file',
      ['services:', '  a: {unit: missing.service}'],
      at(4, 17, 'there is no file "missing.service"\n    the path counts from the manifest\'s directory'),
    ],
    [
      'of a directory',
      ['services:', '  a: {unit: directory, sysv: b.init}'],
      at(4, 17, '"directory" has no suffix that tells what kind of unit it is'),
    ],
    [
      'of an unknown suffix',
      ['services:', '  a: {unit: own.tmer}'],
      at(4, 17, `".tmer" is not the suffix of a unit. Did you mean "timer"?\n    use one of ${suffixes}`),
    ],
    [
      'with an unknown suffix in its name',
      ['services:', '  a.conf: {unit: own}'],
      at(4, 7, `".conf" is not the suffix of a unit.\n    use one of ${suffixes}`),
    ],
    [
      'with a space in its name',
      ['services:', '  "a b": {command: a}'],
      at(
        4,
        7,
        '"a b" is not a name that a service can have\n    use letters, digits, "_", ":", "-" and ".", with an "@" at the end for a template',
      ),
    ],
    [
      'that runs nothing',
      ['services:', '  a: {user: fleet}'],
      at(4, 7, 'service a of package node does not say what runs\n    give it a "unit" or a "command"'),
    ],
    [
      'that runs two things',
      ['services:', '  a: {unit: a.service, command: a}'],
      at(
        4,
        37,
        'service a of package node has a unit file and a command\n    keep one of them; "null" in an override takes the other away',
      ),
    ],
    [
      'whose unit says it',
      ['services:', '  a: {unit: a.service, restart: always}'],
      at(4, 37, '"restart" belongs to a "command": the unit file says it'),
    ],
    [
      'of a command that is no .service',
      ['services:', '  a.timer: {command: a}'],
      at(4, 26, 'a command becomes a .service, not a .timer\n    write a unit file, and name it as "unit"'),
    ],
    [
      'that is in the package twice',
      ['services:', '  a: {command: a}', '  a.service: {command: b}'],
      at(
        5,
        7,
        'package node has two services a.service: "a" and "a.service"\n    keep it in one of them, or give each a name of its own',
      ),
    ],
    ['with an open quote', ['services:', "  a: {command: 'a \"b'}"], at(4, 20, 'a quote of the command is not closed')],
    [
      'of a relative program',
      ['services:', '  a: {command: bin/a}'],
      at(
        4,
        20,
        '"bin/a" is not a program that a service can run\n    begin with the name of a script of the application, or with an absolute path',
      ),
    ],
    [
      'with a user of a wrong name',
      ['services:', '  a: {command: a, user: Fleet}'],
      at(
        4,
        29,
        '"Fleet" is not a name that a user can have\n    use at most 31 lower-case letters, digits, "_" and "-", and begin with a letter or "_"',
      ),
    ],
    [
      'that is started and not enabled',
      ['services:', '  a: {command: a, enable: false, start: true}'],
      at(4, 45, 'service a is started and not enabled\n    only what is enabled is started; leave one of the two out'),
    ],
    [
      'whose directory is elsewhere',
      ['services:', '  a: {command: a, state-directory: ../a}'],
      at(4, 40, '"../a" must be a relative path, such as "fleet"\n    what it is relative to is said by the key'),
    ],
    [
      'whose init script is none',
      ['services:', '  a: {unit: a.service, sysv: a.txt}'],
      at(4, 34, '"a.txt" is not an init script: it does not begin with "#!"\n    begin it with "#!/bin/sh"'),
    ],
  ])('%s is an error', (_, lines, message) => {
    expect(check(lines)[0]).toContain(message);
  });

  it('of two packages is an error, which names both', () => {
    const text = 'packages:\n  a: {services: {x: {command: x}}}\n  b: {services: {x.service: {command: x}}}\n';
    expect(checkManifest(parseYamlManifest(text, context.file), context).diagnostics.map(renderDiagnostic)).toEqual([
      at(
        3,
        18,
        'service x.service is one of package a and of package b\n    keep it in one of them, or give each a name of its own',
      ),
    ]);
  });
});

describe('an account', () => {
  it.each([
    [['users: {"9x": {}}'], '"9x" is not a name that a user can have'],
    [['users: {"a b": {}}'], '"a b" is not a name that a user can have'],
    [[`users: {${'a'.repeat(32)}: {}}`], `"${'a'.repeat(32)}" is not a name that a user can have`],
    [['users: {root: {}}'], 'the user root is there already'],
    [['users: {a: {groups: [Staff]}}'], '"Staff" is not a name that a group can have'],
    [['groups: {"a:b": {}}'], '"a:b" is not a name that a group can have'],
    [['users: {a: {comment: "a:b"}}'], 'a comment has no colons'],
    [['users: {a: {home: here}}'], '"here" must be an absolute path'],
    [['users: {a: {uid: 70000}}'], 'must be less than 65534'],
  ])('%j is an error', (lines, message) => {
    expect(check(lines)).toEqual([expect.stringContaining(message)]);
  });
});

describe('a script', () => {
  it('for another interpreter is an error', () => {
    expect(check(['scripts:', '  after-install: hook.sh', '  before-remove: hook.bash'])).toEqual([
      at(
        5,
        22,
        '"hook.bash" is for /bin/bash -e, and scripts of packages are run by /bin/sh\n    write it for a POSIX shell, without a "#!" line or with "#!/bin/sh"; install a program for more than that',
      ),
    ]);
  });
});

describe('the words of a command', () => {
  it.each([
    ['a  b\tc', ['a', 'b', 'c']],
    ['a "b c" d', ['a', 'b c', 'd']],
    ["a 'b \\ c'd", ['a', 'b \\ cd']],
    ['a "" b\\ c', ['a', '', 'b c']],
    ['', []],
    ["a 'b", undefined],
    ['a \\', undefined],
  ])('%j are %j', (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });
});
