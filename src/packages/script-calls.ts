import type { PackageFormat } from '../model/format.ts';

/** One call of a script by dpkg or rpm. */
export interface ScriptCall {
  /** `postinst`, `%preun` without its percent sign. */
  readonly script: string;
  /** What the script gets as `$1`, `$2`, …; words in angle brackets stand for what only the machine knows. */
  readonly arguments: readonly string[];
  /** Whose script it is: that of the package in question, or that of the version which it replaces. */
  readonly whose: 'package' | 'previous';
  /** Whether the state comes about by this call's failure. */
  readonly fails: boolean;
}

interface CallRow extends Pick<ScriptCall, 'script' | 'arguments'> {
  readonly whose?: 'previous';
  readonly fails?: true;
}

interface StateRow {
  /** What happens to the package, for people. */
  readonly when: string;
  readonly calls: readonly CallRow[];
}

/** Versions in the tables, by the words of Debian Policy 6.5; replaced where they are known. */
const oldVersion = '<old-version>';
const newVersion = '<new-version>';

/**
 * What dpkg calls, in its order: Debian Policy 6.5 (the calls), 6.6 (unpacking and its way back), 6.7 (configuration),
 * 6.8 (removal and purge); dpkg's man pages deb-preinst(5), deb-postinst(5), deb-prerm(5), deb-postrm(5), and
 * deb-triggers(5) for `triggered`. Measured with dpkg 1.21 by `test/integration/preview-scripts.test.ts`. dpkg before
 * 1.18.5 does not tell `preinst upgrade`, `preinst install` and `postrm abort-*` the new version (deb-preinst(5)).
 *
 * A scenario ends where dpkg gives up; that another package's unpacking failed changes nothing in what ours is called with.
 */
const debStates = {
  install: {
    when: 'it is installed for the first time',
    calls: [
      { script: 'preinst', arguments: ['install'] },
      // "If there is no most recently configured version dpkg will pass a null argument."
      { script: 'postinst', arguments: ['configure', ''] },
    ],
  },
  'install-after-remove': {
    when: 'it is installed where an earlier version was removed and not purged',
    calls: [
      { script: 'preinst', arguments: ['install', oldVersion, newVersion] },
      { script: 'postinst', arguments: ['configure', oldVersion] },
    ],
  },
  upgrade: {
    when: 'it is installed over an earlier version',
    calls: [
      { script: 'prerm', arguments: ['upgrade', newVersion], whose: 'previous' },
      { script: 'preinst', arguments: ['upgrade', oldVersion, newVersion] },
      { script: 'postrm', arguments: ['upgrade', newVersion], whose: 'previous' },
      { script: 'postinst', arguments: ['configure', oldVersion] },
    ],
  },
  configure: {
    when: 'it is unpacked already, and "dpkg --configure" ends its installation',
    calls: [{ script: 'postinst', arguments: ['configure', '<most-recently-configured-version>'] }],
  },
  triggered: {
    when: 'a trigger is activated that its control file "triggers" declares an interest in',
    calls: [{ script: 'postinst', arguments: ['triggered', '<trigger-names>'] }],
  },
  'abort-install': {
    when: 'its preinst fails when it is installed for the first time',
    calls: [
      { script: 'preinst', arguments: ['install'], fails: true },
      { script: 'postrm', arguments: ['abort-install'] },
    ],
  },
  'abort-upgrade': {
    when: 'its preinst fails when it is installed over an earlier version',
    calls: [
      { script: 'prerm', arguments: ['upgrade', newVersion], whose: 'previous' },
      { script: 'preinst', arguments: ['upgrade', oldVersion, newVersion], fails: true },
      { script: 'postrm', arguments: ['abort-upgrade', oldVersion, newVersion] },
      { script: 'postinst', arguments: ['abort-upgrade', newVersion], whose: 'previous' },
    ],
  },
  'failed-upgrade': {
    when: "the earlier version's prerm and postrm fail, and its own do their work",
    calls: [
      { script: 'prerm', arguments: ['upgrade', newVersion], whose: 'previous', fails: true },
      { script: 'prerm', arguments: ['failed-upgrade', oldVersion, newVersion] },
      { script: 'preinst', arguments: ['upgrade', oldVersion, newVersion] },
      { script: 'postrm', arguments: ['upgrade', newVersion], whose: 'previous', fails: true },
      { script: 'postrm', arguments: ['failed-upgrade', oldVersion, newVersion] },
      { script: 'postinst', arguments: ['configure', oldVersion] },
    ],
  },
  deconfigure: {
    when: 'it is deconfigured because a package is installed that breaks it',
    calls: [{ script: 'prerm', arguments: ['deconfigure', 'in-favour', '<package>', '<version>'] }],
  },
  'abort-deconfigure': {
    when: 'it was deconfigured for a package whose installation then fails',
    calls: [
      { script: 'prerm', arguments: ['deconfigure', 'in-favour', '<package>', '<version>'] },
      { script: 'postinst', arguments: ['abort-deconfigure', 'in-favour', '<package>', '<version>'] },
    ],
  },
  remove: {
    when: 'it is removed; its configuration files stay',
    calls: [
      { script: 'prerm', arguments: ['remove'] },
      { script: 'postrm', arguments: ['remove'] },
    ],
  },
  'remove-in-favour': {
    when: 'it is removed because a package is installed that conflicts with it',
    calls: [
      { script: 'prerm', arguments: ['remove', 'in-favour', '<package>', '<version>'] },
      { script: 'postrm', arguments: ['remove'] },
    ],
  },
  'abort-remove': {
    when: 'its prerm fails when it is removed',
    calls: [
      { script: 'prerm', arguments: ['remove'], fails: true },
      { script: 'postinst', arguments: ['abort-remove'] },
    ],
  },
  purge: {
    when: 'it is removed already, and purged; when "dpkg --purge" meets it installed, "remove" comes first',
    calls: [{ script: 'postrm', arguments: ['purge'] }],
  },
  disappear: {
    when: 'another package overwrites all of its files, and dpkg takes it for gone',
    calls: [{ script: 'postrm', arguments: ['disappear', '<overwriter>', '<overwriter-version>'] }],
  },
} as const satisfies Readonly<Record<string, StateRow>>;

