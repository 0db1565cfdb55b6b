import { selectDistributions } from '../distributions/select.ts';
import type { DistributionTable } from '../distributions/table.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { runStage } from '../pipeline/stage.ts';
import { indexTools, lookingTools, signingTools } from '../plan/required-tools.ts';
import { applyChanges, type Publication } from '../publication/apply.ts';
import type { PlaceChange } from '../publication/change-place.ts';
import { collectGarbage } from '../publication/collect-garbage.ts';
import { garbageText } from '../publication/garbage-text.ts';
import { listJson, listText } from '../publication/list.ts';
import { placeTitle } from '../publication/place-rules.ts';
import { planPromotion, withCounterparts } from '../publication/promote.ts';
import { readPublished, withHeads, type PublishedPlace } from '../publication/published.ts';
import { isWritten, receiptText } from '../publication/receipt.ts';
import { planRefresh } from '../publication/refresh.ts';
import { filterPlaces, type Found, type PlaceFilter } from '../publication/selection.ts';
import { releaseAddresses } from '../publication/standing-objects.ts';
import { verificationText, verifyPublication } from '../publication/verify.ts';
import { placesIn } from '../publication/write-pages.ts';
import { planYank, requireFinished } from '../publication/yank.ts';
import type { Place } from '../repository/place.ts';
import { allPlaces } from '../repository/places.ts';
import { openPublishing, openReading, takeRepositoryOrder, type Publishing, type Reading } from './publishing.ts';
import {
  parseRepositoryCommand,
  repositoryCommands,
  type RepositoryCommandName,
  type RepositoryCommandOptions,
} from './repository-command-options.ts';
import type { Reporter } from '../report/event.ts';
import { formatCount } from '../report/format.ts';
import { openSession, setUpTools, withLog, type Session } from './session.ts';
import type { World } from './world.ts';

/** Names of distributions may be short ones, and lists. */
function placeFilter({ distributions, channel }: RepositoryCommandOptions, table: DistributionTable): PlaceFilter {
  const ids = distributions === undefined ? undefined : selectDistributions(distributions, table).map(({ id }) => id);
  return { distributions: ids, channel };
}

type Opened = Pick<Reading, 'release' | 'table' | 'store' | 'formats' | 'verifier'>;

/** What is published, of what a command is about. */
async function published(
  options: RepositoryCommandOptions,
  { release, table, store, ...ports }: Opened,
): Promise<readonly PublishedPlace[]> {
  const places = filterPlaces(allPlaces(release, table), placeFilter(options, table));
  return await readPublished(places, { ...ports, reader: store });
}

function changesText(entries: readonly Found[], verb: string): string {
  return entries.map(({ place, entry }) => `${placeTitle(place)}: ${verb} ${entry.name} ${entry.version}\n`).join('');
}

/** What a command would do, and what its dry run prints. */
interface Planned {
  readonly changes: readonly PlaceChange[];
  readonly preview: string;
  /** The places whose pages are written; without it those that change. */
  readonly places?: readonly Place[] | undefined;
  /** @throws CoachbuilderError when what came of it is not what was asked for */
  readonly requireDone?: (publication: Publication, reporter: Reporter) => void;
}

function planYankChanges(
  { selections, dryRun }: RepositoryCommandOptions,
  there: readonly PublishedPlace[],
  validFor: number | undefined,
): Planned {
  const plan = planYank(selections, there, validFor);
  const repairs = plan.changes.filter(({ place }) => !plan.entries.some((found) => found.place === place));
  if (dryRun && repairs.length === 0 && plan.refusal !== undefined) throw plan.refusal;
  const repaired = repairs.map(({ place }) => `${placeTitle(place)}: would finish what a stopped run has left\n`);
  return {
    changes: plan.changes,
    preview: `${changesText(plan.entries, 'would yank')}${repaired.join('')}`,
    // All of them: what a stopped run has left to do is beside places that have nothing to be yanked any more.
    places: there.map(({ place }) => place),
    requireDone: (publication, reporter) => {
      requireFinished(plan, isWritten(publication), reporter);
    },
  };
}

async function planChanges(
  name: 'promote' | 'yank' | 'refresh',
  options: RepositoryCommandOptions,
  publishing: Publishing,
): Promise<Planned> {
  const { release, table } = publishing;
  const validFor = release.repository.validUntil;
  const there = await published(options, publishing);
  if (name === 'refresh') return { changes: planRefresh(there, validFor), preview: '' };
  if (name === 'yank') return planYankChanges(options, there, validFor);
  const { from, selections, allowOlder } = options;
  const { changes, entries } = planPromotion(
    { from, to: from === 'testing' ? 'stable' : 'testing', selections, allowOlder, validFor },
    withCounterparts(there, allPlaces(release, table)),
  );
  return { changes, preview: changesText(entries, 'would promote') };
}

