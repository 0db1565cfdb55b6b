import { lastLines } from '../application/host-build.ts';
import type { ToolPorts } from '../application/ports.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { withoutUrlCredentials } from '../report/redact.ts';
import { describePlatform, type TargetPlatform } from './platform.ts';
import type { ResolutionAnswer } from './resolution.ts';

type Failure = Extract<ResolutionAnswer, { kind: 'failed' }>;
type FailurePorts = Pick<ToolPorts, 'redactor' | 'environments'>;

/** The indexes that pip and uv were given, without credentials. */
function indexNames(ports: FailurePorts): readonly string[] {
  const env = ports.environments.network;
  return [...(env['PIP_EXTRA_INDEX_URL'] ?? '').split(' '), env['PIP_INDEX_URL'] ?? '']
    .filter((address) => address !== '')
    .map(withoutUrlCredentials);
}

/** What is waited for while a resolver or a download runs: the indexes by their addresses, without credentials. */
export function awaitedIndexes(ports: FailurePorts): string {
  const names = indexNames(ports).map((address) => ports.redactor.text(address));
  if (names.length === 0) return 'the index that is the default';
  return `the ${names.length === 1 ? 'index' : 'indexes'} ${names.join(', ')}`;
}

/** The error for an index that did not answer, or did not let us in; it names the index. */
export function unreachableIndex(output: string, ports: FailurePorts): CoachbuilderError {
  const known = indexNames(ports);
  const text = withoutUrlCredentials(output);
  const address = /https?:\/\/[^\s'"`<>)]+/.exec(text)?.[0];
  const named = known.filter((index) => text.includes(index.replace(/\/$/, '')));
  const subject = named[0] ?? (known.length === 1 ? known[0] : undefined) ?? address ?? known.join(', ');
  const refused = /\b40[137]\b|valid authentication|Credentials not correct/.test(output);
  return new CoachbuilderError(
    'index-unreachable',
    `the index ${ports.redactor.text(subject)} ${refused ? 'refused us' : 'did not answer'}`.replaceAll('  ', ' '),
    {
      hint: refused
        ? 'put a name and a password for it into netrc, a keyring, or the index address of your pip or uv configuration'
        : 'check the address, the network, the proxy and the certificates; "pip config list" shows what pip is told',
      details: lastLines(output, ports, 8),
    },
  );
}

/** The error for a download that --offline forbids. */
export function offlineMiss(files: readonly string[], ports: FailurePorts, output = ''): CoachbuilderError {
  const [first = 'a file', ...others] = files;
  const more = others.length === 0 ? '' : ` and ${String(others.length)} more`;
  return new CoachbuilderError('offline', `${first}${more} would have to be downloaded, and --offline was given`, {
    hint: 'run once without --offline; everything that was fetched stays in the cache',
    details: others.length > 0 ? files.slice(0, 20) : lastLines(output, ports, 8),
  });
}

/**
 * Finds pip's complaint that a file is not the expected one: `<requirement> from <address> …: Expected sha256 x, Got y`.
 * @returns undefined when there is none
 */
export function hashMismatch(output: string): CoachbuilderError | undefined {
  const expected = [...output.matchAll(/Expected sha256 ([0-9a-f]{64})/g)].map((match) => match[1] ?? '');
  const got = /Got\s+([0-9a-f]{64})/.exec(output)?.[1];
  if (expected.length === 0 || got === undefined) return undefined;
  const before = output.slice(0, output.indexOf('Expected sha256'));
  const addresses = [...before.matchAll(/\bfrom\s+(\S+?)(?:#\S*)?(?=\s|$)/g)].map((match) => match[1] ?? '');
  const address = addresses.reverse().find((candidate) => candidate.includes('/')) ?? 'the downloaded file';
  return mismatch(fileOf(address), expected.join(' or '), got);
}

function fileOf(address: string): string {
  return withoutUrlCredentials(address).replace(/^.*\//, '');
}

/** The error for a file whose content is not the pinned one. */
export function mismatch(file: string, expected: string, got: string): CoachbuilderError {
  return new CoachbuilderError('hash-mismatch', `${file} is not the file that was locked`, {
    hint: 'find out who changed the file; if the change is right, delete its environment from coachbuilder.lock and lock again',
    details: [`expected sha256 ${expected}`, `got sha256      ${got}`],
  });
}

export function needsCompiler(
  subject: string,
  platform: TargetPlatform,
  reason: string,
  details: readonly string[],
): CoachbuilderError {
  return new CoachbuilderError(
    'needs-compiler',
    `${subject} has no wheel for ${describePlatform(platform)}, and ${reason}`,
    {
      hint: `build a wheel of ${subject} on the target, put it into a directory, and name that directory in PIP_FIND_LINKS or UV_FIND_LINKS; or constrain the project to a version that has a wheel`,
      details,
    },
  );
}

/** The error for a resolver's failure, with the resolver's own explanation. */
export function resolutionFailure(
  failure: Failure,
  platform: TargetPlatform,
  ports: FailurePorts,
  explanation: string = failure.output,
): CoachbuilderError {
  const details = lastLines(explanation, ports);
  switch (failure.reason) {
    case 'unreachable':
      return unreachableIndex(failure.output, ports);
    case 'offline':
      return offlineMiss([missingProject(failure.output)], ports, failure.output);
    case 'build': {
      const subject = /(?:Failed to build|build of) [`']?([\w.-]+)(?:==([\w.!+-]+))?/.exec(failure.output);
      const name = [subject?.[1] ?? 'a dependency', ...(subject?.[2] === undefined ? [] : [subject[2]])].join(' ');
      return needsCompiler(name, platform, 'its sdist does not build on this machine', [
        ...details,
        ...(explanation === failure.output ? [] : lastLines(failure.output, ports, 15)),
      ]);
    }
    case 'unsatisfiable':
      return new CoachbuilderError(
        'unresolvable',
        `no set of versions satisfies the requirements for ${describePlatform(platform)}`,
        {
          hint: 'relax or correct one of the requirements that the explanation names',
          details,
        },
      );
  }
}

function missingProject(output: string): string {
  const name =
    /Because ([\w.-]+) was not found in the cache/.exec(output)?.[1] ?? /requirement ([\w.-]+)/.exec(output)?.[1];
  return name === undefined ? 'the metadata of the requirements' : `the metadata of ${name}`;
}
