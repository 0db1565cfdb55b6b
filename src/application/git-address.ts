import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { withoutUrlCredentials } from '../report/redact.ts';

/** `git+https://host/repository.git@reference#subdirectory=path`, taken apart. */
export interface GitAddress {
  /** What git fetches from: https, http, ssh or file; never with a password. */
  readonly url: string;
  /** A tag, a branch or a commit; undefined: what the repository has checked out (`HEAD`). */
  readonly reference: string | undefined;
  /** The project's directory, relative to the top; empty for the top itself. */
  readonly subdirectory: string;
}

const form = 'write git+https://host/repository.git@reference#subdirectory=path; git+ssh and git+file do as well';

function refuse(text: string, problem: string, hint = form): never {
  throw new CoachbuilderError('usage', `"${withoutUrlCredentials(text)}" ${problem}`, { hint });
}

/**
 * Whether git is told a secret by an address: of ssh a user's name is none, of http it may be a token. Arguments can be
 * read by every user of a machine, so git has to find such things out by itself (gitcredentials(7)).
 */
export function holdsCredentials(url: string): boolean {
  const [, scheme = '', information] = /^([a-z][a-z0-9+.-]*):\/\/([^/]*)@/i.exec(url) ?? [];
  if (information === undefined) return false;
  return scheme.toLowerCase() !== 'ssh' || information.includes(':');
}

function parseSubdirectory(fragment: string, text: string): string {
  let subdirectory = '';
  for (const part of fragment.split('&').filter((word) => word !== '')) {
    const [, key, value = ''] = /^([^=]*)=?(.*)$/.exec(part) ?? [];
    if (key === 'subdirectory') subdirectory = value.replaceAll(/^\.?\/+|\/+$/g, '');
    // What pip knew the project by, before it read metadata.
    else if (key !== 'egg') refuse(text, `says "${part}" after "#", which means nothing for a repository`);
  }
  if (subdirectory.split('/').includes('..')) refuse(text, 'names a directory outside of the repository');
  return subdirectory === '.' ? '' : subdirectory;
}

/** git-check-ref-format(1), and no sign that a revision could be asked questions with; a leading hyphen would be an option. */
function isReference(text: string): boolean {
  return /^[^-\s~^:?*[\\@{][^\s~^:?*[\\{]*$/.test(text) && !text.includes('..') && !text.includes('@{');
}

/**
 * Takes the address of a repository apart.
 * @returns undefined when it does not begin with `git+`
 * @throws CoachbuilderError `usage` for one that cannot be used, or that holds a password
 */
export function parseGitAddress(text: string): GitAddress | undefined {
  if (!/^git\+/i.test(text)) return undefined;
  const match = /^git\+(https?|ssh|file):\/\/([^/#]*)(\/[^#]*)(?:#(.*))?$/i.exec(text);
  if (match === null) return refuse(text, 'is not the address of a repository that can be fetched');
  const [, scheme = '', authority = '', path = '', fragment = ''] = match;
  const at = path.lastIndexOf('@');
  const reference = at === -1 ? undefined : path.slice(at + 1);
  const url = `${scheme.toLowerCase()}://${authority}${at === -1 ? path : path.slice(0, at)}`;
  if (holdsCredentials(url)) {
    refuse(
      text,
      'holds a password or a token, which every user of this machine could read',
      'take it out and let git find it: a credential helper, ~/.netrc, or git+ssh:// with an ssh key',
    );
  }
  if (reference !== undefined && !isReference(reference))
    refuse(text, `names "${reference}", which is no tag, branch or commit`);
  return { url, reference, subdirectory: parseSubdirectory(fragment, text) };
}
