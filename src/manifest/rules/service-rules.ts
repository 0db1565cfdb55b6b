import { resolve } from 'node:path';

import { didYouMean } from '../../errors/suggest.ts';
import { type Finding } from '../finding.ts';
import type { ManifestPath } from '../places.ts';
import type { WrittenService } from '../schema.ts';
import { unitSuffixes } from '../service-settings.ts';
import { commandKeys, isUnitSuffix, parseUnitName, unitNameOf } from '../services.ts';
import { keyProblem, packageParts, problem, type Rule, type RuleInput } from './rule.ts';
import { packageViews, type PackageView } from './view.ts';

/** A service as one part of the manifest writes it. */
export interface WrittenServicePart {
  readonly path: ManifestPath;
  readonly key: string;
  readonly service: WrittenService;
}

/** The services of each package, and of each of its overrides. */
export function writtenServices(input: RuleInput): readonly WrittenServicePart[] {
  return packageParts(input.written).flatMap(({ path, settings }) =>
    Object.entries(settings.services ?? {}).flatMap(([key, service]) =>
      service === null ? [] : [{ path: [...path, 'services', key], key, service }],
    ),
  );
}

const knownSuffixes = unitSuffixes.map((suffix) => `.${suffix}`).join(', ');

function unknownSuffix(report: typeof problem, place: ManifestPath, suffix: string): Finding {
  return report(
    place,
    `".${suffix}" is not the suffix of a unit.${didYouMean(suffix, unitSuffixes)}`,
    `use one of ${knownSuffixes}`,
  );
}

/** systemd.unit(5), "Description": the characters of names; no instance, which the administrator chooses. */
const unitName = /^[A-Za-z0-9_:][A-Za-z0-9_:.-]*@?$/;

/** Services have names that init systems take, and suffixes that systemd reads. */
export const serviceNamesAreValid: Rule = (input) =>
  writtenServices(input).flatMap(({ path, key, service }) => {
    const { name, suffix } = parseUnitName(key);
    const findings: Finding[] = [];
    if (suffix !== undefined && !isUnitSuffix(suffix)) findings.push(unknownSuffix(keyProblem, path, suffix));
    else if (!unitName.test(name)) {
      findings.push(
        keyProblem(
          path,
          `"${key}" is not a name that a service can have`,
          'use letters, digits, "_", ":", "-" and ".", with an "@" at the end for a template',
        ),
      );
    }
    if (typeof service.unit === 'string') {
      const own = parseUnitName(service.unit.slice(service.unit.lastIndexOf('/') + 1)).suffix;
      if (own === undefined) {
        if (suffix === undefined) {
          findings.push(
            problem(
              [...path, 'unit'],
              `"${service.unit}" has no suffix that tells what kind of unit it is`,
              `give the file or the name of the service one of ${knownSuffixes}`,
            ),
          );
        }
      } else if (suffix === undefined && !isUnitSuffix(own))
        findings.push(unknownSuffix(problem, [...path, 'unit'], own));
    }
    return findings;
  });

interface Seen {
  readonly id: string;
  readonly key: string;
}

/** systemd knows one unit of a name, whichever package it comes from. */
export const servicesAreNamedOnce: Rule = (input) =>
  packageViews(input).flatMap((view) => {
    const first = new Map<string, Seen>();
    return view.flatMap(({ id, settings, where }) =>
      Object.entries(settings.services ?? {}).flatMap(([key, service]): Finding[] => {
        if (service === null) return [];
        const { name, suffix = '' } = unitNameOf(key, service.unit);
        const unit = `${name}.${suffix}`;
        const other = first.get(unit);
        if (other === undefined) {
          first.set(unit, { id, key });
          return [];
        }
        const text =
          other.id === id
            ? `package ${id} has two services ${unit}: "${other.key}" and "${key}"`
            : `service ${unit} is one of package ${other.id} and of package ${id}`;
        return [keyProblem(where('services', key), text, 'keep it in one of them, or give each a name of its own')];
      }),
    );
  });

/** A service is a unit file or a command, for every target; what the one says is not said beside the other. */
export const servicesSayWhatRuns: Rule = (input) =>
  packageViews(input).flatMap((view) => view.flatMap((each) => checkViewed(each)));

function checkViewed({ id, settings, where }: PackageView): Finding[] {
  return Object.entries(settings.services ?? {}).flatMap(([key, service]): Finding[] => {
    if (service === null) return [];
    const place = (...rest: ManifestPath): ManifestPath => where('services', key, ...rest);
    const hasUnit = typeof service.unit === 'string';
    const hasCommand = service.command !== undefined && service.command !== null;
    const { suffix } = unitNameOf(key, service.unit);
    const findings: Finding[] = [];
    if (hasUnit && hasCommand) {
      findings.push(
        problem(
          place('command'),
          `service ${key} of package ${id} has a unit file and a command`,
          'keep one of them; "null" in an override takes the other away',
        ),
      );
    } else if (!hasUnit && !hasCommand) {
      findings.push(
        keyProblem(
          place(),
          `service ${key} of package ${id} does not say what runs`,
          'give it a "unit" or a "command"',
        ),
      );
    } else if (hasUnit) {
      for (const name of commandKeys) {
        if (service[name] === undefined) continue;
        findings.push(problem(place(name), `"${name}" belongs to a "command": the unit file says it`));
      }
    } else if (suffix !== undefined && suffix !== 'service' && isUnitSuffix(suffix)) {
      findings.push(
        problem(
          place('command'),
          `a command becomes a .service, not a .${suffix}`,
          'write a unit file, and name it as "unit"',
        ),
      );
    }
    if (service.enable === false && service.start === true) {
      findings.push(
        problem(
          place('start'),
          `service ${key} is started and not enabled`,
          'only what is enabled is started; leave one of the two out',
        ),
      );
    }
    return findings;
  });
}

/** The application's own files are there; an init script is a program. */
export const serviceFilesExist: Rule = (input) =>
  writtenServices(input).flatMap(({ path, service }) =>
    (['unit', 'upstart', 'sysv'] as const).flatMap((key): Finding[] => {
      const source = service[key];
      if (typeof source !== 'string') return [];
      const described = input.describeSource(resolve(input.directory, source));
      const place = [...path, key];
      if (described?.kind === 'file') {
        return key !== 'sysv' || described.interpreter !== undefined
          ? []
          : [
              problem(
                place,
                `"${source}" is not an init script: it does not begin with "#!"`,
                'begin it with "#!/bin/sh"',
              ),
            ];
      }
      return described === undefined
        ? [problem(place, `there is no file "${source}"`, "the path counts from the manifest's directory")]
        : [problem(place, `"${source}" is a ${described.kind}, not a file`)];
    }),
  );
