import { z } from 'zod';

import { healthChecks, slimParts } from '../tree-settings.ts';
import { text, words } from './values-schema.ts';

export const slim = z
  .strictObject({
    remove: z
      .array(z.enum(slimParts))
      .optional()
      .meta({
        description:
          'Kinds of files that are left out: directories of tests, C and C++ headers, `*.a`, sources of extension modules (`*.pyx`, `*.pxd`, `*.c`, `*.cpp`), `*.pyi`; of libraries that are the same, all but one become links. None by default.',
        examples: [['tests', 'headers', 'static-libraries', 'sources']],
      }),
    exclude: words.optional().meta({
      description:
        'Globs of files that are left out, relative to site-packages or to the prefix, or absolute: `*` and `?` stay within a name, `**` stands for any directories, and a directory stands for all that is in it.',
      examples: [['numpy/f2py/**', 'bin/f2py', '**/*.ipynb']],
    }),
    keep: words.optional().meta({
      description: 'Globs of files that stay, whatever `remove` and `locales` say.',
      examples: [['fleet/tests/fixtures/**']],
    }),
    locales: words.optional().meta({
      description: 'Languages whose translations (gettext) stay; English always does. All of them by default.',
      examples: [['de', 'pt_BR']],
    }),
    'size-limit': text.optional().meta({
      description: 'How large all files below the prefix may be together; more fails the build.',
      examples: ['120 MB'],
    }),
  })
  .meta({ id: 'Slim', description: 'What is left out of the virtual environment, and how large it may be.' });

const accept = z
  .strictObject({
    check: z.enum(healthChecks).meta({ description: 'The check that finds it.' }),
    path: text.meta({ description: 'Glob, as those of `slim.exclude`.', examples: ['bin/legacy-tool'] }),
    reason: text.meta({ description: 'Why it is no harm.', examples: ['needs a module that we do not use'] }),
  })
  .meta({ id: 'AcceptedFinding', description: 'A finding that is no harm.' });

export const health = z
  .strictObject({
    imports: z.enum(['auto', 'require', 'never']).optional().meta({
      description:
        'Whether every entry point is imported while building: where this machine has an interpreter of the same minor version (`auto`, the default), in any case, or not at all.',
    }),
    accept: z.array(accept).optional().meta({
      description: 'Findings that do not fail the build.',
    }),
  })
  .meta({ id: 'Health', description: 'The check of the finished virtual environment.' });
