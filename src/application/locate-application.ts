import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { parseRequirement } from '../python/requirement.ts';
import { withoutUrlCredentials } from '../report/redact.ts';
import { isErrno } from '../system/files.ts';
import type { ApplicationSource } from './application.ts';

const acceptedForms =
  'give the directory of a project with a pyproject.toml or setup.py, a wheel (.whl), an sdist (.tar.gz, .zip), a URL of either, a git URL (git+https://…), or a requirement such as name==1.0';

const projectFiles = ['pyproject.toml', 'setup.py'] as const;

type PathKind = 'directory' | 'file' | 'absent';

async function kindOf(path: string): Promise<PathKind> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file';
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return 'absent';
    throw error;
  }
}

async function nearestParent(path: string): Promise<string> {
  let parent = dirname(path);
  while ((await kindOf(parent)) === 'absent' && parent !== dirname(parent)) parent = dirname(parent);
  return parent;
}

async function locateDirectory(path: string): Promise<ApplicationSource> {
  for (const file of projectFiles) {
    if ((await kindOf(join(path, file))) === 'file') return { kind: 'directory', path };
  }
  throw new CoachbuilderError(
    'not-a-python-project',
    `${path} is not a Python project: it has no pyproject.toml and no setup.py`,
    {
      hint: acceptedForms,
      details: projectFiles.map((file) => `looked for ${join(path, file)}`),
    },
  );
}

async function locatePath(path: string): Promise<ApplicationSource> {
  const kind = await kindOf(path);
  if (kind === 'directory') return locateDirectory(path);
  if (kind === 'absent') {
    throw new CoachbuilderError('not-a-python-project', `there is no ${path}; ${await nearestParent(path)} exists`, {
      hint: acceptedForms,
    });
  }
  if (path.endsWith('.whl')) return { kind: 'wheel', path };
  if (/\.(?:tar\.gz|tgz|zip)$/.test(path)) return { kind: 'sdist', path };
  throw new CoachbuilderError('not-a-python-project', `${path} is neither a wheel nor an sdist`, {
    hint: acceptedForms,
  });
}

function isRequirement(text: string): boolean {
  try {
    parseRequirement(text);
    return true;
  } catch (error) {
    if (error instanceof CoachbuilderError) return false;
    throw error;
  }
}

/**
 * Finds out what a package URI means. A path that exists always wins over a requirement of the same spelling, and what
 * looks like a path is never taken for a requirement: nothing is installed from an index that the user did not mean.
 * @param packageUri as given on the command line
 * @param cwd absolute; where relative paths start
 * @throws CoachbuilderError `not-a-python-project`, saying what was looked for and where
 */
export async function locateApplication(packageUri: string, cwd: string): Promise<ApplicationSource> {
  const text = packageUri.trim();
  if (/^file:\/\//i.test(text)) return locatePath(fileURLToPath(text));
  if (/^https?:\/\//i.test(text)) return { kind: 'url', url: text };
  const path = resolve(cwd, text);
  if (text !== '' && (await kindOf(path)) !== 'absent') return locatePath(path);
  const direct = /^[\w.-]+\s*(?:\[[^\]]*\])?\s*@\s/.test(text);
  if (!direct && (text.startsWith('.') || text.includes('/'))) return locatePath(path);
  if (isRequirement(text)) return { kind: 'requirement', requirement: text };
  throw new CoachbuilderError(
    'not-a-python-project',
    `"${withoutUrlCredentials(text)}" is neither a path that exists nor a requirement`,
    { hint: acceptedForms, details: [`looked for ${path}`] },
  );
}
