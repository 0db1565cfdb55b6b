import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { fullVersion, type PackageVersion } from '../../src/model/package-version.ts';

/** The pure-Python reference implementation: on its own, or the copy that every pip carries. */
const importPackaging = `
import json, sys
try:
    import packaging.markers, packaging.requirements, packaging.specifiers, packaging.tags, packaging.utils, packaging.version
    import packaging
except ImportError:
    import pip._vendor.packaging.markers, pip._vendor.packaging.requirements, pip._vendor.packaging.specifiers
    import pip._vendor.packaging.tags, pip._vendor.packaging.utils, pip._vendor.packaging.version
    from pip._vendor import packaging
`;

/** Runs a tool once and gives its output; a missing or failing tool fails the test with what it said. */
export function runOracle(command: string, args: readonly string[], input = ''): string {
  const result = spawnSync(command, args, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (result.error !== undefined) throw new Error(`this test needs ${command}: ${result.error.message}`);
  if (result.status !== 0) throw new Error(`${command} failed: ${result.stderr.slice(-2000)}`);
  return result.stdout;
}

const packagingVersion = ((): string | undefined => {
  const result = spawnSync('python3', ['-c', `${importPackaging}\nprint(packaging.__version__)`], { encoding: 'utf8' });
  return result.status === 0 ? result.stdout.trim() : undefined;
})();

/** Whether Python's `packaging` is there at all: what has been the same in it for years can be compared. */
export const hasPackaging = packagingVersion !== undefined;

/** Whether it follows today's specifications: before 26 it differed from PEP 440's exclusive comparisons and on markers. */
export const hasCurrentPackaging = Number.parseInt(packagingVersion ?? '0', 10) >= 26;

if (!hasCurrentPackaging) {
  const reason = `comparisons with Python's packaging are skipped: they need version 26, here is ${packagingVersion ?? 'none'}`;
  process.stderr.write(`${reason}\n`);
}

/** Whether dpkg's Perl library is there: with dpkg-dev, not with dpkg. */
export const hasDpkgLibrary = spawnSync('perl', ['-MDpkg::Version', '-e', '1']).status === 0;

if (!hasDpkgLibrary) process.stderr.write("comparisons with dpkg's library are skipped: it comes with dpkg-dev\n");

/** Asks Python's `packaging`: the program finds `question` and leaves `answer`, both anything that JSON can hold. */
export function askPackaging(program: string, question: unknown): unknown {
  const script = `${importPackaging}\nquestion = json.load(sys.stdin)\n${program}\njson.dump(answer, sys.stdout)\n`;
  return JSON.parse(runOracle('python3', ['-c', script], JSON.stringify(question)));
}

/** The place of every version among the given ones by `packaging.version`; equal versions have equal ranks. */
export function rankWithPackaging(versions: readonly string[]): readonly number[] {
  const program = `
parsed = [packaging.version.Version(v) for v in question]
ranks = {v: rank for rank, v in enumerate(sorted(set(parsed)))}
answer = [ranks[v] for v in parsed]`;
  return askPackaging(program, versions) as readonly number[];
}

export type VersionPair = readonly [PackageVersion, PackageVersion];

/** -1, 0 or 1 for every pair. */
type Comparisons = readonly number[];

/** Compares with the installed rpm, as rpm compares headers: epoch, then version, then release; one process. */
export function compareWithRpm(pairs: readonly VersionPair[]): Comparisons {
  // No percent sign in the program: rpm expands macros in it first.
  const program = `
local answers = {}
for line in io.lines(rpm.expand("%{oracle_input}")) do
  local f = {}
  for field in string.gmatch(line, "[^ ]+") do table.insert(f, field) end
  local order = rpm.vercmp(f[1], f[4])
  if order == 0 then order = rpm.vercmp(f[2], f[5]) end
  if order == 0 then order = rpm.vercmp(f[3], f[6]) end
  table.insert(answers, order)
end
print(table.concat(answers, " "))`;
  const lines = pairs.map((pair) =>
    pair.map(({ epoch, version, release }) => `${String(epoch)} ${version} ${release}`).join(' '),
  );
  return inScratchFile(`${lines.join('\n')}\n`, (path) =>
    numbersIn(runOracle('rpm', ['--define', `oracle_input ${path}`, '--eval', `%{lua:${program}}`])),
  );
}

/** Compares with dpkg's own Perl library, one process for all. */
export function compareWithDpkgLibrary(pairs: readonly VersionPair[]): Comparisons {
  const program = 'while (<STDIN>) { my ($a, $b) = split; print version_compare($a, $b), " " }';
  return numbersIn(runOracle('perl', ['-MDpkg::Version', '-e', program], dpkgInput(pairs)));
}

/** Compares with `dpkg --compare-versions`: up to two processes for a pair. */
export function compareWithDpkg(pairs: readonly VersionPair[]): Comparisons {
  const program = `
while read -r a b; do
  if dpkg --compare-versions "$a" lt "$b"; then echo -1
  elif dpkg --compare-versions "$a" gt "$b"; then echo 1
  else echo 0
  fi
done`;
  return numbersIn(runOracle('sh', ['-c', program], dpkgInput(pairs)));
}

/** What dpkg says against versions as a package's Version field: nothing when all are valid. */
export function complaintsOfDpkg(versions: readonly PackageVersion[]): string {
  const program = 'while read -r v; do dpkg --validate-version "$v" 2>&1 || echo "refused: $v"; done';
  return runOracle('sh', ['-c', program], versions.map((version) => `${fullVersion(version)}\n`).join(''));
}

/** Versions as rpm reads them from the tags of a spec file; an illegal character makes rpm fail. */
export function parseWithRpm(versions: readonly PackageVersion[]): readonly string[] {
  const describe = (name: string): string => `Summary: x\n%description ${name}\n`;
  const main = `Name: oracle\nVersion: 0\nRelease: 0\nLicense: x\n${describe('')}`;
  const packages = versions.map(({ epoch, version, release }, index) => {
    const name = `n${String(index)}`;
    return `%package ${name}\nEpoch: ${String(epoch)}\nVersion: ${version}\nRelease: ${release}\n${describe(name)}`;
  });
  const query = ['--query', '--queryformat', '%{EPOCH}:%{VERSION}-%{RELEASE}\n'];
  // The first line is the main package, which a spec file cannot do without.
  return inScratchFile([main, ...packages].join(''), (path) =>
    runOracle('rpmspec', [...query, path])
      .trim()
      .split('\n')
      .slice(1),
  );
}

function dpkgInput(pairs: readonly VersionPair[]): string {
  return pairs.map(([a, b]) => `${fullVersion(a)} ${fullVersion(b)}\n`).join('');
}

function numbersIn(text: string): readonly number[] {
  return text.trim().split(/\s+/).map(Number);
}

function inScratchFile<Answer>(content: string, use: (path: string) => Answer): Answer {
  const directory = mkdtempSync(join(tmpdir(), 'coachbuilder-oracle-'));
  try {
    const path = join(directory, 'input.spec');
    writeFileSync(path, content);
    return use(path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
