import { describe, expect, it } from 'vitest';

import { renderDiagnostic } from '../../../src/errors/diagnostic.ts';
import { checkManifest } from '../../../src/manifest/check.ts';
import { parseTomlManifest, parseYamlManifest } from '../../../src/manifest/parse.ts';
import type { SourceDescription } from '../../../src/manifest/source-files.ts';

/** A disk on which everything is a file, but for `missing` things, empty ones and a directory `units`. */
function describeSource(path: string): SourceDescription | undefined {
  if (path.includes('missing')) return undefined;
  if (path === '/project' || path.endsWith('/empty')) return { kind: 'directory', executable: false, entries: [] };
  if (path.endsWith('/units'))
    return { kind: 'directory', executable: false, entries: ['a.service', 'more/b.service'] };
  return { kind: 'file', executable: path.endsWith('.sh'), entries: [] };
}

const context = { file: 'coachbuilder.yaml', directory: '/project', describeSource };

function yaml(text: string): string[] {
  return checkManifest(parseYamlManifest(text, context.file), context).diagnostics.map(renderDiagnostic);
}

function toml(text: string): string[] {
  const file = 'pyproject.toml';
  return checkManifest(parseTomlManifest(text, file), { ...context, file }).diagnostics.map(renderDiagnostic);
}

const at = (line: number, column: number, message: string): string =>
  `coachbuilder.yaml:${String(line)}:${String(column)}: ${message}`;

describe('a manifest in YAML', () => {
  it('may be empty, or hold comments only', () => {
    expect(yaml('')).toEqual([]);
    expect(yaml('# nothing yet\n')).toEqual([]);
  });

  it.each([
    [
      'a key twice',
      'name: a\nurl: https://example.com/\nname: b\n',
      at(3, 1, 'error: key "name" is written twice\n    keep one of them'),
    ],
    [
      'tabs',
      'python:\n\textras: [a]\n',
      at(2, 1, 'error: tabs are not allowed as indentation\n    indent with spaces'),
    ],
    ['a list at the top', '- name\n', at(1, 1, 'error: the manifest must be a map, not a list')],
    [
      'an alias without its anchor',
      'name: fleet\nvendor: *acme\n',
      at(2, 9, 'error: unresolved alias (the anchor must be set before the alias): acme'),
    ],
    [
      'an alias inside itself',
      'packages: &a\n  cli: *a\n',
      at(2, 8, 'error: an alias stands inside what it is an alias of'),
    ],
    [
      'two documents',
      'name: a\n---\nname: b\n',
      at(2, 1, 'error: the file holds more than one document\n    remove the line "---" and what is behind it'),
    ],
    ['a map inside a line', 'name: a: b\n', at(1, 7, 'error: nested mappings are not allowed in compact mappings')],
  ])('with %s is refused at its place', (_title, text, expected) => {
    expect(yaml(text)).toContain(expected);
  });

  it('that ends in the middle of something says so', () => {
    expect(yaml('packages: {cli: {depends: [a\n').join('\n')).toMatch(/^coachbuilder\.yaml:2:1: error: /);
  });

  it('may use anchors and merge keys', () => {
    expect(
      yaml(
        'packages:\n  cli: &base\n    depends: [openssh-client]\n  node:\n    <<: *base\n    suggests: [iptables]\n',
      ),
    ).toEqual([]);
  });
});

