import { dirname } from 'node:path';

import type { CommandSpec } from '../command.ts';

export interface RpmBuild {
  /** Absolute path of the spec. */
  readonly spec: string;
  /** Absolute path of the staging root, used as build root and left as it is. */
  readonly root: string;
  /** Absolute directory and file name of the package to write. */
  readonly outputDirectory: string;
  readonly outputName: string;
  /** rpm's word for the architecture. */
  readonly architecture: string;
  /** Absolute path of an empty directory for what rpmbuild writes beside the package. */
  readonly scratch: string;
  /** Absolute path of the compiled magic file. */
  readonly magic: string;
  /** SOURCE_DATE_EPOCH, seconds. */
  readonly epoch: number;
  readonly env: Readonly<Record<string, string>>;
}

function define(name: string, value: string): readonly string[] {
  return ['--define', `${name} ${value.replaceAll('%', '%%')}`];
}

/** `rpmbuild -bb`; rpmbuild(8). HOME is the scratch directory, so that a user's own macros do not take part. */
export function rpmBuildCommand(build: RpmBuild): CommandSpec {
  return {
    tool: 'rpmbuild',
    args: [
      '-bb',
      '--target',
      build.architecture,
      '--buildroot',
      build.root,
      '--noclean',
      // Part of the header's PLATFORM; rpm's own default is who packaged it, which is a fact of this machine.
      ...define('_vendor', 'pc'),
      ...define('_topdir', build.scratch),
      ...define('_tmppath', build.scratch),
      ...define('_dbpath', `${build.scratch}/db`),
      ...define('_rpmdir', build.outputDirectory),
      ...define('_rpmfilename', build.outputName),
      build.spec,
    ],
    cwd: build.scratch,
    env: {
      ...build.env,
      HOME: build.scratch,
      MAGIC: build.magic,
      SOURCE_DATE_EPOCH: String(build.epoch),
    },
  };
}

/** `file -C`: compiles a magic file to `<name>.mgc` in `directory`; the compiled form belongs to one libmagic version. */
export function compileMagicCommand(
  source: string,
  directory: string,
  env: Readonly<Record<string, string>>,
): CommandSpec {
  return { tool: 'file', args: ['-C', '-m', source], cwd: directory, env };
}

interface RpmPlace {
  readonly scratch: string;
  readonly env: Readonly<Record<string, string>>;
}

function rpmCommand(args: readonly string[], { scratch, env }: RpmPlace): CommandSpec {
  return { tool: 'rpm', args, cwd: scratch, env: { ...env, HOME: scratch } };
}

function queryPackage(path: string, options: readonly string[], place: RpmPlace): CommandSpec {
  return rpmCommand(['-qp', '--nosignature', '--dbpath', `${place.scratch}/db`, ...options, path], place);
}

/** `rpm -qp --qf`; rpm(8), "QUERY OPTIONS". The host's own database is not opened. */
export function rpmQueryCommand(path: string, format: string, place: RpmPlace): CommandSpec {
  return queryPackage(path, ['--queryformat', format], place);
}

/** `rpm -qp --triggers --filetriggers`: what else than its scriptlets a package has rpm run; rpm(8). */
export function rpmTriggersCommand(path: string, place: RpmPlace): CommandSpec {
  return queryPackage(path, ['--triggers', '--filetriggers'], place);
}

/** `rpm --querytags`: the tags that this rpm knows, a line each. */
export function rpmTagsCommand(place: RpmPlace): CommandSpec {
  return rpmCommand(['--querytags'], place);
}

/** `rpm -qp --xml`: every tag of a package's header; rpm(8). The host's own database is not opened. */
export function rpmHeaderCommand(
  path: string,
  options: { readonly scratch: string; readonly env: Readonly<Record<string, string>> },
): CommandSpec {
  return {
    tool: 'rpm',
    args: ['-qp', '--nosignature', '--dbpath', `${options.scratch}/db`, '--xml', path],
    cwd: options.scratch,
    env: { ...options.env, HOME: options.scratch },
  };
}

/** `rpm2cpio`: a package's payload as a cpio archive; rpm2cpio(8). */
export function rpmPayloadCommand(
  path: string,
  options: { readonly scratch: string; readonly output: string; readonly env: Readonly<Record<string, string>> },
): CommandSpec {
  const { scratch, output, env } = options;
  return { tool: 'rpm2cpio', args: [path], cwd: scratch, env: { ...env, HOME: scratch }, output };
}

export interface SpecBuild {
  /** Absolute path of the spec; its sources lie beside it. */
  readonly spec: string;
  /** Absolute path of an empty directory for what rpmbuild writes; without characters that mean more to a shell. */
  readonly topdir: string;
  /** Macros that the distribution would define, such as `dist`. */
  readonly macros: Readonly<Record<string, string>>;
  /** SOURCE_DATE_EPOCH, seconds. */
  readonly epoch: number;
  readonly env: Readonly<Record<string, string>>;
}

/** A spec that somebody else wrote: nothing but places and what makes two builds alike is said beside it. */
function specCommand(tool: 'rpmbuild' | 'rpmspec', args: readonly string[], build: SpecBuild): CommandSpec {
  const { spec, topdir, macros, epoch, env } = build;
  return {
    tool,
    args: [
      ...args,
      ...define('_topdir', topdir),
      ...define('_tmppath', topdir),
      ...define('_dbpath', `${topdir}/db`),
      ...define('_sourcedir', dirname(spec)),
      ...define('_vendor', 'pc'),
      ...define('_buildhost', 'localhost'),
      ...define('use_source_date_epoch_as_buildtime', '1'),
      ...define('clamp_mtime_to_source_date_epoch', '1'),
      ...define('source_date_epoch_from_changelog', '0'),
      ...Object.entries(macros).flatMap(([name, value]) => define(name, value)),
      spec,
    ],
    cwd: dirname(spec),
    env: { ...env, HOME: topdir, SOURCE_DATE_EPOCH: String(epoch) },
  };
}

/** `rpmspec --query --builtrpms`: a line for each package that a spec would make, `name|epoch|version|release|arch`. */
export function specQueryCommand(build: SpecBuild): CommandSpec {
  const format = '%{NAME}|%{EPOCHNUM}|%{VERSION}|%{RELEASE}|%{ARCH}\\n';
  return specCommand('rpmspec', ['--query', '--builtrpms', '--queryformat', format], build);
}

/**
 * `rpmbuild -bb` of a spec with its sources. What it needs for building cannot be told on a machine with another
 * package manager, so rpmbuild is not asked to look.
 */
export function specBuildCommand(build: SpecBuild): CommandSpec {
  return specCommand('rpmbuild', ['-bb', '--nodeps'], build);
}
