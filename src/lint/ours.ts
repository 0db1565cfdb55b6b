import type { ContentEntry, PackageDefinition } from '../packages/definition.ts';
import { fullVersion } from '../model/package-version.ts';
import { isWithin } from '../packages/contents.ts';
import { rpmRelation } from '../packages/relations.ts';
import { linters } from '../model/format.ts';
import type { LintOverride } from './override.ts';
import { archiveTags, compiledTags, moduleTags, type LinterTags } from './wheel-tags.ts';

/** A package as far as it decides which of our overrides it gets: its definition alone, so that no machine matters. */
export interface LintSubject {
  readonly definition: PackageDefinition;
  /** Absolute path of the virtual environment, in whichever package it is. */
  readonly prefix: string;
}

type Scope = Partial<Pick<LintOverride, 'path' | 'note'>>;

interface Exemption {
  readonly tags: LinterTags;
  readonly reason: string;
  /** Where it holds in a package; nowhere when the list is empty. */
  readonly scopes: (subject: LintSubject) => readonly Scope[];
}

/** Whether it is the package that holds the virtual environment. */
function hasTree({ definition, prefix }: LintSubject): boolean {
  return definition.contents.some(({ path }) => path === `${prefix}/bin`);
}

/** Everything below the prefix, in the package that holds it. */
function belowPrefix(subject: LintSubject): readonly Scope[] {
  return hasTree(subject) ? [{ path: `${subject.prefix}/*` }] : [];
}

/** Below the prefix, where a name tells that there are files of a kind. */
function belowPrefixWith(pattern: RegExp): Exemption['scopes'] {
  return (subject) =>
    subject.definition.contents.some(({ path }) => isWithin(path, subject.prefix) && pattern.test(path))
      ? belowPrefix(subject)
      : [];
}

const withLibraries = belowPrefixWith(/\.so(?:\.[\d.]+)?$/);

/** Links of a package that lead to what another package of the same build holds. */
function linksIntoPrefix({ definition, prefix }: LintSubject): readonly Extract<ContentEntry, { kind: 'symlink' }>[] {
  return definition.contents.filter(
    (entry) => entry.kind === 'symlink' && isWithin(entry.target, prefix) && !isWithin(entry.path, prefix),
  ) as readonly Extract<ContentEntry, { kind: 'symlink' }>[];
}

function hasManual({ definition }: LintSubject, program: string): boolean {
  const pages = definition.contents.filter(({ path }) => path.startsWith('/usr/share/man/'));
  return pages.some(({ path }) => path.split('/').at(-1)?.startsWith(`${program}.`));
}