describe('shapes', () => {
  it.each([
    ['an unknown key', 'vendr: Acme\n', at(1, 1, 'error: unknown key "vendr"\n    did you mean "vendor"?')],
    [
      'an unknown key that is like none',
      'python:\n  zope: 1\n',
      at(
        2,
        3,
        'error: unknown key "zope"\n    the keys here are interpreter, requirements, constraints, extras, lock-file, indexes, bytecode',
      ),
    ],
    [
      'an unknown key of a package',
      'packages:\n  cli:\n    depnds: []\n',
      at(3, 5, 'error: unknown key "depnds"\n    did you mean "depends"?'),
    ],
    [
      'an unknown key of an override',
      'packages: {cli: {overrides: {deb: {linkz: {}}}}}\n',
      at(1, 36, 'error: unknown key "linkz"\n    did you mean "links"?'),
    ],
    [
      'an unknown hook',
      'packages:\n  cli:\n    scripts: {after-instal: x.sh}\n',
      at(3, 15, 'error: unknown key "after-instal"\n    did you mean "after-install"?'),
    ],
    [
      'an unknown key of a file',
      'packages: {cli: {files: {/a: {source: x, owner: root, grup: root}}}}\n',
      at(1, 55, 'error: unknown key "grup"\n    did you mean "group"?'),
    ],
    ['a number for text', 'name: 1.10\n', at(1, 7, 'error: "name" must be text; write it in quotes: "1.10"')],
    [
      'a mode without quotes',
      'packages: {cli: {files: {/a: {source: x, mode: 0640}}}}\n',
      at(1, 48, 'error: "mode" must be text; write it in quotes: "0640"'),
    ],
    ['a boolean for text', 'vendor: true\n', at(1, 9, 'error: "vendor" must be text; write it in quotes: "true"')],
    [
      'a number in a list',
      'python:\n  extras: [tls, 2]\n',
      at(2, 17, 'error: entry 2 of "extras" must be text; write it in quotes: "2"'),
    ],
    [
      'text for a boolean',
      'distribution-tag: "no"\n',
      at(1, 19, 'error: "distribution-tag" must be true or false, not "no"'),
    ],
    ['text for a number', 'epoch: "1"\n', at(1, 8, 'error: "epoch" must be a whole number, not "1"')],
    ['a negative epoch', 'epoch: -1\n', at(1, 8, 'error: "epoch" must not be negative')],
    [
      'text for a list',
      'packages: {cli: {depends: iptables}}\n',
      at(1, 27, 'error: "depends" must be a list, not "iptables"\n    write it as a list: [iptables]'),
    ],
    ['a list for a map', 'packages: [cli]\n', at(1, 11, 'error: "packages" must be a map, not a list')],
    [
      'nothing for a map',
      'packages:\n  cli:\n',
      at(2, 7, 'error: "cli" has no value\n    give it one, or leave the key out'),
    ],
    ['empty text', 'name: ""\n', at(1, 7, 'error: "name" must not be empty')],
    [
      'another word than the known ones',
      'python: {bytecode: someday}\n',
      at(1, 20, 'error: "bytecode" must be one of auto, build, install, none, not "someday"'),
    ],
    [
      'two letters exchanged',
      'python: {bytecode: biuld}\n',
      at(1, 20, 'error: "bytecode" must be one of auto, build, install, none, not "biuld"\n    did you mean "build"?'),
    ],
    [
      'a misspelt word',
      'packages: {cli: {architecture: al}}\n',
      at(1, 32, 'error: "architecture" must be one of native, all, not "al"\n    did you mean "all"?'),
    ],
    [
      'another interpreter than "system"',
      'python: {interpreter: pypy}\n',
      at(1, 23, 'error: "interpreter" must be "system" or a map, not "pypy"'),
    ],
    ['half an interpreter', 'python:\n  interpreter: {package: python3.11}\n', at(2, 3, 'error: "path" is missing')],
    ['a release without its keys', 'release:\n  id: acme\n', at(1, 1, 'error: "baseurl" is missing')],
    [
      'a distribution with a wrong fact',
      'distributions: {a-1: {extends: rocky-8, glibc: "two"}}\n',
      at(1, 48, 'error: "glibc" must be a dotted number in quotes, such as "2.17"'),
    ],
  ])('with %s are refused at the place', (_title, text, expected) => {
    expect(yaml(text)).toEqual([expected]);
  });
});

const pkg = (body: string): string => `name: fleet\npackages:\n  cli:\n    ${body}\n`;

