import { debLibraryPackage } from '../distributions/deb-libraries.ts';
import { debMinimum, higherMinimum } from '../distributions/deb-minimums.ts';
import type { DebDistribution, RpmDistribution } from '../distributions/distribution.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { LibrarySettings, Manifest, Relation } from '../manifest/manifest.ts';
import { architectures, type Architecture } from '../model/architecture.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import type { NeededLibrary, SystemNeeds } from '../tree/tree.ts';
import { relation } from './relations.ts';

/** Something to tell whoever builds. */
interface LibraryNote {
  readonly message: string;
  readonly hint: string;
}

/** What a package asks of the system because its files need libraries. */
export interface LibraryRelations {
  readonly depends: readonly Relation[];
  readonly recommends: readonly Relation[];
  readonly notes: readonly LibraryNote[];
}

/**
 * Libraries of graphics drivers: they have to be of the kernel module's own version, so that a machine with such a device
 * has them anyway, and one without has no use for them.
 */
const driverLibraries = /^lib(?:cuda|cudadebugger|nvcuvid|nvoptix|nvidia-(?:[a-z0-9-]+))\.so\.1$/;

function settingsOf(library: string, { libraries }: Pick<Manifest, 'libraries'>): LibrarySettings {
  const written = Object.hasOwn(libraries, library) ? libraries[library] : undefined;
  return written ?? { as: driverLibraries.test(library) ? 'ignore' : 'require', package: undefined };
}

/** A library that becomes a relation, with what the manifest says about it. */
interface Wanted {
  readonly needed: NeededLibrary;
  readonly settings: LibrarySettings;
}

function users(files: readonly string[]): string {
  const [first = '', ...others] = files;
  return others.length === 0 ? first : `${first} and ${String(others.length)} more`;
}

/** @throws CoachbuilderError `unsupported-by-target` for a library that no package of the distribution is known to have */
function debPackage({ library, files }: NeededLibrary, { title, id, deb }: DebDistribution): string {
  const found = library === 'libgcc_s.so.1' ? deb.libgcc : debLibraryPackage(deb.libraries, library);
  if (found !== undefined) return found;
  throw new CoachbuilderError(
    'unsupported-by-target',
    `${users(files)} needs ${library}, which the package does not bring, and no package of ${title} is known to have it`,
    {
      hint:
        `say in the manifest, under "overrides: ${id}: libraries:", which package has it: "${library}: <package>"; ` +
        `where the application runs without it, "${library}: {package: <package>, as: recommend}" or "${library}: ignore"`,
      details: files.slice(0, 20),
    },
  );
}

/** Debian Policy 7.1: relations name packages; rpm's may name files and capabilities. */
function refusePath({ name, alternatives }: Relation, library: string, { title, id }: DebDistribution): void {
  const path = [name, ...alternatives.map((each) => each.name)].find((each) => /[/()]/.test(each));
  if (path === undefined) return;
  throw new CoachbuilderError(
    'unsupported-by-target',
    `"libraries" says that ${path} has ${library}, and packages for ${title} can name packages only`,
    { hint: `move it to "overrides: rpm: libraries:", and name the package under "overrides: ${id}: libraries:"` },
  );
}

/** Debian Policy 8.6: a package depends on the packages that have its libraries, of the version that its symbols need. */
function debRelations(wanted: readonly Wanted[], distribution: DebDistribution): readonly Relation[] {
  const minimums = new Map<string, string | undefined>();
  const named: Relation[] = [];
  for (const { needed, settings } of wanted) {
    if (settings.package !== undefined) {
      refusePath(settings.package, needed.library, distribution);
      named.push(settings.package);
      continue;
    }
    const name = debPackage(needed, distribution);
    const minimum = debMinimum(
      name,
      needed.library,
      needed.versions.map(({ version }) => version),
    );
    minimums.set(name, higherMinimum(minimums.get(name), minimum));
  }
  const sorted = [...minimums].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...sorted.map(([name, version]) => relation(name, version === undefined ? undefined : { operator: '>=', version })),
    ...named,
  ];
}

