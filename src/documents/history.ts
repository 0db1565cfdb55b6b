import { basename } from 'node:path';

import type { Application } from '../application/application.ts';
import type { ChangelogFile } from '../application/changelog-file.ts';
import { readGitHistory } from '../application/git-history.ts';
import type { ToolPorts } from '../application/ports.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { readManifestBytes } from '../packages/sources.ts';
import { decodeText } from './decode.ts';
import { parseReleaseNotes, type ReleaseNotes } from './release-notes.ts';

/** What is known about an application's releases. */
export interface History {
  readonly from: 'file' | 'git' | 'nothing';
  readonly notes: readonly ReleaseNotes[];
  /** The application's own changelog, to be installed as it is. */
  readonly file: ChangelogFile | undefined;
}

const nothing: History = { from: 'nothing', notes: [], file: undefined };

type Settings = Pick<Manifest, 'changelog' | 'version'>;
type Source = Pick<Application, 'changelog' | 'commit' | 'source'>;

function fromFile(file: ChangelogFile): History {
  const text = decodeText(file.bytes);
  // Nobody wants an empty file, and both linters complain of one.
  if (text.trim() === '') return nothing;
  const notes = parseReleaseNotes(text);
  return { from: notes.length === 0 ? 'nothing' : 'file', notes, file };
}

async function fromGit(
  { commit, source }: Source,
  { changelog, version }: Settings,
  ports: ToolPorts,
): Promise<History> {
  const isAsked = changelog.from === 'git';
  if (source.kind !== 'directory' || commit === undefined) {
    if (isAsked) {
      ports.reporter.report({
        type: 'warning',
        message: `the changelog is to come from git, and what is packaged is no checkout`,
        hint: 'package a git checkout or a git URL, or name a file as "changelog" in the manifest',
      });
    }
    return nothing;
  }
  const { releases, shallow } = await readGitHistory(source.path, version.tagPrefix, ports);
  const isTagged = releases.some((release) => release.version !== undefined);
  // What nobody asked for must not depend on how much of a repository a machine has.
  if (!isAsked && (shallow || !isTagged)) return nothing;
  if (shallow) {
    ports.reporter.report({
      type: 'warning',
      message: 'the changelog comes from git, and the clone is shallow: a whole one would give another changelog',
      hint: 'git fetch --unshallow --tags',
    });
  }
  const notes = releases.map(({ date, subjects, version: tagged }) => {
    return { version: tagged, date, changes: subjects };
  });
  return { from: 'git', notes, file: undefined };
}

/**
 * What packages tell about the application's releases: of the file or of git, as the manifest says; by default of the
 * changelog in the source, else of the tags of a checkout.
 * @throws CoachbuilderError `manifest-invalid` when the file that the manifest names cannot be read
 */
export async function readHistory(application: Source, settings: Settings, ports: ToolPorts): Promise<History> {
  const { changelog } = settings;
  switch (changelog.from) {
    case 'none':
      return nothing;
    case 'git':
      return fromGit(application, settings, ports);
    case 'file': {
      const history = fromFile({
        name: basename(changelog.path),
        bytes: await readManifestBytes(changelog.path, 'the changelog'),
      });
      if (history.from === 'nothing') {
        ports.reporter.report({
          type: 'warning',
          message: `${changelog.path} has no heading that begins with a version`,
          hint: `write headings such as "## 1.2.0 - 2024-01-31"; ${history.file === undefined ? 'there is nothing in it' : 'the file is installed as it is'}`,
        });
      }
      return history;
    }
    case 'auto': {
      const own = application.changelog === undefined ? nothing : fromFile(application.changelog);
      if (own.from !== 'nothing') return own;
      return { ...(await fromGit(application, settings, ports)), file: own.file };
    }
  }
}
