import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { mustRun } from './machine.ts';

/** Debian's own reader of copyright files (python3-debian), of one version everywhere. */
const reader = 'python-debian==1.1.1';

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'coachbuilder-tests/python-debian');
const directory = join(cache, reader.replace('==', '-'));

/**
 * Fetches the reader once.
 * @returns why it cannot be had; undefined when it is there
 */
export function whyNoCopyrightReader(): string | undefined {
  if (existsSync(directory)) return undefined;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, 'fresh-'));
  try {
    const options = ['--quiet', '--disable-pip-version-check', '--only-binary=:all:', '--target', fresh];
    const result = spawnSync('python3', ['-m', 'pip', 'install', ...options, reader], { encoding: 'utf8' });
    if (result.status !== 0) return "Debian's reader of copyright files cannot be downloaded";
    renameSync(fresh, directory);
    return undefined;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

const program = `
import json, sys
from debian.copyright import Copyright

with open(sys.argv[1], encoding="utf-8") as file:
    document = Copyright(file, strict=True)

def described(paragraph):
    return {
        "files": list(paragraph.files),
        "copyright": paragraph.copyright.splitlines(),
        "license": paragraph.license.synopsis,
        "text": paragraph.license.text,
        "comment": paragraph.comment,
    }

def found(path):
    paragraph = document.find_files_paragraph(path)
    return None if paragraph is None else paragraph.comment

json.dump({
    "format": document.header.format,
    "name": document.header.upstream_name,
    "parts": [described(paragraph) for paragraph in document.all_files_paragraphs()],
    "licenses": {p.license.synopsis: p.license.text for p in document.all_license_paragraphs()},
    "found": {path: found(path) for path in json.loads(sys.argv[2])},
}, sys.stdout)
`;

export interface ReadCopyright {
  readonly format: string;
  readonly name: string;
  readonly parts: readonly {
    readonly files: readonly string[];
    readonly copyright: readonly string[];
    readonly license: string;
    readonly text: string;
    readonly comment: string;
  }[];
  readonly licenses: Readonly<Record<string, string>>;
  /** Comment of the paragraph that counts for each path. */
  readonly found: Readonly<Record<string, string | null>>;
}

/**
 * Reads a copyright file as strictly as Debian's reader can; what breaks the format fails the test.
 * @param paths relative to the root: whose they are is asked
 */
export async function readCopyright(file: string, paths: readonly string[] = []): Promise<ReadCopyright> {
  const argv = ['python3', '-W', 'error', '-c', program, file, JSON.stringify(paths)] as const;
  const { stdout } = await mustRun(argv, { env: { PYTHONPATH: directory } });
  return JSON.parse(stdout) as ReadCopyright;
}
