import type { ToolCall } from './git.ts';

/**
 * Runs a command with a root's /proc and /dev in place, in a mount and process namespace of its own: what was mounted
 * and what was started is gone when the command ends. rpm 4.20 and later insist that a root is a mount point, hence the
 * bind mount on itself. The shell is process 1 of its namespace, to which the kernel delivers only signals that it
 * handles; when it exits, the kernel ends all that is left. A background command would get /dev/null for its input.
 */
const inner = `
root=$1
shift
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec 3<&0
trap 'exit 143' TERM
trap 'exit 130' INT
"$@" <&3 3<&- &
wait $!
`;

function isolated(root: string, argv: readonly string[]): ToolCall {
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'];
  return { tool: 'unshare', args: [...namespaces, 'sh', '-euc', inner, 'sh', root, ...argv] };
}

export interface Entering {
  /** The whole environment of the command. */
  readonly env: Readonly<Record<string, string>>;
  /** Numeric `user:group`; absent means root. */
  readonly user?: string;
}

/**
 * A command that runs inside of a root; unshare(1), chroot(1). The caller has to be root.
 * @param root absolute path without symbolic links
 */
export function enterRoot(root: string, argv: readonly string[], { env, user }: Entering): ToolCall {
  const become = user === undefined ? [] : [`--userspec=${user}`];
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return isolated(root, ['chroot', ...become, root, 'env', '-i', ...variables, ...argv]);
}

/** A program of this machine that works on a root from outside, such as `rpm --root`; as {@link enterRoot} otherwise. */
export function besideRoot(root: string, argv: readonly string[]): ToolCall {
  return isolated(root, argv);
}
