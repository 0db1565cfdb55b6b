import type { CommandSpec } from '../command.ts';

/** Where a linter runs. */
export interface LintPlace {
  /** Absolute; a directory of its own. */
  readonly scratch: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * `lintian`, for JSON on stdout; lintian(1). Configuration of the machine and of the user is left alone, and the
 * profile is said, because without it the machine's vendor decides. No finding makes it fail.
 */
export function lintianCommand(
  files: readonly string[],
  { profile, ...place }: LintPlace & { readonly profile: string },
): CommandSpec {
  return {
    tool: 'lintian',
    args: [
      '--no-cfg',
      '--no-user-dirs',
      '--show-overrides',
      '--ignore-lintian-env',
      `--profile=${profile}`,
      '--exp-output=format=json',
      '--',
      ...files,
    ],
    cwd: place.scratch,
    env: { ...place.env, HOME: place.scratch },
  };
}

/** `lintian-explain-tags`: what tags mean, in prose. */
export function explainLintianCommand(tags: readonly string[], { scratch, env }: LintPlace): CommandSpec {
  return { tool: 'lintian-explain-tags', args: ['--', ...tags], cwd: scratch, env };
}

/**
 * `rpmlint` 2. Its configuration is its own defaults and the given file: what the machine keeps in XDG's directories is
 * for another distribution. The filters are given as well, because it takes those that lie beside a package otherwise.
 */
export function rpmlintCommand(
  files: readonly string[],
  { config, filters, ...place }: LintPlace & { readonly config: string; readonly filters: string },
): CommandSpec {
  return {
    tool: 'rpmlint',
    args: [`--config=${config}`, `--rpmlintrc=${filters}`, ...files],
    cwd: place.scratch,
    env: rpmlintEnvironment(place),
  };
}

/** `rpmlint --explain`: what tags mean, in prose. */
export function explainRpmlintCommand(tags: readonly string[], place: LintPlace): CommandSpec {
  return { tool: 'rpmlint', args: ['--explain', ...tags], cwd: place.scratch, env: rpmlintEnvironment(place) };
}

function rpmlintEnvironment({ scratch, env }: LintPlace): Readonly<Record<string, string>> {
  return { ...env, HOME: scratch, XDG_CONFIG_DIRS: scratch, XDG_CONFIG_HOME: scratch, CONFIG_DISABLE_AUTOLOADING: '1' };
}
