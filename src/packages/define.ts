import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { PackageSettings, Relation, RelationKind, ScriptHook } from '../manifest/manifest.ts';
import { fullVersion } from '../model/package-version.ts';
import type { BuildTarget, PlannedPackage } from '../plan/build-plan.ts';
import type { SystemNeeds, Tree } from '../tree/tree.ts';
import { refuseConflicts } from './conflicts.ts';
import {
  manifestContents,
  markConfiguration,
  missingDirectories,
  requirePrograms,
  sortContents,
  treeContents,
} from './contents.ts';
import type { BytecodePolicy, ContentEntry, PackageDefinition, PackageScripts } from './definition.ts';
import { noIntegration, type Integration } from './integration/integration.ts';
import { libraryRelations } from './library-relations.ts';
import { formatPackageName } from './names.ts';
import { relation } from './relations.ts';
import { hasAccounts, type ServicePlan } from './service-plan.ts';
import type { PackageSources } from './sources.ts';

/** What a package has for its services: the plan for its scripts, and the files that belong to it. */
export interface ServiceParts {
  readonly plan: ServicePlan;
  readonly contents: readonly ContentEntry[];
}

/** All that the packages of one target are made of. */
export interface PackageInputs {
  readonly target: BuildTarget;
  readonly tree: Tree;
  readonly sources: PackageSources;
  /** What packages have for programs of the system, by package id; a package that is not there has nothing. */
  readonly integrations: ReadonlyMap<string, Integration>;
  /** Writes the files of a package's services; `formats/` knows how. */
  readonly planServices: (settings: PackageSettings) => ServiceParts;
  /** SOURCE_DATE_EPOCH, seconds. */
  readonly epoch: number;
}

const hookNames = {
  beforeInstall: 'before-install',
  afterInstall: 'after-install',
  beforeUpgrade: 'before-upgrade',
  afterUpgrade: 'after-upgrade',
  beforeRemove: 'before-remove',
  afterRemove: 'after-remove',
  afterPurge: 'after-purge',
} as const satisfies Record<keyof PackageScripts, ScriptHook>;

/** Directories that a distribution fills itself. Bytecode below the prefix is deleted, so it must not be one of them. */
const sharedDirectories = new Set(
  ['bin', 'boot', 'dev', 'etc', 'home', 'lib', 'lib64', 'media', 'mnt', 'opt', 'proc', 'root', 'run', 'sbin', 'srv']
    .concat(['sys', 'tmp', 'usr', 'var'])
    .flatMap((name) => [`/${name}`, `/usr/${name}`, `/usr/local/${name}`])
    .concat('/', '/usr/local', '/usr/share', '/usr/local/share', '/usr/libexec', '/var/lib', '/var/opt', '/etc/opt'),
);

function refuseSharedPrefix(prefix: string): void {
  if (!sharedDirectories.has(prefix)) return;
  throw new CoachbuilderError('manifest-invalid', `the prefix ${prefix} belongs to the whole system`, {
    hint: 'give the application a directory of its own, such as /opt/<name>',
  });
}

