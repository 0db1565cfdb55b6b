import { join } from 'node:path';

import { lastLines } from '../application/host-build.ts';
import type { ToolPorts } from '../application/ports.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { whileWaiting } from '../report/waiting.ts';
import { temporaryDirectory } from '../system/files.ts';
import { awaitedIndexes, resolutionFailure } from './failures.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { LockedDistribution, LockedEnvironment } from './lock.ts';
import { blameLock, refuseStrangers } from './imports/imported-solution.ts';
import { askFor, type LockQuestion, type LockRequest } from './lock-request.ts';
import { pipResolver } from './pip-resolver.ts';
import { describePlatform, platformKey, platformTags, type TargetPlatform } from './platform.ts';
import { bestWheel, type ResolvedDistribution, type ResolvedFile, type Resolver } from './resolution.ts';
import { buildLockedSdist } from './sdist-build.ts';
import type { LockPorts } from './sdist-builder.ts';
import { findUv } from './uv-tool.ts';
import { uvPlatform, uvResolver } from './uv-resolver.ts';

/** A solution, and what the resolver said about a solution of wheels only when there was none. */
interface Solution {
  readonly distributions: readonly ResolvedDistribution[];
  readonly explanation: string | undefined;
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Whether a text speaks of a project, in any of the spellings of its name. */
function mentions(text: string, name: string): boolean {
  const pattern = name.split('-').map(escapeRegExp).join('[-_.]');
  return new RegExp(`(?<![\\w.-])${pattern}(?![\\w-])`, 'i').test(text);
}

function withoutWheel(distributions: readonly ResolvedDistribution[], tags: readonly string[]): readonly string[] {
  return distributions.filter(({ wheels }) => bestWheel(wheels, tags) === undefined).map(({ name }) => name);
}

/**
 * Finds a solution that uses sdists only where it has to. A solution of wheels is best, even of older versions. If
 * there is none, a free resolution shows which projects may need their sdist; those that the resolver complains about
 * get it, and all others still have to come as wheels.
 */
async function solve(resolver: Resolver, question: LockQuestion, ports: ToolPorts): Promise<Solution> {
  const { platform } = question;
  const wheelsOnly = await resolver.resolve('none');
  if (wheelsOnly.kind === 'resolved') return { distributions: wheelsOnly.distributions, explanation: undefined };
  if (wheelsOnly.reason !== 'unsatisfiable') throw resolutionFailure(wheelsOnly, platform, ports);
  const free = await resolver.resolve('any');
  if (free.kind === 'failed') {
    throw resolutionFailure(free, platform, ports, free.reason === 'build' ? wheelsOnly.output : free.output);
  }
  const explanation = wheelsOnly.output;
  // pip already prefers wheels by itself.
  if (resolver.title === 'pip') return { distributions: free.distributions, explanation };
  const remaining = new Set(withoutWheel(free.distributions, platformTags(platform)));
  const chosen: string[] = [];
  let complaint = explanation;
  while (remaining.size > 0) {
    const mentioned = [...remaining].filter((name) => mentions(complaint, name));
    for (const name of mentioned.length > 0 ? mentioned : [...remaining]) {
      remaining.delete(name);
      chosen.push(name);
    }
    const answer = await resolver.resolve(chosen);
    if (answer.kind === 'resolved') return { distributions: answer.distributions, explanation };
    complaint = answer.output;
  }
  return { distributions: free.distributions, explanation };
}

function allowedBy(hashes: readonly string[] | undefined): (file: ResolvedFile) => boolean {
  return (file) => hashes === undefined || hashes.includes(file.sha256);
}

/** The one file of a distribution that is locked. */
function choose(
  distribution: ResolvedDistribution,
  question: LockQuestion,
  tags: readonly string[],
): LockedDistribution {
  const { name, version, url } = distribution;
  const allowed = allowedBy(question.hashes.get(name));
  const offered = [...distribution.wheels, ...(distribution.sdist === undefined ? [] : [distribution.sdist])];
  const wheel = bestWheel(distribution.wheels.filter(allowed), tags);
  const sdist = distribution.sdist !== undefined && allowed(distribution.sdist) ? distribution.sdist : undefined;
  const file = wheel ?? sdist;
  const direct = url === undefined ? {} : { url };
  if (file !== undefined) return { name, version, kind: wheel === undefined ? 'sdist' : 'wheel', file, ...direct };
  if (offered.some(allowed)) {
    throw new CoachbuilderError(
      'unsupported-wheel',
      `${offered[0]?.fileName ?? name} does not fit ${describePlatform(question.platform)}`,
      { hint: 'require a file for the target', details: [`it accepts ${tags.slice(0, 5).join(', ')}, …`] },
    );
  }
  if (offered.length > 0) {
    throw new CoachbuilderError(
      'hash-mismatch',
      `no file of ${name} ${version} has a hash that the requirements allow`,
      {
        hint: `add the hash of a file that fits ${describePlatform(question.platform)} to the requirements file`,
        details: offered.map((other) => `${other.fileName} sha256:${other.sha256}`),
      },
    );
  }
  throw new CoachbuilderError('unresolvable', `the index tells no sha256 for the files of ${name} ${version}`, {
    hint: 'use an index that gives sha256 fragments with its links (PEP 503)',
  });
}

function byName(a: LockedDistribution, b: LockedDistribution): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

async function chooseResolvers(question: LockQuestion, directory: string, ports: ToolPorts): Promise<Resolver> {
  const pip = pipResolver(question, directory, ports);
  if (uvPlatform(question.platform) === undefined) return pip;
  const uv = await findUv(ports);
  return (uv === undefined ? undefined : uvResolver(question, uv, directory, ports)) ?? pip;
}

/** An sdist is built to see how: on this machine, or by a compiler, whose requirements are pinned, too. */
async function pin(
  distribution: LockedDistribution,
  platform: TargetPlatform,
  ports: LockPorts,
  explanation: readonly string[],
): Promise<LockedDistribution> {
  if (distribution.kind === 'wheel') return distribution;
  const built = await buildLockedSdist(distribution, platform, ports, explanation);
  if (!('requirements' in built)) return distribution;
  return { ...distribution, build: 'container', buildRequires: built.requirements };
}

/**
 * Resolves an application's requirements for a target's interpreter, glibc and machine, and pins one file for each
 * distribution by its sha256. Distributions that have only an sdist are built, to see how.
 * @throws CoachbuilderError `requires-python`, `unresolvable`, `index-unreachable`, `needs-compiler`, `hash-mismatch`,
 * `offline`, `manifest-invalid`
 */
export async function lockTarget(request: LockRequest, ports: LockPorts): Promise<LockedEnvironment> {
  return lockQuestion(await askFor(request, ports), ports);
}

/** {@link lockTarget} for a question that was worked out already. */
export async function lockQuestion(question: LockQuestion, ports: LockPorts): Promise<LockedEnvironment> {
  const { platform, inputs } = question;
  const key = platformKey(platform);
  if (question.requirements.length === 0)
    return { key, inputs, fingerprint: fingerprintOf(key, inputs, []), distributions: [] };
  await using scratch = await temporaryDirectory(join(ports.cacheDirectory, 'tmp'), 'lock');
  const resolver = await chooseResolvers(question, scratch.path, ports);
  ports.reporter.report({
    type: 'stage-progress',
    stage: 'lock',
    target: platform.title,
    message: `${resolver.title} resolves for ${describePlatform(platform)}`,
  });
  const waiting = { reporter: ports.reporter, stage: 'lock', target: platform.title } as const;
  const solution = await whileWaiting({ ...waiting, what: awaitedIndexes(ports) }, () =>
    solve(resolver, question, ports),
  ).catch((error: unknown) => {
    throw blameLock(error, question);
  });
  refuseStrangers(solution.distributions, question);
  const tags = platformTags(platform);
  const distributions = solution.distributions
    // A plug-in requires its host; what an index has under the application's name must not take its place.
    .filter(({ name }) => name !== question.own)
    .map((distribution) => choose(distribution, question, tags))
    .sort(byName);
  const explanation = solution.explanation === undefined ? [] : lastLines(solution.explanation, ports, 12);
  const pinned: LockedDistribution[] = [];
  for (const distribution of distributions) pinned.push(await pin(distribution, platform, ports, explanation));
  return { key, inputs, fingerprint: fingerprintOf(key, inputs, pinned), distributions: pinned };
}
