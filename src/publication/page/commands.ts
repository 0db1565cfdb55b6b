import type { DebDistribution, RpmDistribution } from '../../distributions/distribution.ts';
import { quoteShell } from '../../formats/quote-shell.ts';
import { compareDotted } from '../../model/dotted.ts';
import { isNameable } from './companions.ts';
import { aptTakesFiles, managerOf, type NamedVersion } from './managers.ts';
import type {
  ChannelView,
  DistributionView,
  KeyView,
  PackageView,
  ReleasePackageView,
  RepositoryView,
} from './view.ts';

/** Commands that belong together: what is copied as one. */
export interface CommandBlock {
  /** What it is for; unique for a distribution. */
  readonly id: 'repository' | 'application' | 'version' | 'upgrade' | 'testing' | 'removal' | 'forget';
  /** A heading. */
  readonly title: string;
  /** Sentences that stand before it. */
  readonly text: string;
  /** Lines for a POSIX shell of root, without line ends; every one of them may be pasted with the others. */
  readonly lines: readonly string[];
}

/** The last segment of a key: what `curl -O` calls it. */
function baseName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

/** Fetches a file into the current directory and checks it; the last line asks for one that goes on. */
function fetchChecked({ url, file, sha256 }: Pick<ReleasePackageView, 'url' | 'file' | 'sha256'>): readonly string[] {
  const name = baseName(file);
  return [
    `curl -fsSL -o ${quoteShell(name)} ${quoteShell(url)} &&`,
    // Two spaces: the format of sha256sum(1). A file that is not the one stops here.
    `echo ${quoteShell(`${sha256}  ${name}`)} | sha256sum -c &&`,
  ];
}

/** What has to be there before: no curl is in a minimal Debian; apt before 1.5 has its https in a package of its own. */
function debPreparation(distribution: DebDistribution, url: string): readonly string[] {
  const needed = ['ca-certificates', 'curl'];
  if (url.startsWith('https:') && /^1\.1[0-8]\./.test(distribution.deb.dpkg)) needed.unshift('apt-transport-https');
  return ['apt-get update', `apt-get install -y ${needed.join(' ')}`];
}

function addDebRepository(
  distribution: DebDistribution,
  release: ReleasePackageView,
  isKeyInstalled: boolean,
): CommandBlock {
  const name = baseName(release.file);
  const install = aptTakesFiles(distribution.deb)
    ? `apt-get install -y ${quoteShell(`./${name}`)}`
    : `dpkg --install ${quoteShell(name)}`;
  return {
    id: 'repository',
    title: 'Add the repository',
    text: `The package ${release.name} brings the address of the repository${isKeyInstalled ? ' and the key that its index is signed with' : ''}.`,
    lines: [...debPreparation(distribution, release.url), ...fetchChecked(release), install],
  };
}

/**
 * The key first: without it rpm takes any signature for a warning. `localpkg_gpgcheck` (dnf.conf(5), yum.conf(5)) is what
 * makes the managers look at the signature of a package that is no repository's; zypper looks by itself.
 */
function addRpmRepository(
  distribution: RpmDistribution,
  release: ReleasePackageView,
  key: KeyView | undefined,
): CommandBlock {
  const url = quoteShell(release.url);
  const { packageManager } = distribution;
  const check = key === undefined ? '' : '--setopt=localpkg_gpgcheck=1 ';
  const install =
    packageManager === 'zypper'
      ? `zypper --non-interactive install ${key === undefined ? '--allow-unsigned-rpm ' : ''}${url}`
      : `${packageManager === 'yum' ? 'yum' : 'dnf'} install -y ${check}${url}`;
  const signed = [
    ...(key === undefined ? [] : [...fetchChecked(key), `rpm --import ${quoteShell(baseName(key.file))} &&`]),
  ];
  return {
    id: 'repository',
    title: 'Add the repository',
    text:
      key === undefined
        ? `The package ${release.name} brings the address of the repository.`
        : `With the key known, the signature of the package ${release.name} is checked; it brings the address of the repository.`,
    lines: [...signed, install],
  };
}

