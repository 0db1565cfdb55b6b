import { formatCount, formatSize } from '../report/format.ts';
import { placeTitle } from './place-rules.ts';
import { phases, type PlacePlan, type PlannedObject, type PublicationPlan } from './plan.ts';

const phaseTitles = {
  packages: 'packages',
  index: 'index, named by its content',
  head: 'head, which makes it so',
  aliases: 'aliases, for older clients',
} as const;

const changes = {
  publish: 'to publish',
  repair: 'to repair: a publisher was stopped before it was done',
  none: 'nothing to do',
  refuse: 'REFUSED',
} as const satisfies Record<PlacePlan['change'], string>;

function objectLine({ key, size }: PlannedObject): string {
  return `    ${size === undefined ? 'with its signature' : `${String(size)} bytes`}  ${key}`;
}

function placeLines(plan: PlacePlan): readonly string[] {
  const { place, packages, change, refusal, before, after } = plan;
  const lines = [
    `${placeTitle(place)} (${place.distribution.title}, ${place.channel}): ${changes[change]}`,
    `  ${formatCount(before, 'package')} published, ${String(after)} afterwards`,
    ...(refusal === undefined ? [] : [`  ${refusal}`]),
    ...packages.map(({ file, state, reason }) => {
      const words = `  ${state.padEnd(7)}  ${file.name} ${file.version} ${file.architecture}`;
      return reason === undefined ? words : `${words}: ${reason}`;
    }),
  ];
  if (plan.phases === undefined) return lines;
  for (const phase of phases) {
    const objects = plan.phases[phase];
    if (objects.length === 0) continue;
    lines.push(`  ${phaseTitles[phase]}`, ...objects.map(objectLine));
  }
  return lines;
}

function total(plan: PublicationPlan): number {
  return plan.places
    .flatMap((each) => (each.phases === undefined ? [] : phases.flatMap((phase) => each.phases?.[phase] ?? [])))
    .reduce((sum, { size }) => sum + (size ?? 0), 0);
}

/** A plan for people: places in order, in each of them the phases in order, with what they write. */
export function planText(plan: PublicationPlan, others: readonly PlannedObject[]): string {
  const rest = others.length === 0 ? [] : ['beside the repositories', ...others.map(objectLine), ''];
  const count = plan.places.flatMap(({ phases: all }) => Object.values(all ?? {}).flat()).length + others.length;
  const bytes = total(plan) + others.reduce((sum, { size }) => sum + (size ?? 0), 0);
  return [
    `publication to ${plan.title}`,
    '',
    ...plan.places.flatMap((each) => [...placeLines(each), '']),
    ...rest,
    count === 0 ? 'nothing would be written' : `${formatCount(count, 'object')}, ${formatSize(bytes)} and signatures`,
    '',
  ].join('\n');
}

/** A plan for programs. */
export function planJson(plan: PublicationPlan, others: readonly PlannedObject[]): string {
  const places = plan.places.map(({ place, packages, change, refusal, before, after, phases: planned }) => ({
    ...{ root: place.root, suite: place.suite, distribution: place.distribution.id, channel: place.channel },
    ...{ change, refusal, before, after },
    packages: packages.map(({ file, key, state, reason }) => ({
      ...{ name: file.name, version: file.version, architecture: file.architecture, key },
      ...{ size: file.size, sha256: file.sha256, state, reason },
    })),
    phases: planned,
  }));
  return `${JSON.stringify({ schemaVersion: 1, store: plan.title, places, others }, null, 2)}\n`;
}
