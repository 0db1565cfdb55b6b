import { z } from 'zod';

import { text } from './values-schema.ts';

const channel = z
  .strictObject({
    id: text.meta({
      description: 'Section of the `.repo` file, name of the `.sources` file.',
      examples: ['acme-testing'],
    }),
    name: text.optional().meta({ description: 'For people.', examples: ['Acme testing'] }),
    enabled: z
      .boolean()
      .optional()
      .meta({ description: 'Whether it is used without being asked for; true by default.' }),
    suffix: text
      .optional()
      .meta({ description: 'Appended to the vendor in the repository key.', examples: ['-testing'] }),
  })
  .meta({ id: 'Channel', description: 'One repository that the release package defines.' });

export const release = z
  .strictObject({
    id: text.meta({ description: 'Base name of the repository files.', examples: ['acme'] }),
    name: text.optional().meta({ description: 'For people; by default the vendor.', examples: ['Acme packages'] }),
    'package-name': text
      .optional()
      .meta({ description: 'By default `<package-prefix>-release`.', examples: ['acme-release'] }),
    version: text.optional().meta({
      description:
        'Version of the release package; "1" by default. To be raised whenever the package would change, such as for another key.',
      examples: ['1'],
    }),
    baseurl: text.meta({
      description: 'Where the repositories are: http, https or file.',
      examples: ['https://packages.example.com'],
    }),
    key: text.optional().meta({
      description:
        'File of ASCII-armoured public keys, relative to the manifest; without one the repository is unsigned. While a new key takes the place of an old one it holds both.',
      examples: ['packaging/acme.asc'],
    }),
    channels: z.array(channel).min(1, 'must have at least one entry').optional().meta({
      description: 'By default `<id>`, enabled, and `<id>-testing`, which is not.',
    }),
  })
  .meta({ id: 'Release', description: 'The package that makes the repository known to machines.' });