function addRepository(
  { distribution, releasePackage }: DistributionView,
  { key, isKeyInstalled }: Pick<RepositoryView, 'key' | 'isKeyInstalled'>,
): CommandBlock[] {
  if (releasePackage === undefined) return [];
  return [
    distribution.format === 'deb'
      ? addDebRepository(distribution, releasePackage, isKeyInstalled)
      : addRpmRepository(distribution, releasePackage, key),
  ];
}

/** For a basic regular expression with `/` around it (POSIX, 9.3). */
function escapePattern(text: string): string {
  return text.replaceAll(/[\\/.*[\]^$]/g, String.raw`\$&`);
}

/** The line of a definition by which apt knows a channel from others: that with its address, or with its suite. */
function lineOf({ places }: ChannelView, lines: readonly string[]): string | undefined {
  const place = places[0]?.place;
  if (place === undefined) return undefined;
  if (place.layout === 'flat') {
    const address = `/${place.root.replace(/[^/]*$/, '')}`;
    return lines.find((line) => line.includes(address));
  }
  return lines.find((line) => line === `Suites: ${place.suite}` || line.includes(` ${place.suite} ${place.component}`));
}

/** Makes apt or zypper look into a channel that the release package defines, but leaves switched off. */
function enable(channel: ChannelView, { distribution, definition }: DistributionView): readonly string[] {
  const path = quoteShell(definition.path);
  if (distribution.format === 'rpm') return [`zypper modifyrepo --enable ${quoteShell(channel.id)}`];
  const isList = distribution.deb.sources === 'list';
  const disabled = isList
    ? definition.text.split('\n').filter((line) => line.startsWith('# deb '))
    : definition.text.split(/\n{2,}/).filter((stanza) => /^Enabled: no$/m.test(stanza));
  if (disabled.length < 2) {
    const all = isList ? String.raw`'s|^# \(deb .*://\)|\1|'` : `'s/^Enabled: no$/Enabled: yes/'`;
    return [`sed -i ${all} ${path}`];
  }
  const line = lineOf(
    channel,
    disabled.flatMap((each) => each.split('\n')),
  );
  if (line === undefined) return [];
  const pattern = `/^${escapePattern(line)}$/`;
  // Of a stanza: from that line to its end.
  const script = isList ? `${pattern} s/^# //` : `${pattern},/^$/ s/^Enabled: no$/Enabled: yes/`;
  return [`sed -i ${quoteShell(script)} ${path}`];
}

/** The package in a version, and what has to be of the same version with it, through and through. */
function together(name: string, version: string, channel: ChannelView): readonly NamedVersion[] {
  const names = new Set([name]);
  // A set grows while it is walked through: what companions need comes along.
  for (const each of names) {
    const found = channel.packages
      .find((other) => other.name === each)
      ?.versions.find((one) => one.version === version);
    for (const companion of found?.companions ?? []) names.add(companion);
  }
  return [...names].map((each) => ({ name: each, version }));
}

function channelOf(view: DistributionView, channel: ChannelView['channel']): ChannelView | undefined {
  return view.channels.find((each) => each.channel === channel);
}

/** An older version where there is one: what people name versions for. */
function exampleVersion(application: PackageView): string | undefined {
  const [newest, ...others] = [...new Set(application.versions.map(({ version }) => version))];
  return [...others, newest].find((version) => version !== undefined && isNameable(application.name, version));
}

function versionBlock(view: DistributionView, application: PackageView, stable: ChannelView): CommandBlock[] {
  const version = exampleVersion(application);
  if (version === undefined) return [];
  const packages = together(application.name, version, stable).filter((each) => isNameable(each.name, each.version));
  const others = packages.length > 1 ? ', with the packages that belong to it' : '';
  const { installVersion, overNewer } = managerOf(view.distribution);
  return [
    {
      id: 'version',
      title: 'Install a certain version',
      text: `Old versions stay here. This installs version ${version}${others}. ${overNewer}`,
      lines: installVersion(packages),
    },
  ];
}

