import { z } from 'zod';

/* What the parts of a manifest are written with. */

/** A text that says something. */
export const text = z.string().min(1, 'must not be empty');
export const words = z.array(text);

/** A map whose keys the user chooses; plain objects keep their order. */
export function mapOf<Value extends z.ZodType>(value: Value): z.ZodRecord<z.ZodString, Value> {
  return z.record(z.string(), value);
}

export const relation = z
  .union([
    text,
    z.strictObject({
      name: text.meta({ description: 'A package, a capability or, for rpm, a path.' }),
      compare: z.enum(['<<', '<', '<=', '=', '==', '>=', '>', '>>']).optional().meta({ description: 'Operator.' }),
      version: text.optional().meta({ description: 'What is compared with.' }),
    }),
  ])
  .meta({
    id: 'Relation',
    description: 'A package, perhaps of certain versions, perhaps with alternatives.',
    examples: [
      'openssh-client',
      'docker.io (>= 1.3.0)',
      'docker-io >= 1.3.0',
      'mail-transport-agent | postfix',
      '/usr/sbin/iptables',
    ],
  });

export function relations(description: string, example: string): z.ZodOptional<z.ZodArray<typeof relation>> {
  return z
    .array(relation)
    .optional()
    .meta({ description, examples: [[example]] });
}

export const mode = text.optional().meta({ description: 'Octal, in quotes.', examples: ['0640'] });
export const owner = text.optional().meta({ description: 'User; `root` by default.', examples: ['fleet'] });
export const group = text.optional().meta({ description: 'Group; `root` by default.', examples: ['fleet'] });

export const file = z
  .union([
    text,
    z.strictObject({
      source: text.meta({ description: 'Path of the file or directory, relative to the manifest.' }),
      mode,
      owner,
      group,
      configuration: z.boolean().optional().meta({
        description: "Whether an administrator's changes are kept; by default so for files below `/etc`.",
      }),
    }),
  ])
  .meta({
    id: 'File',
    description:
      'The file to install, or a directory whose files are installed with their own paths below. Modes are 0644, and 0755 for executable sources.',
  });

export const directory = z
  .union([text, z.strictObject({ path: text.meta({ description: 'Absolute path.' }), mode, owner, group })])
  .meta({ id: 'Directory', description: 'An empty directory that the package owns; mode 0755.' });

export const link = z.union([text, mapOf(text)]).meta({
  id: 'Link',
  description:
    "A script of the virtual environment's `bin`, linked under its own name, or `{name: target}`; a target may also be an absolute path.",
  examples: ['fleet', { fleet: 'fleet-cli' }],
});
