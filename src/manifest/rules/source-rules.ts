import { resolve } from 'node:path';

import { parseMode } from '../mode.ts';
import { nameOf, type Finding } from '../finding.ts';
import { scriptHooks } from '../manifest.ts';
import type { ManifestPath } from '../places.ts';
import { commonParts, packageParts, problem, type Rule, type RuleInput } from './rule.ts';

/** Whatever the manifest takes from its directory is there, and is what is wanted of it. */
export const sourcesExist: Rule = (input) => [
  ...(input.written.source === undefined
    ? []
    : checkSource(input, ['source'], { source: input.written.source, kind: 'directory' })),
  ...commonParts(input.written).flatMap(({ path, settings }) =>
    (['requirements', 'constraints'] as const).flatMap((key) =>
      (settings.python?.[key] ?? []).flatMap((source, index) =>
        checkSource(input, [...path, 'python', key, index], { source, kind: 'file' }),
      ),
    ),
  ),
  ...commonParts(input.written).flatMap(({ path, settings }) => {
    const source = settings.python?.['lock-file'];
    return source === undefined ? [] : checkSource(input, [...path, 'python', 'lock-file'], { source, kind: 'file' });
  }),
  ...packageParts(input.written).flatMap(({ path, settings }) => [
    ...scriptHooks.flatMap((hook) => {
      const source = settings.scripts?.[hook];
      return typeof source === 'string' ? checkSource(input, [...path, 'scripts', hook], { source, kind: 'file' }) : [];
    }),
    ...Object.entries(settings.files ?? {}).flatMap(([installed, file]) => {
      if (file === null) return [];
      const place = [...path, 'files', installed];
      return typeof file === 'string'
        ? checkFileSource(input, place, { source: file, installed })
        : checkFileSource(input, [...place, 'source'], { source: file.source, installed });
    }),
  ]),
  ...(input.written.changelog === undefined || /^(?:git|none)$/.test(input.written.changelog)
    ? []
    : checkSource(input, ['changelog'], { source: input.written.changelog, kind: 'file' })),
  ...(input.written.release?.key === undefined
    ? []
    : checkSource(input, ['release', 'key'], { source: input.written.release.key, kind: 'file' })),
];

const fromWhere = "the path counts from the manifest's directory";

export function checkSource(
  input: RuleInput,
  place: ManifestPath,
  { source, kind }: { readonly source: string; readonly kind: 'file' | 'directory' },
): Finding[] {
  const described = input.describeSource(resolve(input.directory, source));
  if (described === undefined) return [problem(place, `there is no ${kind} "${source}"`, fromWhere)];
  return described.kind === kind ? [] : [problem(place, `"${source}" is a ${described.kind}, not a ${kind}`)];
}

function checkFileSource(
  input: RuleInput,
  place: ManifestPath,
  { source, installed }: { readonly source: string; readonly installed: string },
): Finding[] {
  const root = resolve(input.directory, source);
  const described = input.describeSource(root);
  if (described === undefined) return [problem(place, `there is no file or directory "${source}"`, fromWhere)];
  if (described.kind === 'file') {
    return installed.endsWith('/')
      ? [
          problem(
            place,
            `"${source}" is a file, but "${installed}" is a directory`,
            "write the file's whole installed path",
          ),
        ]
      : [];
  }
  if (described.entries.length === 0) {
    return [
      problem(
        place,
        `directory "${source}" holds no files`,
        'to create an empty directory, name it under "directories"',
      ),
    ];
  }
  return described.entries
    .filter((entry) => input.describeSource(resolve(root, entry))?.kind !== 'file')
    .map((entry) => problem(place, `"${entry}" in directory "${source}" is neither a file nor a link to one`));
}

/** Whether the interpreter of a `#!` line reads POSIX shell and nothing more. */
function isShell(interpreter: string): boolean {
  const [program = '', ...rest] = interpreter.split(/\s+/);
  const name = /\/env$/.test(program) ? rest[0] : program;
  return /^(?:\/(?:usr\/)?bin\/)?(?:sh|dash)$/.test(name ?? '');
}

/** Hooks become parts of scripts that /bin/sh runs: what is written for another interpreter would fail on the machine. */
export const scriptsAreShell: Rule = (input) =>
  packageParts(input.written).flatMap(({ path, settings }) =>
    scriptHooks.flatMap((hook) => {
      const source = settings.scripts?.[hook];
      if (typeof source !== 'string') return [];
      const interpreter = input.describeSource(resolve(input.directory, source))?.interpreter;
      if (interpreter === undefined || isShell(interpreter)) return [];
      return [
        problem(
          [...path, 'scripts', hook],
          `"${source}" is for ${interpreter === '' ? 'no interpreter' : interpreter}, and scripts of packages are run by /bin/sh`,
          'write it for a POSIX shell, without a "#!" line or with "#!/bin/sh"; install a program for more than that',
        ),
      ];
    }),
  );

/** Modes are octal text: as a number, 0640 would be another one. */
export const ownershipIsValid: Rule = ({ written }) =>
  packageParts(written).flatMap(({ path, settings }) => {
    const parts: (readonly [ManifestPath, unknown])[] = [
      ...Object.entries(settings.files ?? {}).map(([name, file]) => [[...path, 'files', name], file] as const),
      ...(settings.directories ?? []).map((entry, index) => [[...path, 'directories', index], entry] as const),
    ];
    return parts.flatMap(([place, part]) =>
      typeof part === 'object' && part !== null ? checkOwnership(place, part) : [],
    );
  });

interface Ownership {
  readonly mode?: string | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
}

export function checkOwnership(place: ManifestPath, { mode, owner, group }: Ownership): Finding[] {
  const findings: Finding[] = [];
  if (mode !== undefined && parseMode(mode) === undefined) {
    findings.push(problem([...place, 'mode'], `mode "${mode}" must be octal digits, such as "0640"`));
  }
  for (const [key, name] of Object.entries({ owner, group })) {
    // useradd(8), and what dpkg's and rpm's archives can carry.
    if (name !== undefined && !/^[a-z_][a-z0-9_-]{0,31}$/.test(name)) {
      const place_ = [...place, key];
      findings.push(
        problem(place_, `${nameOf(place_)} "${name}" is not the name of a ${key === 'owner' ? 'user' : 'group'}`),
      );
    }
  }
  return findings;
}
