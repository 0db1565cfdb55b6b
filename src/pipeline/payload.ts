import { payloadOf } from '../formats/payload.ts';
import { sift } from '../inspect/health/accept.ts';
import { sortFindings } from '../inspect/health/finding.ts';
import { inspectPayload } from '../inspect/health/payload.ts';
import { healthError } from '../inspect/health/refuse.ts';
import { forbiddenPaths } from '../inspect/leaks.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import { placesOf } from '../tree/tree-glob.ts';
import { reportIdle, warn } from './health.ts';
import type { TargetBuild } from './target-build.ts';

/**
 * Looks over the files that the manifest adds to the packages of a target. Before the tree: it takes no time, and trees are
 * shared by targets that add different files.
 * @throws CoachbuilderError `health-check-failed` for all that is wrong with them
 */
export async function checkPayload(target: BuildTarget, build: TargetBuild): Promise<void> {
  const { manifest, interpreter, label, distribution } = target;
  const { prefix } = manifest;
  const directories = [build.runDirectory, ...build.buildPaths];
  const findings = await inspectPayload(payloadOf(target), {
    forbidden: forbiddenPaths({ directories, home: build.home, prefix }),
    secrets: build.ports.redactor.secrets(),
    minor: interpreter.minor,
  });
  const places = placesOf(prefix, interpreter.minor);
  const { errors, warnings, accepted, idle } = sift(sortFindings(findings), manifest.health.accept, places);
  for (const { path, reason, message } of accepted) {
    const told = `accepted in ${path}: ${message} (${reason})`;
    build.ports.reporter.report({ type: 'stage-progress', stage: 'health', target: label, message: told });
  }
  warn(target, warnings, build);
  reportIdle(
    target,
    idle.filter(({ path }) => path.startsWith('/') && !path.startsWith(`${prefix}/`)),
    build,
  );
  const error = healthError(errors, `what the manifest adds to the packages for ${distribution.title}`);
  if (error !== undefined) throw error;
}
