import { resolve } from 'node:path';

import { didYouMean } from '../../errors/suggest.ts';
import { type Finding } from '../finding.ts';
import type { ManifestPath } from '../places.ts';
import type { WrittenService } from '../schema.ts';
import { unitSuffixes } from '../service-settings.ts';
import { splitWords } from '../service-words.ts';
import {
  commandKeys,
  directoriesOf,
  directoryKeys,
  isUnitSuffix,
  listOf,
  parseUnitName,
  unitNameOf,
} from '../services.ts';
import { keyProblem, packageParts, problem, type Rule, type RuleInput } from './rule.ts';
import { packageViews, type PackageView } from './view.ts';

interface WrittenPart {
  readonly path: ManifestPath;
  readonly key: string;
  readonly service: WrittenService;
}

function writtenServices(input: RuleInput): readonly WrittenPart[] {
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

function oneLine(place: ManifestPath, value: string | undefined): Finding[] {
  return value !== undefined && /[\u0000-\u001f\u007f]/.test(value)
    ? [problem(place, 'there must be no line ends or other control characters')]
    : [];
}

function checkCommand({ path, service }: WrittenPart): Finding[] {
  const { command } = service;
  if (command === undefined || command === null) return [];
  const place = [...path, 'command'];
  const words = typeof command === 'string' ? splitWords(command) : command;
  if (words === undefined) return [problem(place, 'a quote of the command is not closed')];
  const [program = ''] = words;
  if (words.some((word) => /[\u0000-\u001f\u007f]/.test(word))) return oneLine(place, words.join('\n'));
  if (program.startsWith('/') ? !program.includes('//') : /^[A-Za-z0-9_.][\w.+-]*$/.test(program)) return [];
  return [
    problem(
      place,
      `"${program}" is not a program that a service can run`,
      'begin with the name of a script of the application, or with an absolute path',
    ),
  ];
}

/** What is written into units and jobs fits into one line of them. */
export const serviceValuesAreValid: Rule = (input) =>
  writtenServices(input).flatMap((part): Finding[] => {
    const { path, service } = part;
    const absolute = (key: 'working-directory' | 'environment-file', value: string): Finding[] =>
      /^\/[^\s]*$/.test(key === 'environment-file' ? value.replace(/^-/, '') : value)
        ? []
        : [problem([...path, key], `"${value}" must be an absolute path without spaces`)];
    return [
      ...checkCommand(part),
      ...oneLine([...path, 'description'], service.description),
      ...Object.entries(service.environment ?? {}).flatMap(([name, value]) =>
        /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
          ? oneLine([...path, 'environment', name], value)
          : [keyProblem([...path, 'environment', name], `"${name}" is not the name of a variable`)],
      ),
      ...listOf(service['environment-file']).flatMap((value) => absolute('environment-file', value)),
      ...listOf(service['working-directory']).flatMap((value) => absolute('working-directory', value)),
      ...listOf(service.after).flatMap((value) =>
        /^[\w:.@\\-]+\.[a-z]+$/.test(value)
          ? []
          : [
              problem(
                [...path, 'after'],
                `"${value}" is not the name of a unit`,
                'write it with its suffix: "dbus.service"',
              ),
            ],
      ),
      ...(typeof service.hardening === 'object' ? Object.entries(service.hardening) : []).flatMap(([name, value]) =>
        /^[A-Z][A-Za-z]+$/.test(name)
          ? oneLine([...path, 'hardening', name], typeof value === 'string' ? value : undefined)
          : [
              keyProblem(
                [...path, 'hardening', name],
                `"${name}" is not the name of a directive`,
                'see systemd.exec(5)',
              ),
            ],
      ),
      ...directoriesOf(service).flatMap(({ kind, name }) =>
        /^[\w.+-]+(?:\/[\w.+-]+)*$/.test(name) && !name.split('/').some((step) => /^\.+$/.test(step))
          ? []
          : [
              problem(
                [...path, directoryKeys[kind]],
                `"${name}" must be a relative path, such as "fleet"`,
                'what it is relative to is said by the key',
              ),
            ],
      ),
    ];
  });

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