function testingBlock(view: DistributionView, application: PackageView, testing: ChannelView): CommandBlock {
  const manager = managerOf(view.distribution);
  const names = [application.name];
  const block = { id: 'testing', title: 'Try what is not released yet' } as const;
  if (testing.enabled) {
    return { ...block, text: 'The testing channel is switched on already.', lines: manager.install(names) };
  }
  if (manager.installFrom !== undefined) {
    return {
      ...block,
      text: 'The testing channel is switched off unless a command asks for it. This one does, and leaves it off.',
      lines: manager.installFrom(testing.id, names),
    };
  }
  return {
    ...block,
    text: 'The testing channel is switched off. This switches it on, for good, and installs what is newest there.',
    lines: [...enable(testing, view), ...manager.install(names)],
  };
}

/** How rpm forgets a key: the package that stands for it is named by the end of the fingerprint, from rpm 6 on by all of it. */
function forgetKey(distribution: RpmDistribution, key: KeyView): readonly string[] {
  const isWhole = compareDotted(distribution.rpm.rpm, '6') >= 0;
  return key.fingerprints.map((fingerprint) => {
    const digits = fingerprint.toLowerCase();
    return isWhole ? `rpmkeys --delete ${digits}` : `rpm -e --allmatches gpg-pubkey-${digits.slice(-8)}`;
  });
}

function removalBlocks(view: DistributionView, key: KeyView | undefined): CommandBlock[] {
  const { distribution, releasePackage, applications } = view;
  const manager = managerOf(distribution);
  const [application] = applications;
  const blocks: CommandBlock[] = [];
  if (application !== undefined) {
    blocks.push({
      id: 'removal',
      title: 'Remove it',
      text: 'With it goes what was installed for it alone.',
      lines: manager.remove([application.name]),
    });
  }
  if (releasePackage !== undefined) {
    const isApt = distribution.format === 'deb';
    blocks.push({
      id: 'forget',
      title: 'Remove the repository',
      text:
        isApt || key === undefined
          ? 'Afterwards the system knows nothing of the repository.'
          : 'The last line makes rpm forget the key.',
      lines: [
        ...(isApt
          ? ['apt-get purge -y ' + quoteShell(releasePackage.name), 'apt-get update']
          : manager.remove([releasePackage.name])),
        ...(isApt || key === undefined ? [] : forgetKey(distribution, key)),
      ],
    });
  }
  return blocks;
}

/**
 * The commands of a distribution, in an order in which they can be carried out one after the other: the only source of
 * what the landing page and install.md tell people to do.
 */
export function installCommands(
  view: DistributionView,
  repository: Pick<RepositoryView, 'key' | 'isKeyInstalled'>,
): readonly CommandBlock[] {
  const { applications, distribution } = view;
  const [application] = applications;
  const [stable, testing] = [channelOf(view, 'stable'), channelOf(view, 'testing')];
  const blocks = addRepository(view, repository);
  const isIn = (channel: ChannelView | undefined): channel is ChannelView =>
    channel?.packages.some(({ name }) => name === application?.name) === true;
  if (application !== undefined && blocks.length > 0) {
    const manager = managerOf(distribution);
    if (isIn(stable)) {
      blocks.push(
        {
          id: 'application',
          title: `Install ${application.name}`,
          text: '',
          lines: manager.install([application.name]),
        },
        ...versionBlock(view, application, stable),
        {
          id: 'upgrade',
          title: 'Upgrade it',
          text: 'To the newest version; upgrades of the whole system do the same.',
          lines: manager.upgrade([application.name], stable.id),
        },
      );
    }
    if (isIn(testing)) blocks.push(testingBlock(view, application, testing));
  }
  if (blocks.length > 0) blocks.push(...removalBlocks(view, repository.key));
  return blocks;
}

/** Looks at the key before it is trusted. */
export function keyCommands(key: KeyView): readonly string[] {
  const name = quoteShell(baseName(key.file));
  return [`curl -fsSL -o ${name} ${quoteShell(key.url)} &&`, `gpg --show-keys --with-fingerprint ${name}`];
}