/**
 * What rpm calls, in its order: RPM's documentation, rpm-scriptlets(7), "SCRIPTS" and "EXECUTION ORDER". `$1` is the
 * number of instances of the package that there will be. Measured with rpm 4.18 by
 * `test/integration/preview-scripts.test.ts`; in an upgrade rpm 4.14 tells `%posttrans` 1 (rpm's issue 3033), and Fedora's
 * packaging guidelines have 0 for both `%pretrans` and `%posttrans` always: no scriptlet should look at it there.
 * `%preuntrans` and `%postuntrans` are of rpm 4.19, and not measured.
 */
const rpmStates = {
  install: {
    when: 'it is installed for the first time',
    calls: [
      { script: 'pretrans', arguments: ['1'] },
      { script: 'pre', arguments: ['1'] },
      { script: 'post', arguments: ['1'] },
      { script: 'posttrans', arguments: ['1'] },
    ],
  },
  upgrade: {
    when: 'it is installed over another version',
    calls: [
      { script: 'pretrans', arguments: ['2'] },
      { script: 'preuntrans', arguments: ['1'], whose: 'previous' },
      { script: 'pre', arguments: ['2'] },
      { script: 'post', arguments: ['2'] },
      { script: 'preun', arguments: ['1'], whose: 'previous' },
      { script: 'postun', arguments: ['1'], whose: 'previous' },
      { script: 'posttrans', arguments: ['2'] },
      { script: 'postuntrans', arguments: ['1'], whose: 'previous' },
    ],
  },
  erase: {
    when: 'it is erased',
    calls: [
      { script: 'preuntrans', arguments: ['0'] },
      { script: 'preun', arguments: ['0'] },
      { script: 'postun', arguments: ['0'] },
      { script: 'postuntrans', arguments: ['0'] },
    ],
  },
  verify: {
    when: 'it is verified with "rpm --verify"',
    calls: [{ script: 'verifyscript', arguments: ['1'] }],
  },
} as const satisfies Readonly<Record<string, StateRow>>;

const tables: Readonly<Record<PackageFormat, Readonly<Record<string, StateRow>>>> = { deb: debStates, rpm: rpmStates };

/** The states of packages of a format in which the package manager calls scripts. */
export function scriptStates(format: PackageFormat): readonly string[] {
  return Object.keys(tables[format]);
}

/** Every script that the calls of a format name, once, in the order of their first calls. */
export function calledScripts(format: PackageFormat): readonly string[] {
  return [...new Set(Object.values(tables[format]).flatMap(({ calls }) => calls.map(({ script }) => script)))];
}

/** Versions as the package manager writes them, with epoch and release. */
export interface CallVersions {
  readonly version: string;
  /** Undefined: not known; its place is held by words in angle brackets. */
  readonly previous: string | undefined;
}

/**
 * What is called in a state, in the order of the calls, whether or not the packages hold such scripts.
 * @returns undefined when the format has no such state
 */
export function scriptCalls(
  format: PackageFormat,
  state: string,
  { version, previous }: CallVersions,
): { readonly when: string; readonly calls: readonly ScriptCall[] } | undefined {
  const row = Object.hasOwn(tables[format], state) ? tables[format][state] : undefined;
  if (row === undefined) return undefined;
  const known = (word: string): string =>
    word === newVersion ? version : word === oldVersion ? (previous ?? oldVersion) : word;
  const calls = row.calls.map((call): ScriptCall => ({
    script: call.script,
    arguments: call.arguments.map(known),
    whose: call.whose ?? 'package',
    fails: call.fails === true,
  }));
  return { when: row.when, calls };
}