/** Programs on the PATH that have a manual page, or have none; by path. */
function programs(subject: LintSubject, which: { readonly withManual: boolean }): readonly string[] {
  return linksIntoPrefix(subject)
    .map(({ path }) => path)
    .filter(
      (path) =>
        /^\/(?:usr\/)?(?:local\/)?s?bin\/[^/]+$/.test(path) &&
        hasManual(subject, path.replace(/.*\//, '')) === which.withManual,
    );
}

/** What rpm takes for documentation by its place (rpm's macro `__docdir_path`). */
const documentation = /^\/usr\/share\/(?:doc|man|info)\/.*[^/]$/;

function textOf(entry: ContentEntry): string {
  if (entry.kind !== 'file') return '';
  if (entry.source.kind === 'text') return entry.source.text;
  return entry.source.kind === 'bytes' ? Buffer.from(entry.source.bytes).toString() : '';
}

/**
 * What follows from our way of packaging: a virtual environment of wheels below a prefix of its own, links into it, a
 * package that defines a repository. Anything else is for the user to put right or to explain.
 */
const exemptions: readonly Exemption[] = [
  {
    tags: { lintian: ['dir-or-file-in-opt'], rpmlint: ['dir-or-file-in-opt'] },
    reason:
      'the application comes from a vendor, not from the distribution: below /opt it is out of the way of both (FHS 3.13)',
    scopes: (subject) =>
      subject.prefix.startsWith('/opt/')
        ? belowPrefix(subject).flatMap((below) => [{ path: subject.prefix }, below])
        : [],
  },
  {
    tags: { lintian: ['package-installs-python-pycache-dir'] },
    reason:
      "bytecode belongs to the package: the distribution's tools compile what is in its own directories, and nothing below the prefix",
    scopes: belowPrefixWith(/\/__pycache__(?:\/|$)/),
  },
  {
    tags: { lintian: ['unusual-interpreter'], rpmlint: ['wrong-script-interpreter'] },
    reason: 'scripts of a virtual environment run with its own interpreter, and modules are imported',
    scopes: belowPrefix,
  },
  {
    tags: compiledTags,
    reason: 'compiled by the project that made the wheel, and kept as its RECORD lists it',
    scopes: withLibraries,
  },
  {
    tags: { lintian: ['embedded-javascript-library'] },
    reason: 'a wheel brings the version that its project has tested, as it brings everything else',
    scopes: belowPrefixWith(/\.js$/),
  },
  {
    tags: { rpmlint: ['file-not-in-%lang'] },
    reason: 'translations that a wheel brings are found by the library, in its own directory',
    scopes: belowPrefixWith(/\.mo$/),
  },
  {
    tags: moduleTags,
    reason: 'modules and templates that nobody runs as programs, kept as the RECORD of their wheel lists them',
    scopes: belowPrefix,
  },
  {
    tags: { rpmlint: ['no-binary'] },
    reason: 'a virtual environment is laid out for an architecture, also when no file of it is compiled',
    scopes: (subject) => (hasTree(subject) ? [{}] : []),
  },
  {
    tags: { rpmlint: ['files-duplicate'] },
    reason: 'every wheel brings its own files, which its RECORD lists; many are empty or of one licence',
    scopes: belowPrefix,
  },
  {
    tags: { rpmlint: ['files-duplicated-waste'] },
    reason: 'the sum of what wheels hold twice, which rpmlint ties to no file; each is kept as its RECORD lists it',
    scopes: (subject) => (hasTree(subject) ? [{}] : []),
  },
  {
    tags: archiveTags,
    reason: 'a static library that a wheel brings for those who compile against it',
    scopes: belowPrefixWith(/\.a$/),
  },
  {
    tags: { rpmlint: ['hidden-file-or-dir'] },
    reason: 'kept as the RECORD of its wheel lists it',
    scopes: belowPrefixWith(/\/\.[^/]+/),
  },
  {
    tags: { lintian: ['duplicate-font-file'] },
    reason: 'a font that a wheel brings is found by the application, in its own directory',
    scopes: belowPrefixWith(/\.(?:ttf|otf|woff2?)$/),
  },
  {
    tags: {
      lintian: [
        ...['privacy-breach-generic', 'privacy-breach-uses-embedded-file', 'privacy-breach-may-use-debian-package'],
        ...[
          'privacy-breach-google-adsense',
          'privacy-breach-google-cse',
          'privacy-breach-donation',
          'privacy-breach-logo',
        ],
        ...['privacy-breach-facebook', 'privacy-breach-twitter', 'privacy-breach-statistics-website'],
      ],
    },
    reason: 'what the pages of the application load from other places is for the application to say',
    scopes: belowPrefixWith(/\.(?:html?|xhtml|svg|tmpl|j2|jinja2?|mako)$/),
  },
  {
    tags: { rpmlint: ['devel-file-in-non-devel-package'] },
    reason: 'headers that a library brings for its own use at run time',
    scopes: belowPrefixWith(/\.(?:h|hpp|hh|c|a|pc)$/),
  },
  {
    tags: { rpmlint: ['symlink-should-be-relative'] },
    reason:
      '/opt is often a link to another disk, and a relative link through it would lead nowhere (Debian Policy 10.5 asks for absolute ones)',
    scopes: (subject) => [
      ...(hasTree(subject) ? [{ path: `${subject.prefix}/bin/*` }] : []),
      ...linksIntoPrefix(subject).map(({ path }) => ({ path })),
    ],
  },
  {
    tags: { rpmlint: ['dangling-symlink'] },
    reason: 'leads into the package of the same build that this one requires',
    scopes: (subject) => (hasTree(subject) ? [] : linksIntoPrefix(subject).map(({ path }) => ({ path }))),
  },
  {
    tags: { lintian: ['no-manual-page'] },
    reason: 'the application has no manual page for this program',
    scopes: (subject) => programs(subject, { withManual: false }).map((path) => ({ path })),
  },
  {
    tags: { rpmlint: ['no-manual-page-for-binary'] },
    reason: 'the application has no manual page for this program',
    scopes: (subject) => programs(subject, { withManual: false }).map((path) => ({ note: path.replace(/.*\//, '') })),
  },
  {
    tags: { rpmlint: ['no-manual-page-for-binary'] },
    reason: "the manual page is there, compressed with gzip as distributions do; rpmlint's default is bzip2",
    scopes: (subject) => programs(subject, { withManual: true }).map((path) => ({ note: path.replace(/.*\//, '') })),
  },
  {
    tags: { rpmlint: ['manpage-not-compressed', 'infopage-not-compressed'] },
    reason: "compressed with gzip as distributions do; rpmlint's default is bzip2",
    scopes: ({ definition: { contents } }) =>
      contents.some(({ path }) => /^\/usr\/share\/(?:man|info)\/.*\.gz$/.test(path))
        ? [{ path: '/usr/share/*.gz', note: 'bz2 *' }]
        : [],
  },
  {
    tags: { rpmlint: ['only-non-binary-in-usr-lib'] },
    reason: 'systemd, firewalld and their like read what is for them below /usr/lib',
    scopes: ({ definition: { contents } }) => (contents.some(({ path }) => path.startsWith('/usr/lib/')) ? [{}] : []),
  },
  {
    tags: { rpmlint: ['non-standard-uid', 'non-standard-gid'] },
    reason: "belongs to the service's own account, which the package makes before it is unpacked",
    scopes: ({ definition: { contents } }) =>
      contents.filter(({ owner, group }) => owner !== 'root' || group !== 'root').map(({ path }) => ({ path })),
  },
  {
    tags: { rpmlint: ['no-documentation'] },
    reason: 'the application has no documentation to install; its licence is where rpm looks for one',
    scopes: ({ definition }) => (definition.contents.some(({ path }) => documentation.test(path)) ? [] : [{}]),
  },
  {
    tags: { rpmlint: ['no-url-tag'] },
    reason: 'the metadata of the application names no home page',
    scopes: ({ definition }) => (definition.url === undefined ? [{}] : []),
  },
  {
    tags: { lintian: ['maintainer-script-calls-systemctl'] },
    reason: 'rsyslog, which belongs to another package, is told to read its configuration; only where it runs',
    scopes: ({ definition: { integration } }) => (integration.reloads.includes('rsyslog') ? [{ path: '/post*' }] : []),
  },
  {
    tags: { lintian: ['copyright-without-copyright-notice'] },
    reason: 'none of the files that the application brings states a copyright; the copyright file says so',
    scopes: ({ definition: { contents, name } }) => {
      const entry = contents.find(({ path }) => path === `/usr/share/doc/${name}/copyright`);
      return entry !== undefined && /^Copyright: not stated/m.test(textOf(entry)) ? [{}] : [];
    },
  },
  {
    tags: { rpmlint: ['requires-on-release'] },
    reason: 'packages of one build belong together: links of another one may lead to what is not there',
    scopes: ({ definition }) =>
      definition.relations.depends
        .filter(({ condition }) => condition?.operator === '=' && condition.version === fullVersion(definition.version))
        .map((relation) => ({ note: rpmRelation(relation) })),
  },
  {
    tags: { rpmlint: ['no-dependency-on'] },
    reason: 'rpmlint takes the end of the name for a language, and asks for its translations',
    scopes: ({ definition }) => {
      const ending = /-(?<language>[a-z]{2,3})$/.exec(definition.name)?.groups?.['language'];
      return ending === undefined ? [] : [{ note: `locales-${ending}` }];
    },
  },
  {
    tags: { rpmlint: ['no-signature'] },
    reason: 'packages are signed when they are published, after they were looked at',
    scopes: () => [{}],
  },
  {
    tags: { rpmlint: ['invalid-license'] },
    reason: "rpmlint by itself knows no licence at all; what the manifest says is compared with SPDX's list",
    scopes: () => [{}],
  },
  {
    tags: { lintian: ['malformed-deb-archive'] },
    reason:
      "the target's dpkg reads zstd (deb(5): since 1.21.18, Ubuntu's earlier); lintian keeps to what Debian's archive takes",
    scopes: ({ definition: { distribution } }) =>
      distribution.format === 'deb' && distribution.deb.compression[0] === 'zstd'
        ? [{ note: '*member *.tar.zst *' }]
        : [],
  },
  {
    tags: { lintian: ['package-installs-apt-sources'] },
    reason: 'making the repository known is what this package is for',
    scopes: ({ definition }) => (definition.id === 'release' ? [{ path: '/etc/apt/sources.list.d/*' }] : []),
  },
  {
    tags: { lintian: ['depends-on-obsolete-package'] },
    reason: 'the apt of this release has its transport for https in a package of its own',
    scopes: ({ definition }) =>
      definition.id === 'release' && definition.relations.recommends.some(({ name }) => name === 'apt-transport-https')
        ? [{ note: 'Recommends: apt-transport-https*' }]
        : [],
  },
  {
    tags: { rpmlint: ['non-conffile-in-etc'] },
    reason: "rpm's directory of keys is no place for an administrator's changes, and a new key has to arrive",
    scopes: ({ definition }) => {
      const keys = definition.contents.filter(({ path }) => path.startsWith('/etc/pki/rpm-gpg/'));
      return definition.id === 'release' ? keys.map(({ path }) => ({ path })) : [];
    },
  },
];

/** The overrides that a package gets from us. They are decided by what is in it, never by what a linter has found. */
export function ourOverrides(subject: LintSubject): readonly LintOverride[] {
  const linter = linters[subject.definition.distribution.format];
  return exemptions.flatMap(({ tags, reason, scopes }) => {
    const places = scopes(subject);
    return (tags[linter] ?? []).flatMap((tag) =>
      places.map((scope) => ({ linter, tag, path: undefined, note: undefined, reason, origin: undefined, ...scope })),
    );
  });
}
