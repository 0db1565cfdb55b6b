import { z } from 'zod';

import { interpreterParts } from '../manifest.ts';
import { mapOf, text, words } from './values-schema.ts';

const bundledInterpreter = z
  .strictObject({
    version: text.meta({ description: 'Version of the interpreter, in full.', examples: ['3.12.3'] }),
    archive: text.meta({
      description:
        'Path (relative to the manifest) or URL of a tar.gz archive that holds the interpreter below `python/`, as the `install_only` archives of python-build-standalone do. `{version}`, `{minor}`, `{build}`, `{architecture}` and `{triple}` are filled in.',
      examples: ['https://example.com/{build}/cpython-{version}+{build}-{triple}-install_only_stripped.tar.gz'],
    }),
    build: text.optional().meta({ description: 'What `{build}` stands for.', examples: ['20240415'] }),
    sha256: z.union([text, mapOf(text)]).meta({
      description: 'Digest of the archive, or one for each architecture.',
      examples: [{ x86_64: '<64 hexadecimal digits>', aarch64: '<64 hexadecimal digits>' }],
    }),
    prune: z
      .union([z.boolean(), z.array(z.enum(interpreterParts))])
      .optional()
      .meta({
        description:
          'Parts that are left out, since running an application takes none of them: `true` (the default) for all, `false` for none, or a list.',
        examples: [true, ['tests', 'idle', 'ensurepip', 'development']],
      }),
  })
  .meta({ id: 'BundledInterpreter', description: 'A relocatable CPython that is laid below the prefix.' });

export const python = z
  .strictObject({
    interpreter: z
      .union([
        z.literal('system'),
        z.strictObject({
          package: text.meta({ description: 'Package of the interpreter.', examples: ['python3.11'] }),
          path: text.meta({ description: 'Minor-versioned interpreter.', examples: ['/usr/bin/python3.11'] }),
        }),
        z.strictObject({
          bundled: bundledInterpreter.meta({ description: 'An interpreter that becomes a part of the package.' }),
        }),
      ])
      .optional()
      .meta({
        description:
          "`system` (the default) for the distribution's own Python, another one that it packages, or one that the package brings.",
        examples: ['system', { package: 'python3.11', path: '/usr/bin/python3.11' }],
      }),
    requirements: words.optional().meta({
      description: 'Requirements files, relative to the manifest, that are locked beside the application.',
      examples: [['requirements.txt']],
    }),
    constraints: words.optional().meta({ description: 'Constraints files.', examples: [['constraints.txt']] }),
    extras: words.optional().meta({ description: 'Extras of the application.', examples: [['tls']] }),
    'lock-file': text.optional().meta({
      description:
        'A `uv.lock`, `poetry.lock`, `pylock.toml` or `.txt` of requirements with hashes, relative to the manifest: exactly what it pins is packaged.',
      examples: ['uv.lock'],
    }),
    indexes: words.optional().meta({
      description:
        'Index URLs in order of preference, without credentials; by default what pip and uv are configured with.',
      examples: [['https://packages.example.com/simple/']],
    }),
    bytecode: z.enum(['auto', 'build', 'install', 'none']).optional().meta({
      description:
        'When modules are compiled: while building, by the package when it is installed, never, or (`auto`, the default) while building where an interpreter of the same minor version is at hand.',
    }),
  })
  .meta({ id: 'Python', description: 'The interpreter, and what is installed for it.' });
