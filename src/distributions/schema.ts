import { z } from 'zod';

import { architectureNames, type Architecture } from '../model/architecture.ts';
import { x86Levels } from './distribution.ts';

/*
 * The `distributions` section of a manifest. Everything but `extends` may be left out: it then comes from the
 * distribution that is extended.
 */

const text = z.string().min(1);
const dotted = z.string().regex(/^\d+(?:\.\d+)+$/, 'must be a dotted number in quotes, such as "2.17"');
const isoDate = z.iso.date('must be a date in quotes, such as "2028-06-30"');
const absolutePath = z.string().regex(/^\/(?!.*(?:^|\/)\.\.?(?:\/|$))\S+$/, 'must be an absolute path without ".."');

const architecture = z.enum(architectureNames as [Architecture, ...Architecture[]]);

const python = z
  .strictObject({
    package: text.optional().meta({ description: 'Package of the interpreter.', examples: ['python3.11'] }),
    version: dotted.optional().meta({ description: 'At least major and minor.', examples: ['3.11'] }),
    path: z
      .string()
      .regex(/^\/\S*python\d+\.\d+$/, 'must end in a minor version, such as "/usr/bin/python3.11"')
      .optional()
      .meta({ description: 'The minor-versioned interpreter.', examples: ['/usr/bin/python3.11'] }),
  })
  .meta({ id: 'DistributionPython', description: 'An interpreter that the distribution packages.' });

const debCompression = z.enum(['zstd', 'xz', 'gzip']);
const rpmCompression = z.enum(['zstd', 'xz', 'gzip', 'bzip2', 'lzma']);

const deb = z
  .strictObject({
    codename: text.optional().meta({ description: "The release's code name.", examples: ['bookworm'] }),
    dpkg: text.optional().meta({ description: "Version of the release's dpkg.", examples: ['1.21.22'] }),
    compression: z
      .array(debCompression)
      .min(1)
      .optional()
      .meta({ description: 'Compressors that its dpkg reads, best first.', examples: [['xz', 'gzip']] }),
    'uniform-compression': z
      .boolean()
      .optional()
      .meta({ description: 'Whether the control member may be compressed as the data is.' }),
    sources: z
      .enum(['deb822', 'list'])
      .optional()
      .meta({ description: 'Whether repositories are `.sources` or one-line `.list` files.' }),
    'signed-by': z.boolean().optional().meta({ description: 'Whether apt binds a repository to its key.' }),
    'armoured-keys': z.boolean().optional().meta({ description: 'Whether apt reads ASCII-armoured keys.' }),
    libgcc: text.optional().meta({ description: 'Package of libgcc_s.so.1.', examples: ['libgcc-s1'] }),
  })
  .meta({ id: 'DistributionDeb', description: 'Facts about dpkg and apt.' });

const rpm = z
  .strictObject({
    rpm: text.optional().meta({ description: "Version of the release's rpm.", examples: ['4.16.1.3'] }),
    dist: z
      .string()
      .regex(/^\.[A-Za-z0-9._]+$/, 'must start with a dot, such as ".el9"')
      .optional()
      .meta({ description: "rpm's `%dist`, which is also the distribution tag.", examples: ['.el9'] }),
    compression: z
      .array(rpmCompression)
      .min(1)
      .optional()
      .meta({ description: 'Payload compressors that its rpm reads.', examples: [['xz', 'gzip']] }),
    payload: z
      .string()
      .regex(/^w\d+(?:T\d+)?\.(?:zst|xz|gz|bz|lz)dio$/, 'must be a value of %_binary_payload, such as "w2.xzdio"')
      .optional()
      .meta({ description: "rpm's `%_binary_payload`.", examples: ['w2.xzdio'] }),
    features: z
      .strictObject({
        'weak-dependencies': z.boolean().optional().meta({ description: 'Recommends and Suggests.' }),
        'rich-dependencies': z.boolean().optional().meta({ description: 'Boolean relations such as `(a or b)`.' }),
        'caret-versions': z.boolean().optional().meta({ description: '`^` in versions.' }),
        'large-files': z.boolean().optional().meta({ description: 'Files of 4 GiB and more.' }),
      })
      .optional()
      .meta({ description: 'What its rpm understands.' }),
  })
  .meta({ id: 'DistributionRpm', description: 'Facts about rpm.' });

