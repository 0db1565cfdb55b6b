import { z } from 'zod';

import { libraryWords } from '../manifest.ts';
import { mapOf, relation, text } from './values-schema.ts';

const library = z
  .union([
    text,
    z.strictObject({
      package: relation.optional().meta({ description: 'The package that has the library.', examples: ['libfoo2'] }),
      as: z
        .enum(libraryWords)
        .optional()
        .meta({ description: 'How much it is needed; `require` by default.', examples: ['recommend'] }),
    }),
  ])
  .meta({
    id: 'Library',
    description: '`require`, `recommend`, `ignore`, or the package that has the library (which is then required).',
    examples: ['recommend', 'libfoo2 (>= 2.1)', { package: 'libfoo2', as: 'recommend' }],
  });

export const libraries = mapOf(library)
  .optional()
  .meta({
    description:
      'What becomes of shared libraries that files need and the package does not bring, by SONAME. By default they are required; those of graphics drivers (`libcuda.so.1`) are ignored.',
    examples: [{ 'libodbc.so.2': 'recommend', 'libfoo.so.2': 'libfoo2 (>= 2.1)', 'libtk8.6.so': 'ignore' }],
  });

export type WrittenLibrary = z.output<typeof library>;
export type WrittenLibraries = z.output<typeof libraries>;
