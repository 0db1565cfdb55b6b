import { join } from 'node:path';

import { selectDistributions } from '../distributions/select.ts';
import { runStage } from '../pipeline/stage.ts';
import { publishingTools } from '../plan/required-tools.ts';
import { applyPublication } from '../publication/apply.ts';
import { arrange } from '../publication/arrange.ts';
import { findPackages, readPackageFiles } from '../publication/package-files.ts';
import { planPublication, requireAccepted, type PlannedObject, type PublicationPlan } from '../publication/plan.ts';
import { planJson, planText } from '../publication/plan-text.ts';
import { publishedArchitectures } from '../publication/published.ts';
import { receiptJson, receiptText } from '../publication/receipt.ts';
import { signRpms } from '../publication/signed-rpms.ts';
import { keyObject } from '../publication/standing-objects.ts';
import { planReleases } from '../publication/write-pages.ts';
import { formatCount } from '../report/format.ts';
import type { Signer } from '../signing/signer.ts';
import { writeFileAtomic } from '../system/files.ts';
import { parsePublishOptions, type PublishOptions } from './publish-options.ts';
import { openPublishing, takeRepositoryOrder, type Publishing } from './publishing.ts';
import { openSession, setUpTools, withLog, type Session } from './session.ts';
import type { World } from './world.ts';

async function makePlan(
  options: PublishOptions,
  paths: readonly string[],
  { publishing, session }: { readonly publishing: Publishing; readonly session: Session },
): Promise<{ readonly plan: PublicationPlan; readonly signer: Signer }> {
  const { release, table, store } = publishing;
  const shipments = await arrange({
    files: await readPackageFiles(paths, session.ports),
    ...{ release, table, architectures: options.architectures, channel: options.channel },
    distributions: selectDistributions(options.distributions, table),
    publishedFor: (place) => publishedArchitectures(place, { ...publishing, reader: store }),
  });
  const signer = publishing.signerFor(shipments.map(({ place }) => place));
  const plan = await planPublication(
    {
      shipments: await signRpms(shipments, { ...publishing, signer }),
      validFor: release.repository.validUntil,
      preview: options.dryRun,
    },
    { ...publishing, reader: store },
  );
  return { plan, signer };
}

/** What is written beside the repositories, besides the page: what is not there already. */
async function plannedOthers(plan: PublicationPlan, publishing: Publishing): Promise<readonly PlannedObject[]> {
  const { release, keys, store } = publishing;
  const { key, size, sha256 } = keyObject(release, keys.text);
  const isThere = (await store.head(key))?.sha256 === sha256;
  return [...(isThere ? [] : [{ key, size }]), ...(await planReleases(plan.places, publishing, publishing))];
}

async function publishPlan(
  plan: PublicationPlan,
  publishing: Publishing & { readonly signer: Signer },
  session: Session,
): Promise<{ readonly text: string; readonly json: string }> {
  const { reporter } = session.ports;
  const publication = await applyPublication(plan, publishing, { ...publishing, reporter });
  const json = receiptJson(publication);
  await writeFileAtomic(join(session.run.path, 'publication.json'), json);
  return { text: receiptText(publication), json };
}

/**
 * The command `publish-packages`, without a subcommand.
 * @throws CoachbuilderError, UsageError, HelpShown
 */
export async function publish(
  argv: readonly string[],
  world: World,
  subcommands: readonly (readonly [name: string, description: string])[] = [],
): Promise<void> {
  const options = parsePublishOptions(argv, world, subcommands);
  const order = await takeRepositoryOrder(options, world);
  const paths = await findPackages(options.packages);
  await using session = await openSession({ ...options, offline: false }, world);
  const { reporter } = session.ports;
  await setUpTools(publishingTools(paths.map((path) => (path.endsWith('.deb') ? 'deb' : 'rpm'))), session, world);
  try {
    await using publishing = await openPublishing(options, order, { session, world });
    const stage = { stage: 'publish' } as const;
    const printed = await runStage(reporter, stage, async (progress) => {
      progress(`reading ${formatCount(paths.length, 'package')}`);
      const { plan, signer } = await makePlan(options, paths, { publishing, session });
      if (options.dryRun) {
        const others = await plannedOthers(plan, publishing);
        return { plan, text: planText(plan, others), json: planJson(plan, others) };
      }
      requireAccepted(plan);
      return { plan, ...(await publishPlan(plan, { ...publishing, signer }, session)) };
    });
    reporter.close();
    world.stdout(options.json ? printed.json : printed.text);
    // A dry run shows what is refused, and fails as the publication would.
    requireAccepted(printed.plan);
  } catch (error) {
    throw withLog(error, session);
  }
}