/** One entry of the manifest's `distributions`. */
export const distributionSchema = z
  .strictObject({
    extends: text.optional().meta({
      description:
        'The distribution that this one is like. It may be left out for a distribution that we know, which is then altered.',
      examples: ['rocky-8'],
    }),
    title: text.optional().meta({ description: 'As people write it; the id by default.', examples: ['Acme Linux 8'] }),
    vendor: z
      .string()
      .regex(/^[a-z][a-z0-9-]*$/, 'must be lower-case letters, digits and hyphens')
      .optional()
      .meta({
        description:
          'Selector of overrides, and part of a repository key; by default what the id has before its version.',
        examples: ['acme'],
      }),
    version: z
      .string()
      .regex(/^[0-9A-Za-z.]+$/, 'must be letters, digits and dots')
      .optional()
      .meta({ description: 'By default the version at the end of the id.', examples: ['8'] }),
    tag: z
      .string()
      .regex(/^[.+~][A-Za-z0-9.+~]+$/, 'must start with ".", "+" or "~", such as ".el8" or "+debian12"')
      .optional()
      .meta({ description: "Appended to a package's release.", examples: ['.el8', '+debian12'] }),
    architectures: z
      .array(architecture)
      .min(1)
      .optional()
      .meta({ description: 'Machines that it runs on.', examples: [['x86_64', 'aarch64']] }),
    glibc: dotted.optional().meta({ description: 'Version of the C library.', examples: ['2.28'] }),
    abi: z
      .strictObject({
        GLIBC: dotted.optional(),
        GLIBCXX: dotted.optional(),
        CXXABI: dotted.optional(),
        GCC: dotted.optional(),
        ZLIB: dotted.optional(),
      })
      .optional()
      .meta({ description: 'The highest symbol version of each family that its libraries export.' }),
    'x86-64-level': z
      .literal([...x86Levels])
      .optional()
      .meta({ description: 'Level of the x86-64 processors that it runs on: 2 is x86-64-v2.', examples: [2] }),
    python: python.optional().meta({ description: 'The interpreter that applications use.' }),
    'alternative-pythons': z
      .array(python.required())
      .optional()
      .meta({ description: 'Further interpreters that it packages.' }),
    lib64: z.boolean().optional().meta({ description: 'Whether a virtual environment gets `lib64`, a link to `lib`.' }),
    init: z.enum(['systemd', 'upstart', 'sysv']).optional().meta({ description: 'What starts services.' }),
    'unit-directory': absolutePath
      .optional()
      .meta({ description: 'Where services are described.', examples: ['/usr/lib/systemd/system'] }),
    'package-manager': z
      .enum(['apt', 'dnf', 'dnf5', 'yum', 'zypper'])
      .optional()
      .meta({ description: 'What installs packages from repositories.' }),
    image: z
      .string()
      .regex(/^[a-z0-9][\w.:/@-]*$/, 'must be the name of a container image, such as "registry.example.com/linux:8"')
      .optional()
      .meta({
        description: 'Container image of it, in which what has no wheel is compiled.',
        examples: ['registry.example.com/acme/linux:8'],
      }),
    'repository-directory': absolutePath
      .optional()
      .meta({ description: 'Where repositories are described.', examples: ['/etc/yum.repos.d'] }),
    'key-directory': absolutePath
      .optional()
      .meta({ description: "Where repositories' keys are kept.", examples: ['/etc/pki/rpm-gpg'] }),
    'end-of-life': isoDate.optional().meta({ description: 'Last day of general support.', examples: ['2029-05-31'] }),
    'end-of-extended-life': isoDate
      .optional()
      .meta({ description: 'Last day of extended support.', examples: ['2033-05-31'] }),
    deb: deb.optional(),
    rpm: rpm.optional(),
  })
  .meta({ id: 'Distribution', description: 'A distribution of your own, or a change to one that we know.' });

/** A distribution as a manifest writes it. */
export type WrittenDistribution = z.output<typeof distributionSchema>;
