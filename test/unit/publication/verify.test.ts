import { describe, expect, it } from 'vitest';

import {
  verificationText,
  verifyPublication,
  type Verification,
  type VerifyRequest,
} from '../../../src/publication/verify.ts';
import { parseSelection } from '../../../src/publication/selection.ts';
import { releaseAddresses } from '../../../src/publication/standing-objects.ts';
import { planYank } from '../../../src/publication/yank.ts';
import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import { FakeRepository, packageOf, placeOf, secondsOfDay } from '../../support/fake-repository.ts';

const stable = placeOf('debian-12');
const testing = placeOf('debian-12', 'testing');
const app = packageOf('acme-app', '1.0-1');
const key = `${stable.root}/${app.entry.file}`;
const fingerprint = 'A'.repeat(40);

async function verify(there: FakeRepository, facts: Partial<VerifyRequest> = {}): Promise<Verification> {
  const request = { places: there.places, expected: [], standing: [], deep: false, keys: [], ...facts };
  return await verifyPublication(request, { ...there.ports, reader: there.store });
}

async function published(): Promise<FakeRepository> {
  const there = new FakeRepository([stable, testing]);
  await there.publish(stable, app, packageOf('acme-tools', '1.0-1'));
  return there;
}

function spoil(there: FakeRepository, name: string, text: string): void {
  const held = there.store.objects.get(name);
  if (held === undefined) throw new Error(`there is no ${name}`);
  there.store.objects.set(name, { ...held, bytes: Buffer.from(text) });
}