describe('rules', () => {
  it.each([
    [
      'an application name',
      'name: fleet!\n',
      at(
        1,
        7,
        'error: name "fleet!" is not the name of a Python project\n    use letters and digits, with ".", "_" or "-" between them',
      ),
    ],
    [
      'a relative prefix',
      'prefix: opt/fleet\n',
      at(1, 9, 'error: prefix "opt/fleet" must be an absolute path\n    start it with "/"'),
    ],
    [
      'the root as prefix',
      'prefix: /\n',
      at(
        1,
        9,
        'error: prefix "/" is a directory that other packages use\n    use one of its own, such as "/opt/<name>"',
      ),
    ],
    [
      '/usr as prefix',
      'prefix: /usr/\n',
      at(
        1,
        9,
        'error: prefix "/usr/" is a directory that other packages use\n    use one of its own, such as "/opt/<name>"',
      ),
    ],
    [
      '/opt as prefix',
      'prefix: /opt\n',
      at(
        1,
        9,
        'error: prefix "/opt" is a directory that other packages use\n    use one of its own, such as "/opt/<name>"',
      ),
    ],
    [
      'a space in the prefix',
      'prefix: /opt/my fleet\n',
      at(1, 9, 'error: prefix "/opt/my fleet" must not contain spaces\n    scripts could not name their interpreter'),
    ],
    ['".." in the prefix', 'prefix: /opt/../fleet\n', at(1, 9, 'error: prefix "/opt/../fleet" must not contain ".."')],
    [
      'odd letters in the prefix',
      'prefix: /opt//x%\n',
      at(
        1,
        9,
        'error: prefix "/opt//x%" must consist of letters, digits and ".", "_", "+", "-" between single slashes',
      ),
    ],
    [
      'a maintainer without address',
      'maintainer: Acme\n',
      at(
        1,
        13,
        'error: maintainer "Acme" has no address\n    write "Name <address>", such as "Acme Packaging <packaging@example.com>"',
      ),
    ],
    [
      'a maintainer that is only an address',
      'maintainer: a@example.com\n',
      at(
        1,
        13,
        'error: maintainer "a@example.com" is not of the form "Name <address>"\n    write "Name <address>", such as "Acme Packaging <packaging@example.com>"',
      ),
    ],
    [
      'a licence that is not SPDX, as a warning',
      'license: Apache 2\n',
      at(1, 10, 'warning: license "Apache 2" is not an SPDX expression\n    did you mean "Apache-2.0"?'),
    ],
    [
      'a licence that is like none',
      'license: ours\n',
      at(
        1,
        10,
        'warning: license "ours" is not an SPDX expression\n    write an SPDX licence expression, or "LicenseRef-" and a word of your own',
      ),
    ],
    [
      'a home page that is none',
      'url: example\n',
      at(
        1,
        6,
        'error: "url" must be the address of a web page, without credentials\n    write "https://example.com/fleet"',
      ),
    ],
    [
      'a header of two lines',
      'summary: "one\\nDepends: evil"\n',
      at(1, 10, 'error: "summary" must be one line of text'),
    ],
    [
      'an interpreter without its minor version',
      'python: {interpreter: {package: python3, path: /usr/bin/python3}}\n',
      at(
        1,
        48,
        'error: interpreter "/usr/bin/python3" must be an absolute path with a minor version\n    write one such as "/usr/bin/python3.11"',
      ),
    ],
    ['an extra', 'python: {extras: ["tls,cli"]}\n', at(1, 19, 'error: "tls,cli" is not the name of an extra')],
    [
      'an index that is no URL',
      'python: {indexes: [example.com]}\n',
      at(
        1,
        20,
        'error: "example.com" is not an http, https or file URL\n    write one such as "https://packages.example.com/simple/"',
      ),
    ],
    [
      'a requirements file that is not there',
      'python: {requirements: [missing.txt]}\n',
      at(1, 25, `error: there is no file "missing.txt"\n    the path counts from the manifest's directory`),
    ],
    ['a source that is no directory', 'source: setup.py\n', at(1, 9, 'error: "setup.py" is a file, not a directory')],
    [
      'a package id',
      'packages: {Cli: {}}\n',
      at(1, 12, 'error: package id "Cli" must be lower-case letters, digits and hyphens'),
    ],
    [
      'a package name',
      pkg('name: Acme_Fleet'),
      at(4, 11, 'error: "Acme_Fleet" is not a name that packages can have\n    write "acme-fleet"'),
    ],
    [
      'a package name of one letter',
      pkg('name: a'),
      at(
        4,
        11,
        'error: "a" is not a name that packages can have\n    use two or more lower-case letters and digits, with "+", "-" or "." after the first (Debian Policy 5.6.1)',
      ),
    ],
    [
      'a package prefix',
      'package-prefix: -x-\n',
      at(1, 17, 'error: "-x-" is not a name that packages can have\n    write "x-"'),
    ],
    [
      'two packages of one name',
      pkg('name: omnibus-python-fleet'),
      at(
        4,
        11,
        'error: package cli has the name of package main: "omnibus-python-fleet"\n    give each a name of its own',
      ),
    ],
    [
      'a main package for all machines',
      'packages: {main: {architecture: all}}\n',
      at(
        1,
        33,
        'error: the main package holds the virtual environment, and is "native"\n    leave the key out; packages that only link to it are "all" by default',
      ),
    ],
    [
      'half a condition',
      pkg('depends: [{name: a, compare: ">="}]'),
      at(4, 15, 'error: Must specify both or neither compare and version.'),
    ],
    [
      'the other half',
      pkg('depends: [{name: a, version: "1"}]'),
      at(4, 15, 'error: Must specify both or neither compare and version.'),
    ],
    [
      'an operator without version',
      pkg('depends: ["a (>= )"]'),
      at(4, 15, 'error: "a (>= )" is not a relation\n    write the version behind the operator, or leave both out'),
    ],
    [
      'two packages in one relation',
      pkg('depends: ["a, b"]'),
      at(4, 15, 'error: "a, b" is not a relation\n    give every package an entry of its own'),
    ],
    [
      'a boolean relation',
      pkg('depends: ["(a or b)"]'),
      at(4, 15, 'error: "(a or b)" is not a relation\n    separate alternatives with "|"'),
    ],
    [
      'alternatives where none can be',
      pkg('conflicts: ["a | b"]'),
      at(4, 17, 'error: "conflicts" cannot have alternatives\n    give every package an entry of its own'),
    ],
    [
      'the package of a library that is no relation',
      'name: x\nlibraries:\n  libfoo.so.2: libfoo2, libfoo3\n',
      at(3, 16, 'error: "libfoo2, libfoo3" is not a relation\n    give every package an entry of its own'),
    ],
    [
      'a library that is named by its path',
      'name: x\nlibraries:\n  /usr/lib/libfoo.so.2: ignore\n',
      at(3, 3, 'error: "/usr/lib/libfoo.so.2" is not the SONAME of a library\n    write one such as "libfoo.so.2"'),
    ],
    [
      'the package of a library that is ignored',
      'overrides:\n  deb:\n    libraries: {libfoo.so.2: {package: libfoo2, as: ignore}}\n',
      at(3, 30, 'error: "libfoo.so.2" is ignored and has a package\n    leave one of both out'),
    ],
    [
      'a provided range',
      pkg('provides: ["a >= 1"]'),
      at(4, 16, 'error: "a" can be provided in one version only\n    use "=", or leave the version out'),
    ],
    [
      'an unknown selector of a package',
      pkg('overrides: {debain: {}}'),
      at(4, 17, 'error: unknown selector "debain"\n    did you mean "debian"?'),
    ],
    [
      'an unknown target',
      'targets: [debian-12, rocky-99]\n',
      at(1, 22, 'error: "rocky-99" is not a known distribution\n    did you mean "rocky-9"?'),
    ],
    [
      'an unknown selector',
      'overrides: {windows: {}}\n',
      at(
        1,
        13,
        'error: unknown selector "windows"\n    use "deb", "rpm", a vendor such as "debian", or a distribution',
      ),
    ],
    [
      'a relative link directory',
      pkg('links: {usr/bin: [a]}'),
      at(4, 13, 'error: "usr/bin" must be an absolute path\n    start it with "/"'),
    ],
    [
      'a relative file',
      pkg('files: {etc/a: a}'),
      at(4, 13, 'error: "etc/a" must be an absolute path\n    start it with "/"'),
    ],
    ['".." in a file', pkg('files: {/etc/../a: a}'), at(4, 13, 'error: "/etc/../a" must not contain ".."')],
    [
      'a relative directory',
      pkg('directories: [var]'),
      at(4, 19, 'error: "var" must be an absolute path\n    start it with "/"'),
    ],
    [
      'a link that is a path',
      pkg('links: {/usr/bin: [/opt/x]}'),
      at(
        4,
        24,
        'error: link "/opt/x" must be a plain name\n    the directory is the key; write {name: target} to link to another path',
      ),
    ],
    [
      'a relative link target',
      pkg('links: {/usr/bin: [{a: ../b}]}'),
      at(4, 28, 'error: link target "../b" must be the name of a script or an absolute path'),
    ],
    [
      'a link twice',
      pkg('links: {/usr/bin: [a, a]}'),
      at(4, 27, 'error: package cli claims "/usr/bin/a" twice\n    keep one of them'),
    ],
    [
      'a link in two spellings of a directory',
      pkg('links: {/usr/bin: [a], /usr/bin/: [a]}'),
      at(4, 40, 'error: package cli claims "/usr/bin/a" twice\n    keep one of them'),
    ],
    [
      'a path that is a file and a link',
      pkg('{links: {/usr/bin: [a]}, files: {/usr/bin/a: a.sh}}'),
      at(4, 25, 'error: "/usr/bin/a" is a file and a link of package cli\n    keep one of them'),
    ],
    [
      'a directory that is a file',
      pkg('{files: {/srv/a: x}, directories: [/srv/a/]}'),
      at(4, 40, 'error: "/srv/a" is a file and a directory of package cli\n    keep one of them'),
    ],
    [
      'a file below a file',
      pkg('files: {/srv/a: x, /srv/a/b: y}'),
      at(4, 34, 'error: "/srv/a/b" cannot be below "/srv/a", which is a file of package cli'),
    ],
    [
      'a file that a directory brings already',
      pkg('files: {/srv: units, /srv/more/b.service: x}'),
      at(4, 47, 'error: package cli claims "/srv/more/b.service" twice\n    keep one of them'),
    ],
    [
      'a path below the prefix',
      pkg('directories: [/opt/fleet/var]'),
      at(
        4,
        19,
        'error: "/opt/fleet/var" of package cli is below the prefix "/opt/fleet", which belongs to the main package',
      ),
    ],
    [
      'a file that is not there',
      pkg('files: {/etc/a: missing}'),
      at(4, 21, `error: there is no file or directory "missing"\n    the path counts from the manifest's directory`),
    ],
    [
      'a directory without files',
      pkg('files: {/etc/a: empty}'),
      at(
        4,
        21,
        'error: directory "empty" holds no files\n    to create an empty directory, name it under "directories"',
      ),
    ],
    [
      'a file installed as a directory',
      pkg('files: {/etc/a/: {source: x}}'),
      at(4, 31, `error: "x" is a file, but "/etc/a/" is a directory\n    write the file's whole installed path`),
    ],
    [
      'a script that is not there',
      pkg('scripts: {after-install: missing.sh}'),
      at(4, 30, `error: there is no file "missing.sh"\n    the path counts from the manifest's directory`),
    ],
    [
      'configuration that is not installed',
      pkg('configuration-files: [/etc/a]'),
      at(
        4,
        27,
        'error: "/etc/a" is marked as configuration, but package cli installs no such file\n    name it under "files" as well',
      ),
    ],
    [
      'a mode',
      pkg('files: {/etc/a: {source: x, mode: "rw"}}'),
      at(4, 39, 'error: mode "rw" must be octal digits, such as "0640"'),
    ],
    [
      'an owner',
      pkg('directories: [{path: /srv/a, owner: "a b"}]'),
      at(4, 41, 'error: "owner" "a b" is not the name of a user'),
    ],
    [
      'a repository id',
      'release: {id: "a]", baseurl: "https://example.com"}\n',
      at(1, 15, 'error: "a]" must be letters, digits, "_", "." and "-"'),
    ],
    [
      'a repository URL',
      'release: {id: a, baseurl: "ftp://example.com"}\n',
      at(
        1,
        27,
        'error: "ftp://example.com" is not an http, https or file URL\n    write one such as "https://packages.example.com/simple/"',
      ),
    ],
    [
      'two channels of one id',
      'release: {id: a, baseurl: "https://example.com", channels: [{id: a}, {id: a}]}\n',
      at(1, 75, 'error: there are two channels "a"'),
    ],
    [
      'a channel suffix',
      'release: {id: a, baseurl: "https://example.com", channels: [{id: a, suffix: testing}]}\n',
      at(1, 77, 'error: suffix "testing" must be a hyphen and lower-case letters or digits, such as "-testing"'),
    ],
    [
      'a release version',
      'release: {id: a, baseurl: "https://example.com", version: 1-2}\n',
      at(1, 59, 'error: version "1-2" must start with a digit, and consist of letters, digits, ".", "+" and "~"'),
    ],
    [
      'a key that is not there',
      'release: {id: a, baseurl: "https://example.com", key: missing.asc}\n',
      at(1, 55, `error: there is no file "missing.asc"\n    the path counts from the manifest's directory`),
    ],
    [
      'a distribution like none',
      'distributions: {mine: {}}\n',
      at(
        1,
        17,
        'error: distribution mine is not one that Coachbuilder knows, and does not say which one it extends.\n    add "extends" with the id of a distribution that it is like',
      ),
    ],
  ])('find fault with %s', (_title, text, expected) => {
    expect(yaml(text)).toEqual([expected]);
  });

  it('refuse a path that two packages claim, at the second one', () => {
    expect(
      yaml(
        'packages:\n  cli:\n    links: {/usr/bin: [fleet]}\n  node:\n    links: {/usr/bin/: [{fleet: fleet-node}]}\n',
      ),
    ).toEqual([
      at(5, 33, 'error: "/usr/bin/fleet" is claimed by package cli and by package node\n    keep it in one of them'),
    ]);
  });

  it('refuse a path that two packages claim on some distributions only, and say it once', () => {
    const text = `packages:
  cli:
    links: {/usr/bin: [fleet]}
  node:
    overrides:
      deb: {suggests: [a]}
      debian-12:
        links: {/usr/bin: [fleet]}
`;
    expect(yaml(text)).toEqual([
      at(8, 28, 'error: "/usr/bin/fleet" is claimed by package cli and by package node\n    keep it in one of them'),
    ]);
  });

  it('let packages share a directory, and overrides take files out', () => {
    expect(
      yaml(`packages:
  cli: {directories: [/srv/a], files: {/srv/a/x: x}}
  node: {directories: [/srv/a], overrides: {rpm: {files: {/srv/a/x: null}}}}
`),
    ).toEqual([]);
  });

  it('never show credentials of an index, and say where they belong', () => {
    const text = yaml('python:\n  indexes:\n    - https://me:secret@example.com/simple\n').join('\n');
    expect(text).toBe(
      at(
        3,
        7,
        'error: the URL holds credentials\n    take them out: they belong in ~/.netrc, in a keyring, or in the configuration of pip or uv, and should be changed if the manifest was shared',
      ),
    );
    expect(text).not.toContain('secret');
    expect(yaml('release: {id: a, baseurl: "https://me:secret@example.com"}\n').join()).toMatch(
      /the URL holds credentials/,
    );
  });

  it("know the manifest's own distributions as selectors", () => {
    expect(
      yaml('distributions: {acme-8: {extends: rocky-8}}\noverrides: {acme: {epoch: 1}, acme-8: {epoch: 2}}\n'),
    ).toEqual([]);
  });

  it('accept a manifest that uses everything well', () => {
    expect(
      yaml(`name: fleet
vendor: Acme
maintainer: Acme Packaging <packaging@example.com>
license: Apache-2.0 OR MIT
package-prefix: acme
python: {interpreter: {package: python3.11, path: /usr/bin/python3.11}, indexes: ["https://example.com/simple/"]}
packages:
  cli:
    depends: [openssh-client, "docker.io (>= 1.3.0)", "docker-io >= 1.3.0", "a | b (<< 2)", /usr/sbin/iptables, "python(abi) = 3.6", {name: x, compare: ">=", version: "1"}]
    links: {/usr/bin: [fleet, {fleet-tool: /usr/lib/fleet/tool}]}
    files: {/etc/fleet.conf: {source: fleet.conf, mode: "0640", group: adm}, /usr/lib/units/: units}
    directories: [/var/lib/fleet/, {path: /var/log/fleet, mode: "750"}]
    scripts: {after-install: reload.sh}
    configuration-files: [/usr/lib/units/more/b.service]
    overrides: {deb: {depends: [openssh-client]}, ubuntu: {links: {/usr/bin: []}}, centos-7: {summary: Old}}
release: {id: acme, baseurl: "https://example.com/$releasever", key: acme.asc}
`),
    ).toEqual([]);
  });
});

