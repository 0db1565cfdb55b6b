import { z } from 'zod';

import { linters } from '../../model/format.ts';
import { text } from './values-schema.ts';

const lintOverride = z
  .strictObject({
    tag: text.meta({
      description: "The finding's name, as the linter prints it.",
      examples: ['non-standard-dir-perm'],
    }),
    path: text.optional().meta({
      description:
        'Absolute path of what it is about; `*` stands for any characters, slashes included, and `?` for one. Without it the whole of every package is meant.',
      examples: ['/var/lib/fleet'],
    }),
    reason: text.meta({
      description: 'Why it is meant to be so; one line, which the packages repeat.',
      examples: ["the state is nobody else's business"],
    }),
    linter: z.enum(Object.values(linters)).optional().meta({ description: 'Which of the two; by default both.' }),
  })
  .meta({ id: 'LintOverride', description: 'A finding of lintian or rpmlint that is meant to be there.' });

export const lint = z
  .strictObject({
    overrides: z.array(lintOverride).optional().meta({
      description: 'Findings that do not fail a build; they are handed out with the packages, with their reasons.',
    }),
  })
  .meta({ id: 'Lint', description: 'What lintian and rpmlint are to make of the packages.' });