/** Whether there is a command in a hook. Without one it cannot be put into a subshell (POSIX, Shell Command Language, 2.10.2). */
export function runsSomething(text: string): boolean {
  return text.split('\n').some((line) => !/^(?:#|$)/.test(line.trim()));
}

function scriptsOf(settings: PackageSettings, sources: PackageSources): PackageScripts {
  const fragments = (hook: ScriptHook): readonly string[] => {
    const path = settings.scripts[hook];
    if (path === undefined) return [];
    const text = sources.fragments.get(path);
    if (text === undefined) throw new Error(`Internal error: the script ${path} was not read`);
    return runsSomething(text) ? [text] : [];
  };
  return {
    beforeInstall: fragments(hookNames.beforeInstall),
    afterInstall: fragments(hookNames.afterInstall),
    beforeUpgrade: fragments(hookNames.beforeUpgrade),
    afterUpgrade: fragments(hookNames.afterUpgrade),
    beforeRemove: fragments(hookNames.beforeRemove),
    afterRemove: fragments(hookNames.afterRemove),
    afterPurge: fragments(hookNames.afterPurge),
  };
}

/** Debian and Ubuntu keep distutils apart from these interpreters; from 3.12 on Python has none (PEP 632). */
function packagesDistutilsApart(minor: string): boolean {
  const match = /^3\.(\d+)$/.exec(minor);
  return match !== null && Number(match[1]) >= 6 && Number(match[1]) <= 11;
}

/**
 * What ties a package to the interpreter that its tree was laid out for, so that the package manager refuses it where
 * there is no such interpreter.
 *
 * On RPM systems both the ABI and the path are asked for: on EL 8 `platform-python` provides `python(abi) = 3.6`
 * without the path that the virtual environment links to. Only what is packaged outside /usr/bin (software collections)
 * does not provide `python(abi)`, so there the path alone counts. A package that brings its own interpreter is tied to the
 * system by the libraries that it needs alone.
 */
function interpreterRelations(target: BuildTarget, tree: Pick<Tree, 'importsDistutils'>): readonly Relation[] {
  const { interpreter, distribution } = target;
  if (interpreter.bundle !== undefined) return [];
  const system = target.manifest.python.interpreter.kind === 'system';
  if (distribution.format === 'rpm') {
    const abi = relation('python(abi)', { operator: '=', version: interpreter.minor });
    const provided = system || interpreter.path.startsWith('/usr/bin/');
    return provided ? [abi, relation(interpreter.path)] : [relation(interpreter.path)];
  }
  const distutils = system && tree.importsDistutils && packagesDistutilsApart(interpreter.minor);
  return [relation(interpreter.package), ...(distutils ? [relation('python3-distutils')] : [])];
}

/** Of a tree that nobody has looked into: it has no programs and libraries. */
const nothingNeeded: SystemNeeds = { libraries: [], gnuHash: false };

function bytecodeOf(target: BuildTarget, tree: Tree): BytecodePolicy {
  const { minor, bundle } = target.interpreter;
  return {
    prefix: tree.prefix,
    interpreter: `${tree.prefix}/bin/python`,
    // The standard library is the package's own then, too.
    directory: bundle === undefined ? `${tree.prefix}/lib/python${minor}/site-packages` : tree.prefix,
    compileAtInstall: tree.bytecode === 'at-install',
    shipped: tree.bytecode === 'shipped',
    minor,
  };
}

interface PackageParts {
  readonly contents: readonly ContentEntry[];
  /** What the package depends on beside what the manifest says. */
  readonly depends: readonly Relation[];
  readonly recommends?: readonly Relation[];
  readonly bytecode: BytecodePolicy | undefined;
  readonly integration: Integration;
}

/** What Debian's tools for accounts are in: Priority required, not Essential. An rpm needs its own before it is unpacked. */
function accountRelations(target: BuildTarget, plan: ServicePlan): readonly Relation[] {
  return target.distribution.format === 'deb' && hasAccounts(plan) ? [relation('passwd')] : [];
}

function assemble(planned: PlannedPackage, parts: PackageParts, inputs: PackageInputs): PackageDefinition {
  const { target, tree, sources, epoch } = inputs;
  const { settings } = planned;
  requirePrograms(settings, { tree, main: target.packages[0]?.settings ?? settings });
  const services = inputs.planServices(settings);
  const relations: Record<RelationKind, readonly Relation[]> = {
    ...settings.relations,
    depends: [...parts.depends, ...accountRelations(target, services.plan), ...settings.relations.depends],
    recommends: [...(parts.recommends ?? []), ...settings.relations.recommends, ...parts.integration.recommends],
  };
  return {
    id: settings.id,
    name: formatPackageName(target.distribution.format, settings.name),
    version: target.version,
    distribution: target.distribution,
    architecture: planned.architecture,
    fileName: planned.fileName,
    summary: settings.summary,
    description: settings.description,
    license: target.manifest.license,
    url: target.manifest.url,
    vendor: target.manifest.vendor,
    maintainer: target.manifest.maintainer,
    category: target.manifest.categories[target.distribution.format],
    relations,
    contents: sortContents(
      markConfiguration([...parts.contents, ...services.contents, ...parts.integration.contents], settings),
    ),
    scripts: scriptsOf(settings, sources),
    bytecode: parts.bytecode,
    services: services.plan,
    integration: parts.integration.policy,
    changelog: [],
    epoch,
  };
}

/**
 * The packages of a target as values, the main package first. The main package owns the tree, every directory of it
 * included and none above it; each other package depends on exactly this build of the main package.
 * @throws CoachbuilderError `link-target-missing`, `file-conflict`, `manifest-invalid`
 */
export function definePackages(inputs: PackageInputs): readonly PackageDefinition[] {
  const { target, tree, sources, integrations } = inputs;
  const integrationOf = (id: string): Integration => integrations.get(id) ?? noIntegration;
  refuseSharedPrefix(tree.prefix);
  const [planned, ...others] = target.packages;
  if (planned === undefined) throw new Error('Internal error: a target without packages');
  const prefix = { tree, main: planned.settings };
  const libraries = libraryRelations(target, tree.systemNeeds ?? nothingNeeded);
  const contents = [...treeContents(tree), ...manifestContents(planned.settings, prefix, sources)];
  const main = assemble(
    planned,
    {
      contents: [...contents, ...missingDirectories(contents, tree.prefix)],
      depends: [...interpreterRelations(target, tree), ...libraries.depends],
      recommends: libraries.recommends,
      bytecode: bytecodeOf(target, tree),
      integration: integrationOf(planned.settings.id),
    },
    inputs,
  );
  const exactly = relation(main.name, { operator: '=', version: fullVersion(target.version) });
  const definitions = [
    main,
    ...others.map((other) =>
      assemble(
        other,
        {
          contents: manifestContents(other.settings, prefix, sources),
          depends: [exactly],
          bytecode: undefined,
          integration: integrationOf(other.settings.id),
        },
        inputs,
      ),
    ),
  ];
  refuseConflicts(definitions, tree.prefix);
  return definitions;
}