describe('several problems at once', () => {
  it('are all reported for YAML: shapes and rules, in the order of the file', () => {
    expect(
      yaml(`name: 1.10
vendr: Acme
maintainer: Acme
packages:
  cli:
    depends: [iptables, "a b"]
    links: {/usr/bin: [fleet]}
    overrides: {debain: {}}
  node:
    architecture: any
    links: {/usr/bin: [fleet]}
`),
    ).toEqual([
      at(1, 7, 'error: "name" must be text; write it in quotes: "1.10"'),
      at(2, 1, 'error: unknown key "vendr"\n    did you mean "vendor"?'),
      at(
        3,
        13,
        'error: maintainer "Acme" has no address\n    write "Name <address>", such as "Acme Packaging <packaging@example.com>"',
      ),
      at(6, 25, 'error: "a b" is not a relation\n    write "name", "name (>= 1.2)" or "name | other"'),
      at(8, 17, 'error: unknown selector "debain"\n    did you mean "debian"?'),
      at(10, 19, 'error: "architecture" must be one of native, all, not "any"'),
      at(11, 24, 'error: "/usr/bin/fleet" is claimed by package cli and by package node\n    keep it in one of them'),
    ]);
  });

  it('are all reported for TOML', () => {
    expect(
      toml(`[project]
name = "fleet"

[tool.coachbuilder]
name = 1.10
vendr = "Acme"
python.extras = "tls"

[tool.coachbuilder.packages.cli]
depends = ["iptables", 1]
links = { "/usr/bin" = ["fleet"] }

[tool.coachbuilder.packages.node]
links."/usr/bin" = ["fleet"]

[[tool.coachbuilder.release.channels]]
id = "acme"
`),
    ).toEqual([
      'pyproject.toml:5:8: error: "name" must be text; write it in quotes: "1.10"',
      'pyproject.toml:6:1: error: unknown key "vendr"\n    did you mean "vendor"?',
      'pyproject.toml:7:17: error: "extras" must be a list, not "tls"\n    write it as a list: [tls]',
      'pyproject.toml:10:24: error: entry 2 of "depends" must be text or a map; write it in quotes: "1"',
      'pyproject.toml:14:21: error: "/usr/bin/fleet" is claimed by package cli and by package node\n    keep it in one of them',
      'pyproject.toml:16:21: error: "id" is missing',
      'pyproject.toml:16:21: error: "baseurl" is missing',
    ]);
  });

  it.each([
    ['[tool.coachbuilder\n', 2, 'unterminated table-key'],
    ['[tool.coachbuilder]\nname = "a"\nname = "b"\n', 3, 'defining a key multiple times is invalid'],
    ['[tool.coachbuilder]\nname =\n', 3, 'unspecified values are invalid'],
  ])('but of malformed TOML only the first: %j', (text, line, message) => {
    expect(toml(text)).toEqual([
      expect.stringMatching(new RegExp(`^pyproject\\.toml:${String(line)}:\\d+: error: ${message}$`)),
    ]);
  });
});
