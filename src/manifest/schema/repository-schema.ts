import { z } from 'zod';

import { text } from './values-schema.ts';

export const repository = z
  .strictObject({
    store: text.optional().meta({
      description:
        'Where `publish-packages` writes: `s3://bucket`, `s3://bucket/prefix`, or a directory relative to the manifest. A prefix is words of letters, digits and `_.+=,@-`. `--to` wins over it.',
      examples: ['s3://acme-packages', '/srv/packages'],
    }),
    endpoint: text.optional().meta({
      description:
        'Address of an S3-compatible server, `http://` or `https://`, without a path; by default that of Amazon for the region.',
      examples: ['https://s3.example.com'],
    }),
    region: text.optional().meta({ description: "The bucket's region.", examples: ['eu-central-1'] }),
    'signing-key': text.optional().meta({
      description: 'Fingerprint of the key to sign with, all 40 digits; by default that of `release.key`.',
      examples: ['0123456789ABCDEF0123456789ABCDEF01234567'],
    }),
    origin: text.optional().meta({
      description: "apt's Origin of every repository; by default the name of the release package.",
      examples: ['Acme'],
    }),
    label: text.optional().meta({ description: "apt's Label; by default the origin.", examples: ['Acme packages'] }),
    layout: z.enum(['flat', 'classic']).optional().meta({
      description:
        'Of apt repositories: `flat`, one for each architecture (the default); `classic`, `dists/<suite>/<component>`.',
    }),
    component: text
      .optional()
      .meta({ description: 'The component of the classic layout; `main` by default.', examples: ['main'] }),
    mirrorlist: z.boolean().optional().meta({
      description:
        'Whether `.repo` files name the `mirrorlist`, which never shows a half-written repository, or the fixed address; true by default. zypper always gets the latter.',
    }),
    'valid-until': text.optional().meta({
      description:
        'For how long clients trust an apt index, in days; without it for ever. A repository that nobody refreshes in time is refused by every client.',
      examples: ['14d'],
    }),
    generations: z
      .int()
      .min(1)
      .optional()
      .meta({
        description: 'How many indexes garbage collection keeps for slow clients; 5 by default.',
        examples: [5],
      }),
    grace: text.optional().meta({
      description: 'How old an object has to be before garbage collection may remove it, in days; 7d by default.',
      examples: ['7d'],
    }),
  })
  .meta({ id: 'Repository', description: 'How packages are published.' });
