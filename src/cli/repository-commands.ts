import { selectDistributions } from '../distributions/select.ts';
import type { DistributionTable } from '../distributions/table.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { ReleaseSettings } from '../manifest/manifest.ts';
import { runStage } from '../pipeline/stage.ts';
import { publishingTools } from '../plan/required-tools.ts';
import { unfinished, type Publication } from '../publication/apply.ts';
import { changePlace, type ChangeOutcome, type PlaceChange } from '../publication/change-place.ts';
import { collectGarbage } from '../publication/collect-garbage.ts';
import { garbageText } from '../publication/garbage-text.ts';
import { listJson, listText } from '../publication/list.ts';
import { placeTitle } from '../publication/place-rules.ts';
import { planPromotion } from '../publication/promote.ts';
import { readPublished, type IndexFormats, type PublishedPlace } from '../publication/published.ts';
import { isWritten, receiptText } from '../publication/receipt.ts';
import { planRefresh } from '../publication/refresh.ts';
import { filterPlaces, type Found, type PlaceFilter } from '../publication/selection.ts';
import { releaseAddresses } from '../publication/standing-objects.ts';
import { verificationText, verifyPublication } from '../publication/verify.ts';
import { placesIn, writePages } from '../publication/write-pages.ts';
import { planYank, requireFinished } from '../publication/yank.ts';
import { channels, type Place } from '../repository/place.ts';
import { placesFor } from '../repository/places.ts';
import { readKeyFile } from '../signing/key-facts.ts';
import type { ObjectReader } from '../store/object-store.ts';
import { mapConcurrently } from '../system/files.ts';
import { openPublishing, openReading, takeRepositoryOrder, type Publishing, type Reading } from './publishing.ts';
import {
  parseRepositoryCommand,
  repositoryCommands,
  type RepositoryCommandName,
  type RepositoryCommandOptions,
} from './repository-command-options.ts';
import { formatCount } from '../report/format.ts';
import { openSession, setUpTools, withLog, type Session } from './session.ts';
import type { World } from './world.ts';

/** Every place that the manifest could publish to. */
function allPlaces(release: ReleaseSettings, table: DistributionTable): readonly Place[] {
  return [...table.values()].flatMap((distribution) =>
    channels.flatMap((channel) => {
      // A release package with one channel has no places for the other one.
      if (channel === 'testing' && release.channels.length < 2) return [];
      return placesFor({ distribution, architectures: distribution.architectures, channel }, release);
    }),
  );
}

