/** One part of a glob between slashes, as a regular expression. */
function partPattern(part: string): string {
  let pattern = '';
  for (let index = 0; index < part.length; index += 1) {
    const character = part.charAt(index);
    const close = character === '[' ? part.indexOf(']', index + 2) : -1;
    if (character === '*') pattern += '[^/]*';
    else if (character === '?') pattern += '[^/]';
    else if (close !== -1) {
      const set = part.slice(index + 1, close).replaceAll(/[\\\]^]/g, String.raw`\$&`);
      pattern += set.startsWith('!') ? `[^/${set.slice(1)}]` : `[${set}]`;
      index = close;
    } else pattern += character.replaceAll(/[\\^$.|+(){}[\]]/g, String.raw`\$&`);
  }
  return pattern;
}

/**
 * A glob as git and rsync know them: `*` and `?` stay within a name, `[ab]` is one of them, `**` stands for any number of
 * directories. It matches a whole path, or a directory above it: `a/b` takes in all that is below `a/b`.
 * @param glob without a slash at its beginning, or with one, just as the paths that it is compared with
 */
export function compileGlob(glob: string): (path: string) => boolean {
  const parts = glob.replace(/\/+$/, '').split('/');
  let pattern = '';
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    if (part === '**') pattern += last ? '.+' : '(?:[^/]+/)*';
    else pattern += `${partPattern(part)}${last ? '' : '/'}`;
  }
  const whole = new RegExp(`^${pattern}(?:/.*)?$`, 'su');
  return (path) => whole.test(path);
}

/** Why a glob cannot be used; undefined when it can. */
export function globProblem(glob: string): string | undefined {
  if (glob.split('/').includes('..')) return 'leads out of its directory';
  if (glob.includes('\\')) return 'contains a backslash';
  if (/[*]{2}/.test(glob) && glob.split('/').some((part) => part.includes('**') && part !== '**')) {
    return 'has "**" beside other characters of a name';
  }
  try {
    compileGlob(glob);
    return undefined;
  } catch {
    return 'cannot be understood';
  }
}
