import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { scriptStates } from '../../src/packages/script-calls.ts';
import { buildPackages, fleetCheckout, type BuiltPackage } from '../support/builds.ts';
import { writeFiles } from '../support/command-line.ts';
import { mustRun, requireTools, run, type Outcome } from '../support/machine.ts';

const command = join(import.meta.dirname, '../../admin/preview-scripts');

interface Script {
  readonly name: string;
  readonly interpreter: readonly string[];
  readonly text: string;
}

interface Call {
  readonly script: string;
  readonly arguments: readonly string[];
  readonly whose: 'package' | 'previous';
  readonly fails: boolean;
  readonly text: string | null;
}

interface Preview {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly format: string;
  readonly scripts: readonly Script[];
  readonly triggers: string;
  readonly state: { readonly calls: readonly Call[] } | null;
}

let directory: string;

beforeAll(async () => {
  await requireTools('dpkg-deb', 'rpm', 'rpmbuild');
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-preview-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

async function preview(...args: readonly string[]): Promise<Preview> {
  const { stdout } = await mustRun([command, '--json', ...args]);
  return JSON.parse(stdout) as Preview;
}

describe('the packages of the example', () => {
  let built: readonly BuiltPackage[];

  beforeAll(async () => {
    const uri = await fleetCheckout(join(directory, 'example'));
    const destination = join(directory, 'built');
    mkdirSync(destination);
    built = await buildPackages({ uri, distributions: ['debian-12', 'rocky-9'], destination });
  });

  function ofFormat(format: string): readonly BuiltPackage[] {
    const found = built.filter((each) => each.format === format);
    expect(found.length).toBeGreaterThan(2);
    return found;
  }

  it('show the maintainer scripts that dpkg-deb extracts', async () => {
    let seen = 0;
    for (const { path, name, architecture } of ofFormat('deb')) {
      const control = join(directory, `control-${name}`);
      await mustRun(['dpkg-deb', '--control', path, control]);
      const files = readdirSync(control).filter((file) => /^(?:config|preinst|postinst|prerm|postrm)$/.test(file));
      const extracted = files.map((file) => [file, readFileSync(join(control, file), 'utf8')]);
      const shown = await preview(path);
      expect(shown).toMatchObject({ name, architecture, format: 'deb', triggers: '', state: null });
      expect(Object.fromEntries(shown.scripts.map((each) => [each.name, each.text]))).toEqual(
        Object.fromEntries(extracted),
      );
      expect(shown.scripts.map(({ interpreter }) => interpreter)).toEqual(shown.scripts.map(() => ['/bin/sh']));
      const text = (await mustRun([command, path])).stdout;
      for (const [file = '', content = ''] of extracted) expect(text).toContain(`==> ${file}\n${content}`);
      seen += files.length;
    }
    expect(seen).toBeGreaterThan(2);
  });

  it('show the scriptlets that rpm lists', async () => {
    const words: Readonly<Record<string, string>> = {
      preinstall: 'pre',
      postinstall: 'post',
      preuninstall: 'preun',
      postuninstall: 'postun',
    };
    let seen = 0;
    for (const { path, name, architecture } of ofFormat('rpm')) {
      const { stdout } = await mustRun(['rpm', '-qp', '--nosignature', '--scripts', path]);
      const parts = stdout.split(/^(\w+) scriptlet \(using (.*)\):\n/m).slice(1);
      const listed = Array.from({ length: parts.length / 3 }, (_, index) => {
        const [word = '', interpreter = '', text = ''] = parts.slice(index * 3);
        return { name: words[word] ?? word, interpreter: [interpreter], text: text.replace(/\n$/, '') };
      });
      const shown = await preview(path);
      expect(shown).toMatchObject({ name, architecture, format: 'rpm', triggers: '', state: null });
      const byName = (a: Script, b: Script): number => a.name.localeCompare(b.name);
      expect([...shown.scripts].sort(byName)).toEqual(listed.sort(byName));
      seen += listed.length;
    }
    expect(seen).toBeGreaterThan(1);
  });

  it('show what runs when they are purged, and erased', async () => {
    const node = built.filter(({ name }) => name === 'acme-fleet-node');
    const purged = await preview('--state=purge', node.find(({ format }) => format === 'deb')?.path ?? '');
    expect(purged.state?.calls).toMatchObject([{ script: 'postrm', arguments: ['purge'] }]);
    expect(purged.state?.calls[0]?.text).toContain('deb-systemd-helper purge fleet-control.service');
    expect(purged.state?.calls[0]?.text).toContain('rm -rf /var/lib/fleet');
    const main = ofFormat('rpm').find(({ name }) => name === 'acme-python-fleet');
    const erased = await preview('--state=erase', main?.path ?? '');
    expect(erased.state?.calls).toMatchObject([{ script: 'postun', arguments: ['0'] }]);
  });
});

/** Shell that writes down how it was called: version, script and arguments. */
function recorder(version: string, script: string, log: string, failing: readonly string[]): string {
  const cases = failing.map((words) => `case "${script} $1" in "${words}") exit 1;; esac\n`).join('');
  return `{ printf '%s' '${version} ${script}'; printf ' <%s>' "$@"; echo; } >> ${log}\n${cases}exit 0\n`;
}

/** The calls of a preview as the recorder writes them. */
function recorded({ state }: Preview, places: Readonly<Record<string, string>>): readonly string[] {
  return (state?.calls ?? []).map(({ whose, script, arguments: words }) =>
    [whose === 'package' ? '2' : '1', script, ...words.map((word) => `<${places[word] ?? word}>`)].join(' '),
  );
}

/** What was written down since the last time. */
function takeLog(log: string): readonly string[] {
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
  writeFileSync(log, '');
  return lines;
}

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)(`the order of dpkg${isRoot ? '' : ' (skipped: installing needs the rights of root)'}`, () => {
  interface Scenario {
    readonly before?: readonly (readonly string[])[];
    readonly act: readonly string[];
    /** Calls at which the scripts of version 1 and 2 fail. */
    readonly failing?: Readonly<Partial<Record<'1' | '2', readonly string[]>>>;
    /** The control fields of `other` 7, and whether it fails. */
    readonly other?: { readonly fields: string; readonly fails?: true; readonly file?: string };
    readonly triggers?: string;
    /** What stands for words in angle brackets. */
    readonly places?: Readonly<Record<string, string>>;
  }

  const other = { '<package>': 'other', '<version>': '7', '<overwriter>': 'other', '<overwriter-version>': '7' };
  const scenarios: Readonly<Record<string, Scenario>> = {
    install: { act: ['-i', '2.deb'] },
    'install-after-remove': {
      before: [
        ['-i', '1.deb'],
        ['-r', 'p'],
      ],
      act: ['-i', '2.deb'],
    },
    upgrade: { before: [['-i', '1.deb']], act: ['-i', '2.deb'] },
    configure: {
      before: [['--unpack', '2.deb']],
      act: ['--configure', 'p'],
      places: { '<most-recently-configured-version>': '' },
    },
    triggered: {
      before: [['-i', '2.deb']],
      act: ['-i', 'other.deb'],
      other: { fields: '' },
      triggers: 'interest /opt\n',
      places: { '<trigger-names>': '/opt' },
    },
    'abort-install': { act: ['-i', '2.deb'], failing: { 2: ['preinst install'] } },
    'abort-upgrade': { before: [['-i', '1.deb']], act: ['-i', '2.deb'], failing: { 2: ['preinst upgrade'] } },
    'failed-upgrade': {
      before: [['-i', '1.deb']],
      act: ['-i', '2.deb'],
      failing: { 1: ['prerm upgrade', 'postrm upgrade'] },
    },
    deconfigure: {
      before: [['-i', '2.deb']],
      act: ['--auto-deconfigure', '-i', 'other.deb'],
      other: { fields: 'Breaks: p\n' },
      places: other,
    },
    'abort-deconfigure': {
      before: [['-i', '2.deb']],
      act: ['--auto-deconfigure', '-i', 'other.deb'],
      other: { fields: 'Breaks: p\n', fails: true },
      places: other,
    },
    remove: { before: [['-i', '2.deb']], act: ['-r', 'p'] },
    'remove-in-favour': {
      before: [['-i', '2.deb']],
      act: ['-i', 'other.deb'],
      other: { fields: 'Conflicts: p\nReplaces: p\nProvides: p\n' },
      places: other,
    },
    'abort-remove': { before: [['-i', '2.deb']], act: ['-r', 'p'], failing: { 2: ['prerm remove'] } },
    purge: {
      before: [
        ['-i', '2.deb'],
        ['-r', 'p'],
      ],
      act: ['-P', 'p'],
    },
    disappear: {
      before: [['-i', '2.deb']],
      act: ['-i', 'other.deb'],
      other: { fields: 'Replaces: p\n', file: 'p' },
      places: other,
    },
  };

  async function makeDeb(
    place: string,
    { name, version, file, fields }: Readonly<Record<'name' | 'version' | 'file' | 'fields', string>>,
    control: Readonly<Record<string, string>>,
  ): Promise<void> {
    const tree = join(place, `tree-${name}-${version}`);
    const described = `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: A <a@example.com>\nDescription: a\n${fields}`;
    writeFiles(tree, { 'DEBIAN/control': described, [`opt/${file}`]: 'x\n' });
    for (const [each, text] of Object.entries(control)) {
      writeFiles(tree, { [`DEBIAN/${each}`]: text });
      chmodSync(join(tree, 'DEBIAN', each), text.startsWith('#!') ? 0o755 : 0o644);
    }
    const output = join(place, name === 'p' ? `${version}.deb` : `${name}.deb`);
    await mustRun(['dpkg-deb', '--root-owner-group', '--build', tree, output]);
  }

  it('is known for every state', () => {
    expect(Object.keys(scenarios)).toEqual(scriptStates('deb'));
  });

  it.each(Object.keys(scenarios))('%s', async (state) => {
    const scenario = scenarios[state];
    if (scenario === undefined) throw new Error(state);
    const place = join(directory, `dpkg-${state}`);
    const log = join(place, 'log');
    const admin = join(place, 'root/var/lib/dpkg');
    for (const each of ['info', 'updates', 'triggers']) mkdirSync(join(admin, each), { recursive: true });
    for (const path of [join(admin, 'status'), join(admin, 'available'), log]) writeFileSync(path, '');
    const scripts = ['preinst', 'postinst', 'prerm', 'postrm'];
    for (const version of ['1', '2'] as const) {
      const failing = scenario.failing?.[version] ?? [];
      const texts = scripts.map((script) => [script, `#!/bin/sh\n${recorder(version, script, log, failing)}`]);
      const triggers = scenario.triggers === undefined ? {} : { triggers: scenario.triggers };
      await makeDeb(
        place,
        { name: 'p', version, file: 'p', fields: '' },
        { ...(Object.fromEntries(texts) as Record<string, string>), ...triggers },
      );
    }
    if (scenario.other !== undefined) {
      const { fields, fails, file = 'other' } = scenario.other;
      const control: Record<string, string> = fails === undefined ? {} : { preinst: '#!/bin/sh\nexit 1\n' };
      await makeDeb(place, { name: 'other', version: '7', file, fields }, control);
    }
    const dpkg = async (words: readonly string[]): Promise<Outcome> =>
      run(['dpkg', `--root=${join(place, 'root')}`, '--force-script-chrootless', ...words], { cwd: place });
    for (const words of scenario.before ?? []) expect(await dpkg(words)).toMatchObject({ exitCode: 0 });
    takeLog(log);
    const outcome = await dpkg(scenario.act);
    const shown = await preview(`--state=${state}`, '--previous', join(place, '1.deb'), join(place, '2.deb'));
    expect(recorded(shown, scenario.places ?? {}), outcome.stderr).toEqual(takeLog(log));
  });
});

describe.skipIf(!isRoot)(`the order of rpm${isRoot ? '' : ' (skipped: installing needs the rights of root)'}`, () => {
  let place: string;
  let log: string;

  beforeAll(async () => {
    place = join(directory, 'rpm');
    log = join(place, 'log');
    mkdirSync(place);
    writeFileSync(log, '');
    const scriptlets = ['pretrans', 'pre', 'post', 'preun', 'postun', 'posttrans', 'verifyscript'];
    for (const version of ['1', '2']) {
      const texts = scriptlets.map((name) => `%${name}\n${recorder(version, name, log, []).replaceAll('%', '%%')}`);
      const head = `Name: p\nVersion: ${version}\nRelease: 1\nSummary: p\nLicense: MIT\nBuildArch: noarch\nAutoReqProv: no\n`;
      const spec = join(place, `${version}.spec`);
      writeFileSync(spec, `${head}%description\np\n${texts.join('')}%files\n`);
      const defines = ['_topdir', '_rpmdir'].flatMap((macro) => ['--define', `${macro} ${place}`]);
      await mustRun(['rpmbuild', '-bb', '--quiet', ...defines, '--define', `_rpmfilename ${version}.rpm`, spec], {
        env: { HOME: place },
      });
    }
  });

  it.each([
    ['install', [], ['-i', '2.rpm']],
    ['upgrade', [['-i', '1.rpm']], ['-U', '2.rpm']],
    ['erase', [['-i', '2.rpm']], ['-e', 'p']],
    ['verify', [['-i', '2.rpm']], ['-V', 'p']],
  ] as const)('%s', async (state, before, act) => {
    const rpm = async (words: readonly string[]): Promise<void> => {
      const options = ['--dbpath', join(place, `db-${state}`), '--nosignature', '--nodeps'];
      await mustRun(['rpm', ...options, ...words], { cwd: place });
    };
    for (const words of before) await rpm(words);
    takeLog(log);
    await rpm(act);
    const shown = await preview(`--state=${state}`, '--previous', join(place, '1.rpm'), join(place, '2.rpm'));
    expect(recorded(shown, {})).toEqual(takeLog(log));
  });

  it('shows triggers, interpreters, and scriptlets without a text', async () => {
    const spec = join(place, 'odd.spec');
    const head =
      'Name: odd\nEpoch: 3\nVersion: 1\nRelease: 1\nSummary: p\nLicense: MIT\nBuildArch: noarch\nAutoReqProv: no\n';
    const body = '%post -p /sbin/ldconfig\n%pretrans -p <lua>\nprint("50 %%")\n%triggerin -- bash\necho triggered\n';
    writeFileSync(spec, `${head}%description\np\n${body}%files\n`);
    await mustRun(
      ['rpmbuild', '-bb', '--quiet', '--define', `_topdir ${place}`, '--define', `_rpmdir ${place}`, spec],
      { env: { HOME: place } },
    );
    const shown = await preview(join(place, 'noarch/odd-1-1.noarch.rpm'));
    expect(shown).toMatchObject({ name: 'odd', version: '3:1-1', architecture: 'noarch' });
    expect(shown.scripts).toEqual([
      { name: 'pretrans', interpreter: ['<lua>'], text: 'print("50 %")' },
      { name: 'post', interpreter: ['/sbin/ldconfig'], text: '' },
    ]);
    expect(shown.triggers).toContain('echo triggered');
  });
});

describe('what cannot be previewed', () => {
  async function refused(...args: readonly string[]): Promise<string> {
    const outcome = await run([command, ...args]);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '' });
    return outcome.stderr;
  }

  it('is refused with what to do', async () => {
    const missing = join(directory, 'missing.deb');
    expect(await refused(missing)).toContain(`error[usage]: there is no package ${missing}`);
    const project = await refused(directory);
    expect(project).toContain(`error[usage]: ${directory} is no package file`);
    expect(project).toContain('admin/build-package --distribution=<name>');
    expect(await refused()).toMatch(/^Usage: preview-scripts [\s\S]*\nMust specify a package file\.\n$/);
    const [empty, page] = [join(directory, 'empty.deb'), join(directory, 'page.rpm')];
    writeFileSync(empty, '');
    writeFileSync(page, '<html>not found</html>\n');
    for (const file of [empty, page])
      expect(await refused(file)).toContain(`error[archive-invalid]: ${file} is neither a Debian nor an RPM package`);
  });

  it('is refused where the file is damaged, or the state is none', async () => {
    const tree = join(directory, 'damaged');
    writeFiles(tree, {
      'DEBIAN/control':
        'Package: whole\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.com>\nDescription: a\n',
    });
    const [whole, half] = [join(directory, 'whole.deb'), join(directory, 'half.deb')];
    await mustRun(['dpkg-deb', '--root-owner-group', '--build', tree, whole]);
    writeFileSync(half, readFileSync(whole).subarray(0, 150));
    expect(await refused(half)).toMatch(/^error\[archive-invalid\]: \S+half\.deb is damaged[\s\S]*dpkg-deb: /);
    const lead = join(directory, 'half.rpm');
    writeFileSync(lead, Buffer.concat([Buffer.from([0xed, 0xab, 0xee, 0xdb]), Buffer.alloc(60)]));
    expect(await refused(lead)).toMatch(/^error\[archive-invalid\]: \S+half\.rpm is damaged[\s\S]*not an rpm package/);
    const state = await refused('--state=erase', whole);
    expect(state).toContain('error[usage]: a .deb package has no state erase.');
    expect(state).toContain('remove');
  });

  it('runs nothing where a package has no scripts', async () => {
    const { stdout } = await mustRun([command, '--state=purge', join(directory, 'whole.deb')]);
    expect(stdout).toMatch(/^whole 1 \(deb, all\), purge: .*\n\nnothing runs\n$/);
  });
});