/** Names of distributions may be short ones, and lists. */
function placeFilter({ filter }: RepositoryCommandOptions, table: DistributionTable): PlaceFilter {
  const { distributions, channel } = filter;
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

/** The same place in the other channel, whether something is published there or not. */
function counterpart({ place }: PublishedPlace, candidates: readonly Place[]): readonly Place[] {
  const other = candidates.filter(
    (each) =>
      each.channel !== place.channel &&
      each.distribution.id === place.distribution.id &&
      (place.layout === 'classic' || each.architectures.join(' ') === place.architectures.join(' ')),
  );
  return other.map((each) => ({ ...each, architectures: place.architectures }));
}

function changesText(entries: readonly Found[], verb: string): string {
  return entries.map(({ place, entry }) => `${placeTitle(place)}: ${verb} ${entry.name} ${entry.version}\n`).join('');
}

async function applyChanges(
  changes: readonly PlaceChange[],
  publishing: Publishing,
  session: Session,
  places = changes.map(({ place }) => place),
): Promise<Publication> {
  const { formats, release, table, keyText } = publishing;
  const { reporter } = session.ports;
  const outcomes: ChangeOutcome[] = [];
  try {
    for (const change of changes) {
      const ports = { ...publishing, reporter, format: formats[change.place.format] };
      reporter.report({ type: 'stage-progress', stage: 'publish', message: placeTitle(change.place) });
      outcomes.push(await changePlace(change, ports));
    }
    const others = await writePages({ release, table, keyText, places }, { ...publishing, reporter });
    return { title: publishing.store.title, places: outcomes, others };
  } catch (error) {
    throw unfinished(error, outcomes, reporter);
  }
}

async function yank(
  options: RepositoryCommandOptions,
  there: readonly PublishedPlace[],
  publishing: Publishing,
  session: Session,
): Promise<string> {
  const plan = planYank(options.selections, there, publishing.release.repository.validUntil);
  const repairs = plan.changes.filter(({ place }) => !plan.entries.some((found) => found.place === place));
  if (options.dryRun) {
    if (repairs.length === 0 && plan.refusal !== undefined) throw plan.refusal;
    const repaired = repairs.map(({ place }) => `${placeTitle(place)}: would finish what a stopped run has left\n`);
    return `${changesText(plan.entries, 'would yank')}${repaired.join('')}`;
  }
  // All of them: what a stopped run has left to do is beside places that have nothing to be yanked any more.
  const places = there.map(({ place }) => place);
  const publication = await applyChanges(plan.changes, publishing, session, places);
  requireFinished(plan, isWritten(publication), session.ports.reporter);
  return receiptText(publication);
}

async function change(
  name: 'promote' | 'yank' | 'refresh',
  options: RepositoryCommandOptions,
  publishing: Publishing,
  session: Session,
): Promise<string> {
  const { release, table } = publishing;
  const validFor = release.repository.validUntil;
  const there = await published(options, publishing);
  if (name === 'refresh') return receiptText(await applyChanges(planRefresh(there, validFor), publishing, session));
  if (name === 'yank') return yank(options, there, publishing, session);
  const { from, selections, allowOlder } = options;
  const candidates = allPlaces(release, table);
  const missing = there
    .filter(({ place }) => place.channel === from)
    .flatMap((each) => counterpart(each, candidates))
    .filter(({ root, suite }) => !there.some(({ place }) => place.root === root && place.suite === suite))
    .map((place): PublishedPlace => ({ place, index: undefined }));
  const { changes, entries } = planPromotion(
    { from, to: from === 'testing' ? 'stable' : 'testing', selections, allowOlder, validFor },
    [...there, ...missing],
  );
  if (options.dryRun) return changesText(entries, 'would promote');
  return receiptText(await applyChanges(changes, publishing, session));
}

/** What is printed, and what is wrong. */
interface Told {
  readonly text: string;
  readonly failure?: CoachbuilderError;
}

/** Places that have a head: all others have nothing that could be judged. */
async function withHeads(
  places: readonly Place[],
  { reader, formats }: { readonly reader: ObjectReader; readonly formats: IndexFormats },
): Promise<readonly Place[]> {
  const found = await mapConcurrently(places, 8, async (place) =>
    (await reader.head(formats[place.format].headOf(place))) === undefined ? [] : [place],
  );
  return found.flat();
}

async function verify(options: RepositoryCommandOptions, reading: Reading): Promise<Told> {
  const { release, table, keyText, formats } = reading;
  const reader = reading.publicReader ?? reading.store;
  const filter = placeFilter(options, table);
  const document = await reader.get('repositories.json');
  const expected = filterPlaces(document === undefined ? [] : placesIn(document.bytes.toString(), reading), filter);
  const places = await withHeads(filterPlaces(allPlaces(release, table), filter), { reader, formats });
  const keys = readKeyFile(Buffer.from(keyText), release.key ?? release.id).keys;
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
  await setUpTools(publishingTools([]), session, world);
  try {
    const told = await runStage(reporter, { stage: 'publish' }, async (): Promise<Told> => {
      if (name === 'list' || name === 'verify' || name === 'gc') {
        await using reading = await openReading(options, order, { session, world });
        return await look(name, options, reading);
      }
      await using publishing = await openPublishing(options, order, { session, world });
      return { text: await change(name, options, publishing, session) };
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
