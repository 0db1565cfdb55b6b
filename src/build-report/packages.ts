import type { PackageFormat } from '../model/format.ts';
import { fullVersion } from '../model/package-version.ts';
import type { PackageDefinition } from '../packages/definition.ts';
import { debianRelationFields, rpmRelationFields, type RelationField } from '../packages/relations.ts';
import { planScripts, type ShellStep } from '../packages/scripts.ts';
import { countFiles, type SizeCount } from './sizes.ts';
import type { ReportedPackage } from './report.ts';

/** One script of a package, and what it does in which state of the package manager. */
interface ShownScript {
  /** `postinst`, `%preun`. */
  readonly name: string;
  readonly branches: readonly { readonly states: string; readonly steps: readonly string[] }[];
}

export interface ShownPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly fileName: string;
  readonly summary: string;
  readonly license: string;
  readonly size: number;
  readonly sha256: string;
  readonly installed: SizeCount;
  readonly configurationFiles: readonly string[];
  readonly relations: readonly RelationField[];
  readonly scripts: readonly ShownScript[];
}

const relationFields = {
  deb: debianRelationFields,
  rpm: rpmRelationFields,
} as const satisfies Record<PackageFormat, typeof debianRelationFields>;

/** A step's kind is written as words with hyphens between them; what is the manifest's own may be part of another step. */
function stepWords(steps: readonly ShellStep[]): readonly string[] {
  return [
    ...new Set(
      steps.map(({ kind }) =>
        kind === 'fragment' || kind === 'after-configuration' ? "the manifest's script" : kind.replaceAll('-', ' '),
      ),
    ),
  ];
}

function scriptsOf(definition: PackageDefinition): readonly ShownScript[] {
  const sign = definition.distribution.format === 'rpm' ? '%' : '';
  return planScripts(definition).map(({ name, branches }) => ({
    name: `${sign}${name}`,
    branches: branches.map(({ states, steps }) => ({ states: states.join(', '), steps: stepWords(steps) })),
  }));
}

/** A package as the page shows it. */
export function showPackage({ definition, size, sha256 }: ReportedPackage): ShownPackage {
  const { name, version, architecture, fileName, summary, license, contents, relations, distribution } = definition;
  const files = contents.filter((entry) => entry.kind === 'file');
  return {
    ...{ name, version: fullVersion(version), architecture, fileName, summary, license, size, sha256 },
    installed: countFiles(files),
    configurationFiles: files.filter(({ configuration }) => configuration).map(({ path }) => path),
    relations: relationFields[distribution.format](relations, distribution),
    scripts: scriptsOf(definition),
  };
}
