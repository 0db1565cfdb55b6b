import { createHash } from 'node:crypto';
import { basename, posix } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { formatRecord, type RecordEntry } from '../python/record.ts';
import { openZip, type ZipArchive, type ZipEntry } from '../system/zip.ts';
import { sortByBytes } from './byte-order.ts';
import type { Claims } from './claims.ts';
import { ContentMeter, measure, type ContentFacts } from './content-meter.ts';
import { needsDistutils } from './distutils.ts';
import type { Layout } from './layout.ts';
import { relinkScript } from './scripts.ts';
import type { Content, Staging } from './staging.ts';
import type { TreeFile } from './tree.ts';
import type { PlannedFile, PlannedMember, WheelPlan } from './wheel-plan.ts';

export interface InstalledWheel {
  readonly entries: readonly TreeFile[];
  readonly importsDistutils: boolean;
}

/** Where wheels are installed to. */
export interface Installation {
  readonly staging: Staging;
  readonly layout: Layout;
  readonly claims: Claims;
  /** Ends the installation between two files. */
  readonly signal: AbortSignal;
}

/** Members up to this size (bytes) are unpacked in memory; larger ones flow through. */
const largestBuffered = 4 * 1024 * 1024;

/**
 * Writes what a plan says, and RECORD with what was written (PEP 376).
 * @throws CoachbuilderError `wheel-invalid` naming the member that is not what the wheel's RECORD says,
 * `disk-full`, `output-unwritable`; the signal's reason
 */
export async function installWheel(plan: WheelPlan, installation: Installation): Promise<InstalledWheel> {
  const { staging, layout, claims, signal } = installation;
  signal.throwIfAborted();
  await using archive = await openZip(plan.wheel.path);
  const source: WheelSource = {
    plan,
    archive,
    members: new Map(archive.entries.map((entry) => [entry.name, entry])),
    python: layout.python,
  };
  const entries: TreeFile[] = [];
  const record: RecordEntry[] = [];
  let importsDistutils = false;
  for (const file of plan.files) {
    signal.throwIfAborted();
    const written = claims.writes(plan, file);
    const { content, finish } = await openContent(file, source);
    if (Buffer.isBuffer(content)) importsDistutils ||= needsDistutils(file.path, content);
    if (written) await staging.write(file.path, content, file.mode);
    else await drain(content);
    const facts = finish();
    if (written) entries.push(entryOf(file.path, file.mode, facts));
    const hash = `sha256=${Buffer.from(facts.sha256, 'hex').toString('base64url')}`;
    record.push({ path: posix.relative(layout.sitePackages, file.path), hash, size: facts.size });
  }
  const path = posix.join(plan.distInfo, 'RECORD');
  record.push({ path: posix.relative(layout.sitePackages, path), hash: undefined, size: undefined });
  const text = Buffer.from(formatRecord(sortByBytes(record, (line) => line.path)));
  await staging.write(path, text, 0o644);
  entries.push(entryOf(path, 0o644, measure(text)));
  return { entries, importsDistutils };

  function entryOf(relative: string, mode: number, facts: ContentFacts): TreeFile {
    return { kind: 'file', path: posix.join(layout.prefix, relative), mode, ...facts, distribution: plan.wheel.name };
  }
}

interface WheelSource {
  readonly plan: WheelPlan;
  readonly archive: ZipArchive;
  readonly members: ReadonlyMap<string, ZipEntry>;
  readonly python: string;
}

interface OpenContent {
  readonly content: Content;
  /** To be called once all of the content was taken. */
  readonly finish: () => ContentFacts;
}

async function openContent(file: PlannedFile, source: WheelSource): Promise<OpenContent> {
  if (file.kind === 'text') return wholeContent(Buffer.from(file.content));
  const { plan, archive, members, python } = source;
  const entry = members.get(file.member);
  if (entry === undefined) throw new Error(`${plan.wheel.path} has lost its member ${file.member}`);
  if (entry.size > largestBuffered && !file.relink) return streamedContent(file, entry, source);
  const raw = await archive.read(entry);
  const facts = measure(raw);
  verify(file, plan, file.pin.algorithm === 'sha256' ? facts.sha256 : hashOf(file, raw));
  const relinked = file.relink ? relinkScript(raw, python) : undefined;
  return relinked === undefined ? { content: raw, finish: () => facts } : wholeContent(relinked);
}

function wholeContent(content: Buffer): OpenContent {
  const facts = measure(content);
  return { content, finish: () => facts };
}

async function streamedContent(file: PlannedMember, entry: ZipEntry, source: WheelSource): Promise<OpenContent> {
  const { plan, archive } = source;
  const meter = new ContentMeter();
  const pinned = createHash(file.pin.algorithm);
  const stream = await archive.stream(entry);
  async function* observe(): AsyncIterable<Buffer> {
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        meter.update(chunk);
        pinned.update(chunk);
        yield chunk;
      }
    } catch (error) {
      throw invalidMember(file, plan, 'is damaged', error);
    }
  }
  return {
    content: observe(),
    finish: () => {
      verify(file, plan, pinned.digest('hex'));
      return meter.finish();
    },
  };
}

async function drain(content: Content): Promise<void> {
  if (Buffer.isBuffer(content)) return;
  // What flows by is measured on its way; there is nothing to do with it here.
  const chunks = content[Symbol.asyncIterator]();
  while ((await chunks.next()).done !== true);
}

function hashOf(file: PlannedMember, content: Buffer): string {
  return createHash(file.pin.algorithm).update(content).digest('hex');
}

function verify(file: PlannedMember, plan: WheelPlan, digest: string): void {
  if (Buffer.from(digest, 'hex').toString('base64url') === file.pin.digest) return;
  throw invalidMember(file, plan, 'is not what its RECORD says');
}

function invalidMember(file: PlannedMember, plan: WheelPlan, problem: string, cause?: unknown): CoachbuilderError {
  return new CoachbuilderError('wheel-invalid', `${file.member} in ${basename(plan.wheel.path)} ${problem}`, {
    hint: `fetch or build ${plan.wheel.name} again; if it stays so, report it to the project that published it`,
    ...(cause === undefined ? {} : { cause }),
  });
}
