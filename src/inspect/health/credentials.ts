import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import type { Tree } from '../../tree/tree.ts';
import { ownerOf, type HealthFinding } from './finding.ts';

/** Files that hold somebody's credentials by what they are for. `.env.example` and its like are made to be shown. */
const credentialFiles: readonly (readonly [RegExp, string])[] = [
  [/^\.pypirc$/, 'the credentials of a package index'],
  [/^[._]netrc$/, 'the credentials of a network client'],
  [/^\.git-credentials$/, 'the credentials of git'],
  [/^\.(?:pgpass|my\.cnf|htpasswd)$/, 'credentials'],
  [
    /^\.env(?:\.(?!example|sample|template|dist|default|test)[\w-]+)?$/,
    'the settings of one machine, often with secrets',
  ],
  [/^id_(?:rsa|dsa|ecdsa|ed25519)$/, 'a private key'],
];

/** Configuration in which an address may hold a password. */
const configurationFiles =
  /^(?:pip\.conf|pip\.ini|uv\.toml|\.npmrc|\.condarc|direct_url\.json|Pipfile|poetry\.toml|auth\.toml)$/;

/** `https://user:password@host`; not `${TOKEN}`, which PEP 610 allows, and not the bare `git@` of ssh. */
const userInformation = /[a-z][a-z0-9+.-]*:\/\/(?!git@)(?![^/\s@"']*\$\{)[^/\s@"'<>]+@[^\s/"']/i;
const npmToken = /:_(?:authToken|password|auth)\s*=\s*(?!\$\{)\S/;

/** A private key in PEM (RFC 7468, and OpenSSH's own form): the line alone stands in many a source that reads keys. */
const privateKey =
  /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----(?:\r?\n|\\n)(?:[A-Za-z-]+: [^\n]*\r?\n|\r?\n)*[ \t"']*[A-Za-z0-9+/=]{48,}/g;
const privateKeyMark = Buffer.from('PRIVATE KEY-----');

/**
 * Whether a text holds a private key that is whole. Documentation shows shortened ones (salt): they end before the length
 * that DER begins with (X.690, 8.1.3; `MII` is a sequence with a length of two bytes).
 */
function holdsPrivateKey(text: string): boolean {
  return [...text.matchAll(privateKey)].some(({ 0: head, index }) => {
    const first = /MII[A-Za-z0-9+/]{5,}[A-Za-z0-9+/=]*$/.exec(head);
    const end = text.indexOf('-----END ', index);
    if (first === null || end === -1) return true;
    const body = text.slice(index + first.index, end).replaceAll(/\\[rn]|[^A-Za-z0-9+/]/g, '');
    const bytes = Buffer.from(body, 'base64');
    return bytes.readUInt16BE(2) + 4 <= bytes.length;
  });
}

/** Tokens whose form nothing else has, as their issuers document them for secret scanners. */
const tokens: readonly (readonly [Buffer, RegExp, string])[] = [
  [Buffer.from('pypi-AgE'), /\bpypi-AgE[A-Za-z0-9_-]{60,}/, 'a token of a package index'],
  [Buffer.from('ghp_'), /\bghp_[A-Za-z0-9]{36}\b/, 'a token of GitHub'],
  [Buffer.from('github_pat_'), /\bgithub_pat_[A-Za-z0-9_]{82}\b/, 'a token of GitHub'],
  [Buffer.from('glpat-'), /\bglpat-[A-Za-z0-9_-]{20}\b/, 'a token of GitLab'],
];

/** Larger files are data. */
const largest = 4 * 1024 * 1024;

/** Directories whose keys were made to be published: nobody is let in by them. */
const forShow =
  /(?:^|\/)(?:tests?|testing|test_[^/]*|[^/]*_tests?|testdata|test[-_]data|fixtures|examples?|samples?|docs?|demos?)\//i;

/** Shorter passwords may well be words that any file holds. */
const shortestSecret = 10;

/** The credentials of this build, as they are looked for. */
export function secretBytes(used: readonly string[]): readonly Buffer[] {
  return used.filter(({ length }) => length >= shortestSecret).map((text) => Buffer.from(text));
}

/** Whether what lies there was made to be shown. */
export function isForShow(path: string): boolean {
  return forShow.test(path);
}

/** What tells of a file whether it can hold credentials. */
export interface CredentialFile {
  /** Its paths; each name counts. */
  readonly names: readonly string[];
  /** Bytes. */
  readonly size: number;
  readonly isElf: boolean;
}

/** A credential in a file. */
export interface FoundCredential {
  /** `holds a private key`. */
  readonly what: string;
  /** Whether only the file's name says so. */
  readonly byName: boolean;
}

/** What a file holds that nobody else may have; undefined for most. What it says counts for more than how it is called. */
export function credentialIn(
  { names: paths, size, isElf }: CredentialFile,
  secrets: readonly Buffer[],
  content: () => Buffer,
): FoundCredential | undefined {
  const names = paths.map((path) => posix.basename(path));
  const isData = isElf || size > largest || names.some((name) => name.endsWith('.pyc'));
  const what = isData ? undefined : credentialInBytes(content(), names, secrets);
  if (what !== undefined) return { what, byName: false };
  const byName = credentialFiles.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1];
  return byName === undefined ? undefined : { what: `holds ${byName}`, byName: true };
}

function credentialInBytes(bytes: Buffer, names: readonly string[], secrets: readonly Buffer[]): string | undefined {
  if (secrets.some((secret) => bytes.includes(secret))) return 'holds a credential that this build uses';
  if (names.some((name) => configurationFiles.test(name))) {
    const text = bytes.toString('latin1');
    if (userInformation.test(text) || npmToken.test(text)) return 'holds an address or a setting with credentials';
  }
  if (bytes.includes(privateKeyMark) && holdsPrivateKey(bytes.toString('latin1'))) return 'holds a private key';
  for (const [mark, pattern, what] of tokens) {
    if (bytes.includes(mark) && pattern.test(bytes.toString('latin1'))) return `holds ${what}`;
  }
  return undefined;
}

/** Files after which the event loop gets a turn. */
const filesPerTurn = 64;

/**
 * Private keys, tokens and files of credentials in a tree. Certificates are public and no finding (certifi). Keys in
 * directories of tests and examples were made to be published (tornado, twisted): no finding in other people's
 * distributions, a warning in the application, whose tests may have been run with real ones.
 * @param application name (PEP 503)
 * @param used credentials of this build: those of indexes and repositories
 */
export async function findCredentials(
  tree: Tree,
  application: string,
  used: readonly string[] = [],
): Promise<readonly HealthFinding[]> {
  const secrets = secretBytes(used);
  const findings: HealthFinding[] = [];
  let files = 0;
  for (const entry of tree.entries) {
    if (entry.kind !== 'file' || entry.distribution === undefined) continue;
    if (++files % filesPerTurn === 0) await setImmediate();
    const facts = { names: [entry.path], size: entry.size, isElf: entry.elf !== undefined };
    const found = credentialIn(facts, secrets, () => readFileSync(join(tree.root, entry.path)));
    if (found === undefined) continue;
    const shown = isForShow(entry.path.slice(tree.prefix.length));
    const own = entry.distribution === application;
    if (shown && !own) continue;
    findings.push({
      check: 'credentials',
      severity: shown ? 'warning' : 'error',
      path: entry.path,
      message: `${entry.path}${ownerOf(entry.distribution)} ${found.what}`,
      hint: shown
        ? 'leave it out with slim.exclude in the manifest, and change what it gives access to unless it was made for tests'
        : own
          ? 'have the build of the application leave it out, and change what it gives access to'
          : 'leave it out with slim.exclude in the manifest, or accept it with a reason in health.accept',
    });
  }
  return findings;
}