async function change(
  name: 'promote' | 'yank' | 'refresh',
  options: RepositoryCommandOptions,
  publishing: Publishing,
  { session, world }: { readonly session: Session; readonly world: World },
): Promise<string> {
  const { changes, preview, places, requireDone } = await planChanges(name, options, publishing);
  // Also for a dry run, which fails as the command itself would.
  const signer = publishing.signerFor(changes.map(({ place }) => place));
  if (options.dryRun) return preview;
  // Only now it is known which formats the indexes are of that are written, and nothing is written yet.
  await setUpTools(indexTools(changes.map(({ place }) => place.format)), session, world);
  const { reporter } = session.ports;
  const publication = await applyChanges(changes, publishing, { ...publishing, signer, reporter }, { places });
  requireDone?.(publication, reporter);
  return receiptText(publication);
}

/** What is printed, and what is wrong. */
interface Told {
  readonly text: string;
  readonly failure?: CoachbuilderError;
}

async function verify(options: RepositoryCommandOptions, reading: Reading): Promise<Told> {
  const { release, table, formats } = reading;
  const reader = reading.publicReader ?? reading.store;
  const filter = placeFilter(options, table);
  const document = await reader.get('repositories.json');
  const expected = filterPlaces(document === undefined ? [] : placesIn(document.bytes.toString(), reading), filter);
  const places = await withHeads(filterPlaces(allPlaces(release, table), filter), { reader, formats });
  const { facts: keys } = reading.keys;
  // A release package of either channel may lie at the address: who looks at one of them cannot tell.
  const looked = filter.channel === undefined ? places.map(({ distribution }) => distribution) : [];
  const standing = releaseAddresses(looked, release);
  const request = { places, expected, standing, deep: options.deep, keys };
  const verification = await verifyPublication(request, { ...reading, reader });
  const broken = verification.findings.filter(({ severity }) => severity === 'error');
  return {
    text: options.json ? `${JSON.stringify(verification, null, 2)}\n` : verificationText(verification),
    ...(broken.length === 0
      ? {}
      : {
          failure: new CoachbuilderError(
            'repository-invalid',
            `clients meet ${formatCount(broken.length, 'problem')}`,
            {
              hint: 'what was printed says what repairs each',
            },
          ),
        }),
  };
}

async function gc(options: RepositoryCommandOptions, reading: Reading): Promise<Told> {
  const { release, table } = reading;
  const { generations, grace } = release.repository;
  const candidates = allPlaces(release, table);
  const heads = await withHeads(candidates, { reader: reading.store, formats: reading.formats });
  const reports = await collectGarbage({ places: heads, generations, grace, dryRun: options.dryRun }, reading);
  const left = reports.filter(({ outcome }) => outcome === 'left');
  return {
    text: options.json ? `${JSON.stringify(reports, null, 2)}\n` : garbageText(reports, options.dryRun),
    ...(left.length === 0
      ? {}
      : {
          failure: new CoachbuilderError(
            'repository-invalid',
            `left as they are: ${left.map(({ root }) => root).join(', ')}`,
            {
              details: left.map(({ root, reason }) => `${root}: ${reason ?? ''}`),
              hint: 'admin/publish-packages verify says what is wrong there',
            },
          ),
        }),
  };
}

async function look(
  name: 'list' | 'verify' | 'gc',
  options: RepositoryCommandOptions,
  reading: Reading,
): Promise<Told> {
  if (name === 'verify') return verify(options, reading);
  if (name === 'gc') return gc(options, reading);
  const there = await published(options, reading);
  return { text: options.json ? listJson(there) : listText(there) };
}

async function perform(name: RepositoryCommandName, argv: readonly string[], world: World): Promise<void> {
  const options = parseRepositoryCommand(name, argv, world);
  const order = await takeRepositoryOrder(options, world);
  await using session = await openSession({ ...options, offline: false }, world);
  const { reporter } = session.ports;
  try {
    const told = await runStage(reporter, { stage: 'publish' }, async (): Promise<Told> => {
      if (name === 'list' || name === 'verify' || name === 'gc') {
        await setUpTools(lookingTools, session, world);
        await using reading = await openReading(options, order, { session, world });
        return await look(name, options, reading);
      }
      await setUpTools(signingTools, session, world);
      await using publishing = await openPublishing(options, order, { session, world });
      return { text: await change(name, options, publishing, { session, world }) };
    });
    reporter.close();
    world.stdout(told.text);
    if (told.failure !== undefined) throw told.failure;
  } catch (error) {
    throw withLog(error, session);
  }
}

/** What `publish-packages` does besides publishing, by its first word. */
export const repositorySubcommands = Object.fromEntries(
  (Object.keys(repositoryCommands) as RepositoryCommandName[]).map((name) => [
    name,
    {
      description: repositoryCommands[name],
      run: (argv: readonly string[], world: World) => perform(name, argv, world),
    },
  ]),
);
