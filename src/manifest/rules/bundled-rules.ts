import { architectureNames } from '../../model/architecture.ts';
import type { Finding } from '../finding.ts';
import type { ManifestPath } from '../places.ts';
import type { WrittenPython } from '../schema.ts';
import { checkRepositoryUrl } from './python-rules.ts';
import { commonParts, problem, type Rule } from './rule.ts';

type WrittenInterpreter = Extract<WrittenPython['interpreter'], { bundled: unknown }>;

const placeholders = ['version', 'minor', 'build', 'architecture', 'triple'] as const;

function checkVersion(place: ManifestPath, version: string): Finding[] {
  // Older ones give bytecode the date of its source, and nobody makes relocatable archives of them.
  return /^3\.(?:[7-9]|[1-9]\d+)\.\d+$/.test(version)
    ? []
    : [
        problem(
          [...place, 'version'],
          `"${version}" is not the full version of a bundled interpreter`,
          'write one such as "3.12.3"; 3.7 is the oldest',
        ),
      ];
}

function checkArchive(place: ManifestPath, { archive, build }: WrittenInterpreter['bundled']): Finding[] {
  const at = [...place, 'archive'];
  const used = [...archive.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1] ?? '');
  const unknown = used.find((name) => !(placeholders as readonly string[]).includes(name));
  if (unknown !== undefined) {
    const known = placeholders.map((name) => `{${name}}`).join(', ');
    return [problem(at, `nothing stands for "{${unknown}}" in an archive`, `what is filled in is ${known}`)];
  }
  if (used.includes('build') && build === undefined) {
    return [problem(at, 'the archive names a "{build}", and there is no "build"', 'say which build, beside "archive"')];
  }
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(archive)) return [];
  return checkRepositoryUrl(
    at,
    archive.replaceAll(/[{}]/g, ''),
    'take them out: they belong in ~/.netrc, and should be changed if the manifest was shared',
  );
}

function checkDigests(place: ManifestPath, sha256: WrittenInterpreter['bundled']['sha256']): Finding[] {
  const digests =
    typeof sha256 === 'string'
      ? [{ at: [...place, 'sha256'], digest: sha256 }]
      : Object.entries(sha256).map(([architecture, digest]) => ({ at: [...place, 'sha256', architecture], digest }));
  const architectures = typeof sha256 === 'string' ? [] : Object.keys(sha256);
  return [
    ...architectures
      .filter((name) => !(architectureNames as readonly string[]).includes(name))
      .map((name) =>
        problem(
          [...place, 'sha256', name],
          `"${name}" is not the name of an architecture`,
          `they are ${architectureNames.join(', ')}`,
        ),
      ),
    ...digests
      .filter(({ digest }) => !/^[0-9a-f]{64}$/i.test(digest))
      .map(({ at, digest }) =>
        problem(at, `"${digest}" is not a sha256`, 'write 64 hexadecimal digits, as sha256sum prints them'),
      ),
  ];
}

/** A bundled interpreter is one certain file: its version, its address and its digest can all be read from the manifest. */
export const bundledInterpreterIsPinned: Rule = ({ written }) =>
  commonParts(written).flatMap(({ path, settings }) => {
    const interpreter = settings.python?.interpreter;
    if (interpreter === undefined || interpreter === 'system' || !('bundled' in interpreter)) return [];
    const { bundled } = interpreter;
    const place = [...path, 'python', 'interpreter', 'bundled'];
    return [
      ...checkVersion(place, bundled.version),
      ...checkArchive(place, bundled),
      ...checkDigests(place, bundled.sha256),
    ];
  });
