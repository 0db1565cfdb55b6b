import { readDebScripts } from '../formats/deb/read-scripts.ts';
import { formatOf, type FinishedScripts } from '../formats/finished-scripts.ts';
import { readRpmScripts } from '../formats/rpm/read-scripts.ts';
import { previewJson, previewScripts, previewText } from '../formats/script-preview.ts';
import { readingTools } from '../plan/required-tools.ts';
import { temporaryDirectory } from '../system/files.ts';
import { requirePackageFile } from './package-file.ts';
import { parsePreviewOptions } from './preview-options.ts';
import { openSession, setUpTools, type Session } from './session.ts';
import type { World } from './world.ts';

/**
 * A project's scripts depend on its finished tree (owners of files, who compiles bytecode), so that only packages can
 * be previewed truthfully.
 */
const buildFirst =
  'build the packages first, "admin/build-package --distribution=<name> --destination-path=<directory> <package-uri>" ' +
  'prints their paths; scripts are read out of a finished package';

async function readScripts(file: string, session: Session, world: World): Promise<FinishedScripts> {
  await requirePackageFile(file, buildFirst);
  const format = await formatOf(file);
  await setUpTools(readingTools(format), session, world);
  if (format === 'deb') return readDebScripts(file, session.ports);
  await using scratch = await temporaryDirectory(
    session.ports.environments.base['TMPDIR'] ?? '/tmp',
    'coachbuilder-rpm',
  );
  return await readRpmScripts(file, scratch.path, session.ports);
}

/**
 * The command `preview-scripts`.
 * @throws CoachbuilderError `usage`, `archive-invalid`, `tool-missing`; UsageError, HelpShown
 */
export async function previewScriptsOf(argv: readonly string[], world: World): Promise<void> {
  const { file, state, previous, json } = parsePreviewOptions(argv, world);
  const plain = { progress: 'plain', verbosity: 'quiet', buildDirectory: undefined, offline: false } as const;
  await using session = await openSession(plain, world);
  const finished = await readScripts(file, session, world);
  const earlier = previous === undefined ? undefined : await readScripts(previous, session, world);
  const preview = previewScripts(finished, state, earlier);
  session.ports.reporter.close();
  world.stdout(json ? previewJson(preview) : previewText(preview));
}