/** Capabilities as rpm's elfdeps writes them: `libz.so.1()(64bit)`, `libz.so.1(ZLIB_1.2.9)(64bit)`; no mark for 32 bits. */
export function rpmCapabilities({ library, versions }: NeededLibrary, architecture: Architecture): readonly string[] {
  const mark = architectures[architecture].elfClass === 64 ? '(64bit)' : '';
  const bare = mark === '' ? library : `${library}()${mark}`;
  return [bare, ...versions.map(({ version }) => `${library}(${version})${mark}`)];
}

/** Names that elfdeps takes for libraries: others are plugins that something loads by path. */
function isLibraryName(library: string): boolean {
  return /^(?:lib|ld\.|ld-|ld64\.)/.test(library) && library.includes('.so');
}

function rpmRelations(wanted: readonly Wanted[], architecture: Architecture): readonly Relation[] {
  return wanted.flatMap(({ needed, settings }) => {
    if (settings.package !== undefined) return [settings.package];
    if (!isLibraryName(needed.library)) return [];
    return rpmCapabilities(needed, architecture).map((capability) => relation(capability));
  });
}

function weakNotes(recommended: readonly Wanted[], { title, rpm }: RpmDistribution): readonly LibraryNote[] {
  if (rpm.features.weakDependencies) return [];
  return recommended.map(({ needed: { library, files } }) => ({
    message: `${users(files)} needs ${library}; rpm ${rpm.rpm} of ${title} knows no weak dependencies, and the package does not ask for it`,
    hint: `tell whoever installs it, or write "${library}: require"`,
  }));
}

/** What the same tree fails for where relations name packages: nothing else would tell that nobody asks for the library. */
function unaskedNotes(wanted: readonly Wanted[], { id }: RpmDistribution): readonly LibraryNote[] {
  return wanted
    .filter(({ needed, settings }) => settings.package === undefined && !isLibraryName(needed.library))
    .map(({ needed: { library, files } }) => ({
      message: `${users(files)} needs ${library}, which the package does not bring; rpm's search for libraries passes over such a name, and the package does not ask for it`,
      hint:
        `say in the manifest, under "overrides: ${id}: libraries:", which package has it: "${library}: <package>"; ` +
        `where the application runs without it, "${library}: ignore"`,
    }));
}

/** What the manifest says about libraries that no file needs, or that the tree brings itself. */
function idleNotes(needs: SystemNeeds, { libraries }: Pick<Manifest, 'libraries'>): readonly LibraryNote[] {
  const needed = new Set(needs.libraries.map(({ library }) => library));
  return Object.keys(libraries)
    .filter((library) => !needed.has(library))
    .map((library) => ({
      message: `the manifest says under libraries what becomes of ${library}, and no file of the package needs it from the system`,
      hint: 'correct its name, or leave it out',
    }));
}

/** What decides which relations libraries come to. */
type LibraryQuestion = Pick<BuildTarget, 'distribution' | 'architecture'> & {
  readonly manifest: Pick<Manifest, 'libraries'>;
};

/**
 * The relations that the libraries come to which a tree needs and does not bring. A tree without ELF files has none.
 * @throws CoachbuilderError `unsupported-by-target` naming file and SONAME when a Debian package's name is not known
 */
export function libraryRelations(
  { distribution, architecture, manifest }: LibraryQuestion,
  needs: SystemNeeds,
): LibraryRelations {
  const wanted = needs.libraries.map((needed): Wanted => ({ needed, settings: settingsOf(needed.library, manifest) }));
  const required = wanted.filter(({ settings }) => settings.as === 'require');
  const recommended = wanted.filter(({ settings }) => settings.as === 'recommend');
  const idle = idleNotes(needs, manifest);
  if (distribution.format === 'deb') {
    const depends = debRelations(required, distribution);
    const names = new Set(depends.map(({ name }) => name));
    const recommends = debRelations(recommended, distribution).filter(({ name }) => !names.has(name));
    return { depends, recommends, notes: idle };
  }
  const { weakDependencies } = distribution.rpm.features;
  const depends = rpmRelations(required, architecture);
  return {
    depends: [...depends, ...(needs.gnuHash ? [relation('rtld(GNU_HASH)')] : [])],
    recommends: weakDependencies ? rpmRelations(recommended, architecture) : [],
    notes: [
      ...unaskedNotes(weakDependencies ? [...required, ...recommended] : required, distribution),
      ...weakNotes(recommended, distribution),
      ...idle,
    ],
  };
}
