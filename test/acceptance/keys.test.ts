import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { builtInDistributions } from '../../src/distributions/table.ts';
import { readKeyFile } from '../../src/signing/key-facts.ts';
import { judgeKey } from '../../src/signing/policy.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../src/system/files.ts';
import { makeTestKey, type TestKeyOptions } from '../support/keys.ts';
import { mustRun, requireTools, run } from '../support/machine.ts';
import { debianRoot, describeWithRoots, type Root } from '../support/roots.ts';

/** Keys of hosting's table; whether rpmsign can sign with them at all is part of it. */
const kinds: Readonly<Record<string, TestKeyOptions>> = {
  'RSA-4096': { algorithm: 'rsa4096' },
  'RSA-2048': { algorithm: 'rsa2048' },
  'RSA-1024': { algorithm: 'rsa1024' },
  'RSA-2048 with a SHA-1 self-signature': { selfSignatureDigest: 'SHA1' },
  'DSA-2048': { algorithm: 'dsa2048' },
  Ed25519: { algorithm: 'ed25519' },
  'NIST P-256': { algorithm: 'nistp256' },
  'a subkey that signs': { usage: 'cert', signingSubkey: 'rsa2048' },
};

type Word = 'accepts' | 'refuses';

function word(isAccepted: boolean): Word {
  return isAccepted ? 'accepts' : 'refuses';
}

describeWithRoots('what real clients make of keys', () => {
  let root: Root;
  let scratch: TemporaryDirectory;
  let unsigned: string;

  beforeAll(async () => {
    await requireTools('gpg', 'rpmbuild', 'rpmkeys');
    root = await debianRoot('debian-13', ['rpm', 'sqv']);
    scratch = await temporaryDirectory('/tmp', 'cb-keys');
    const facts = ['Name: x', 'Version: 1', 'Release: 1', 'Summary: x', 'License: MIT', 'BuildArch: noarch'];
    const spec = join(scratch.path, 'x.spec');
    await writeFile(spec, [...facts, '%description', 'x', '%files', ''].join('\n'));
    const macros = [`_topdir ${scratch.path}`, `_rpmdir ${scratch.path}`, '_rpmfilename x.rpm'];
    await mustRun(['rpmbuild', '-bb', ...macros.flatMap((macro) => ['--define', macro]), spec], { cwd: scratch.path });
    unsigned = join(scratch.path, 'x.rpm');
  }, 600_000);

  afterAll(async () => {
    await root[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
  });

  /** Whether rpm imports a key and then finds a package signed: `rpmkeys` by itself is content with an unsigned one. */
  async function rpmAccepts(
    start: (argv: readonly [string, ...string[]]) => Promise<{ readonly exitCode: number }>,
    files: { readonly key: string; readonly rpm: string; readonly database: string },
  ): Promise<boolean> {
    const keys = ['rpmkeys', '--define', `_dbpath ${files.database}`] as const;
    if ((await start([...keys, '--import', files.key])).exitCode !== 0) return false;
    return (await start([...keys, '--define', '_pkgverify_level all', '--checksig', files.rpm])).exitCode === 0;
  }

  it.each(Object.entries(kinds))(
    'agrees with check-key on %s',
    async (_title, options) => {
      await using key = await makeTestKey(options);
      await using directory = await temporaryDirectory(scratch.path, 'k');
      const at = (name: string): string => join(directory.path, name);
      const env = { GNUPGHOME: key.gpgHome };
      await writeFile(at('data'), 'data\n');
      await writeFile(at('x.rpm'), await readFile(unsigned));
      await key.gpg('--digest-algo', 'SHA512', '--output', at('data.sig'), '--detach-sign', at('data'));
      await key.gpg('--output', at('key.gpg'), '--export');
      await writeFile(at('key.asc'), key.publicKey);
      const macros = [`_gpg_name ${key.fingerprint}`, '__gpg /usr/bin/gpg', '_gpg_digest_algo sha256'];
      await run(['rpmsign', '--addsign', ...macros.flatMap((macro) => ['--define', macro]), at('x.rpm')], { env });
      const inside = '/var/tmp/keys';
      const names = ['data', 'data.sig', 'key.gpg', 'key.asc', 'x.rpm'];
      await root.copyIn(names.map(at), inside);
      await root.must(['rm', '-rf', `${inside}/db`]);
      await mkdir(at('db'));
      const gpgv = await run(['gpgv', '--keyring', at('key.gpg'), at('data.sig'), at('data')], { env });
      // As apt's method calls it, with apt's own policy.
      const sqv = await root.run([
        ...['env', 'SEQUOIA_CRYPTO_POLICY=/usr/share/apt/default-sequoia.config', 'sqv'],
        ...['--keyring', `${inside}/key.gpg`, '--signature-file', `${inside}/data.sig`, `${inside}/data`],
      ]);
      const real = {
        'debian-12': word(gpgv.exitCode === 0),
        'debian-13': word(sqv.exitCode === 0),
        'rocky-10': word(
          await rpmAccepts((argv) => root.run(argv), {
            key: `${inside}/key.asc`,
            rpm: `${inside}/x.rpm`,
            database: `${inside}/db`,
          }),
        ),
      };
      const table = builtInDistributions();
      const [facts] = readKeyFile(await readFile(at('key.asc')), 'key').keys;
      if (facts === undefined) throw new Error('no key');
      const distributions = Object.keys(real).flatMap((id) => table.get(id) ?? []);
      const ours = judgeKey(facts, distributions, new Date()).map(({ distribution, verdict }) => [
        distribution,
        word(verdict !== 'refuses'),
      ]);
      expect(Object.fromEntries(ours)).toEqual(real);
      // rpm 4.18 of this machine stands for none of the table; it differs from Sequoia's where that looks at strength.
      const here = await rpmAccepts(run, { key: at('key.asc'), rpm: at('x.rpm'), database: at('db') });
      expect(here).toBe(options.algorithm !== 'nistp256');
    },
    120_000,
  );
});
