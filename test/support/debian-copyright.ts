import { mustRun } from './machine.ts';
import { environmentOf, pythonPackages } from './python-packages.ts';

/** Debian's own reader of copyright files (python3-debian), of one version everywhere. */
export const copyrightReader = pythonPackages('python-debian-1.1.1', ['python-debian==1.1.1']);

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
  const { stdout } = await mustRun(argv, { env: environmentOf(copyrightReader) });
  return JSON.parse(stdout) as ReadCopyright;
}
