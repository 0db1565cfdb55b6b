import { bucketPolicyOf } from '../store/bucket-policy.ts';
import { parseBucketPolicyOptions } from './bucket-policy-options.ts';
import type { World } from './world.ts';

/**
 * The command `bucket-policy`. One policy is printed as JSON alone, to be redirected into a file; all of them with a line
 * about each, for people.
 * @throws CoachbuilderError `usage`; UsageError, HelpShown
 */
export function bucketPolicy(argv: readonly string[], world: World): Promise<void> {
  const { request, names } = parseBucketPolicyOptions(argv, world);
  const policies = names.map((name) => bucketPolicyOf(name, request));
  const [only, ...others] = policies;
  if (only !== undefined && others.length === 0) world.stdout(only.text);
  else {
    const sections = policies.map(({ name, title, command, text }) => `# ${name}: ${title}\n# ${command}\n${text}`);
    world.stdout(sections.join('\n'));
  }
  return Promise.resolve();
}