describe('verify', () => {
  it('finds nothing wrong where nothing is', async () => {
    const there = await published();
    const verification = await verify(there, { deep: true, keys: [{ fingerprint, expires: undefined }] });
    expect(verification.findings).toEqual([]);
    expect(verificationText(verification)).toBe('debian/12/amd64: 2 packages, of 2023-11-14T22:13:20Z: ok\n');
  });

  it('warns of a release package that lies at its address and in no index', async () => {
    const there = await published();
    const made = packageOf('acme-release', '1-1+debian12');
    const [address] = releaseAddresses([stable.distribution, stable.distribution], { packageName: 'acme-release' });
    if (address === undefined) throw new Error('there is no address');
    const standing = [address];
    expect((await verify(there, { standing })).findings).toEqual([]);
    await there.publish(testing, made);
    await there.store.copy(`${testing.root}/${made.entry.file}`, address.key, { kind: 'none' });
    expect((await verify(there, { standing })).findings).toEqual([]);
    const { changes } = planYank([parseSelection('acme-release=1')], await there.read(), undefined);
    for (const change of changes) await there.change(change);
    const verification = await verify(there, { standing });
    expect(verification.findings).toMatchObject([{ severity: 'warning', repository: undefined }]);
    expect(verificationText(verification)).toContain('warning: debian/acme-release.debian12.all.deb can be had');
    // What an unreadable index has, nobody knows.
    spoil(there, `${testing.root}/head`, 'rubbish');
    expect((await verify(there, { standing })).findings).toMatchObject([{ severity: 'error' }]);
  });

  it('asks for nothing but reading', async () => {
    const there = await published();
    there.store.log.length = 0;
    await verify(there, { deep: true });
    expect(new Set(there.store.log.map(({ method }) => method))).toEqual(new Set(['get', 'head']));
  });

  it.each<readonly [string, (there: FakeRepository) => void, RegExp, RegExp]>([
    [
      'a package is missing',
      (there) => void there.store.objects.delete(key),
      /acme-app_1.0-1_amd64.deb is in the index and cannot/,
      /yank acme-app=1.0-1 and publish/,
    ],
    [
      'a package is shorter',
      (there) => {
        const held = there.store.objects.get(key);
        if (held !== undefined) there.store.objects.set(key, { ...held, object: { ...held.object, size: 3 } });
      },
      /has 3 bytes, and 15 in the index/,
      /delete the object debian\/12\/amd64\/acme-app/,
    ],
    [
      'a package is another one by its SHA-256',
      (there) => {
        const held = there.store.objects.get(key);
        if (held !== undefined)
          there.store.objects.set(key, { ...held, object: { ...held.object, sha256: 'f'.repeat(64) } });
      },
      /has the SHA-256 f{64}, and [0-9a-f]{64} in the index/,
      /delete the object/,
    ],
    [
      'the head is not signed',
      (there) => {
        spoil(there, `${stable.root}/head`, 'rubbish');
      },
      /not signed/,
      /./,
    ],
    [
      'the index is gone',
      (there) => {
        for (const name of [...there.store.objects.keys()])
          if (name.includes('/index-')) there.store.objects.delete(name);
      },
      /is not there/,
      /./,
    ],
    [
      'an alias is stale',
      (there) => {
        spoil(there, `${stable.root}/alias`, '1');
      },
      /older clients read.*debian\/12\/amd64\/alias/,
      /refresh/,
    ],
    [
      'the clock of the publisher was wrong',
      (there) => {
        there.pass(-3600);
      },
      /dated in the future: 2023-11-14T22:13:20Z/,
      /clock/,
    ],
  ])('finds that %s', async (_, harm, message, repair) => {
    const there = await published();
    harm(there);
    const { findings } = await verify(there);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ severity: 'error', repository: 'debian/12/amd64' });
    expect(findings[0]?.message).toMatch(message);
    expect(findings[0]?.repair).toMatch(repair);
  });

  it('reads packages when asked to: a store does not know that its disk is failing', async () => {
    const there = await published();
    spoil(there, key, 'acme-app 1.0-1!');
    expect((await verify(there)).findings).toEqual([]);
    expect((await verify(there, { deep: true })).findings).toMatchObject([{ severity: 'error' }]);
  });

  it('counts down to the end of keys', async () => {
    const there = await published();
    const now = there.store.now;
    const after = async (days: number): Promise<readonly string[]> => {
      const { findings } = await verify(there, { keys: [{ fingerprint, expires: now + days * secondsOfDay }] });
      return findings.map(({ severity, message }) => `${severity}: ${message.replace(/, on .*/, '')}`);
    };
    expect(await after(91)).toEqual([]);
    expect(await after(89)).toEqual([`warning: the key ${fingerprint} expires in 89 days`]);
    expect(await after(-1)).toEqual([expect.stringContaining('error: the key')]);
  });

  it('counts down to the end of indexes', async () => {
    const there = await published();
    const now = there.store.now;
    const after = async (days: number): Promise<readonly string[]> => {
      const formats = {
        ...there.formats,
        deb: {
          ...there.formats.deb,
          read: async (...args: Parameters<typeof there.formats.deb.read>) => {
            const index = await there.formats.deb.read(...args);
            return index === undefined
              ? undefined
              : { ...index, date: now - 14 * secondsOfDay, validUntil: now + days * secondsOfDay };
          },
        },
      };
      const request = { places: there.places, expected: [], standing: [], deep: false, keys: [] };
      const { findings } = await verifyPublication(request, { ...there.ports, formats, reader: there.store });
      return findings.map(
        ({ severity, message, repair }) => `${severity}: ${message.replace(/,? on .*/, '')}; ${repair}`,
      );
    };
    expect(await after(4)).toEqual([]);
    expect(await after(2)).toEqual([
      'warning: the index expires in 2 days; run: admin/publish-packages refresh, from cron',
    ]);
    expect(await after(-1)).toEqual(['error: the index has expired; run: admin/publish-packages refresh']);
  });

  it('says that there is nothing', async () => {
    const { findings } = await verify(new FakeRepository([stable, testing]));
    expect(findings).toMatchObject([{ severity: 'error', message: 'nothing is published at memory' }]);
  });

  it('misses what the repository says it has', async () => {
    const there = await published();
    const { findings } = await verify(there, { places: [stable], expected: [stable, testing] });
    expect(findings).toMatchObject([{ severity: 'error', repository: 'debian-testing/12/amd64' }]);
  });

  it('goes on after a place that cannot be read, and says all of it', async () => {
    const there = await published();
    await there.publish(testing, app);
    spoil(there, `${stable.root}/head`, 'rubbish');
    const verification = await verify(there, { keys: [{ fingerprint, expires: there.store.now - 1 }] });
    expect(verificationText(verification)).toBe(
      [
        'debian-testing/12/amd64: 1 package, of 2023-11-14T22:13:20Z: ok',
        'debian/12/amd64:',
        '  error: not signed',
        '    to repair: restore what is there, or publish again; nothing of ours repairs it',
        `error: the key ${fingerprint} has expired on 2023-11-14T22:13:19Z`,
        '  to repair: extend it (gpg --quick-set-expire) or make another (admin/create-key), and publish a release package with it; see "Keys and signatures" in docs/publishing.md',
        '',
      ].join('\n'),
    );
  });

  it('ends when nobody answers', async () => {
    const there = await published();
    there.store.get = () => Promise.reject(new CoachbuilderError('store-unavailable', 'no answer'));
    await expect(verify(there)).rejects.toThrow('no answer');
  });
});
