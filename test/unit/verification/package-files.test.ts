import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { builtInDistributions } from '../../../src/distributions/table.ts';
import { deriveDistribution, previousFiles, requireFormat } from '../../../src/verification/package-files.ts';
import { distributionOf } from '../../support/builds.ts';

const table = builtInDistributions();

function derive(...files: readonly string[]): string {
  return deriveDistribution(files, table).id;
}

describe('the distribution of packages', () => {
  it('is the one whose tag their releases end in', () => {
    expect(derive('/p/boat_1.0-1+debian12_amd64.deb', '/p/boat-cli_1.0-1+debian12_all.deb')).toBe('debian-12');
    expect(derive('/p/boat_1:1.0-0.rc1+ubuntu16.04_amd64.deb')).toBe('ubuntu-16.04');
    expect(derive('/p/boat-1.0-1.el7.x86_64.rpm')).toBe('centos-7');
  });

  it('is refused, with the list, when a name tells nothing', () => {
    expect(() => derive('/p/boat_1.0-1_amd64.deb')).toThrow(
      expect.objectContaining({
        code: 'unknown-distribution',
        details: [
          'boat_1.0-1_amd64.deb: its name holds no tag of a distribution that we know',
          expect.stringContaining('debian-12'),
        ],
      }) as Error,
    );
  });

  it('is refused when packages are of several', () => {
    const files = ['/p/boat_1.0-1+debian11_all.deb', '/p/boat_1.0-1+debian12_all.deb'];
    expect(() => derive(...files)).toThrow(/do not tell/);
  });

  it('is refused when several distributions have one tag, which are named', () => {
    const tags = [...table.values()].map(({ tag }) => tag);
    const shared = [...table.values()].find(({ tag }) => tags.indexOf(tag) !== tags.lastIndexOf(tag));
    expect(shared).toBeDefined();
    const file = `boat-1.0-1${shared?.tag ?? ''}.noarch.rpm`;
    expect(() => derive(file)).toThrow(
      expect.objectContaining({ details: [expect.stringContaining(' or '), expect.anything()] }) as Error,
    );
  });

  it('has to be of the format of its packages', () => {
    expect(() => {
      requireFormat(['/p/boat.rpm'], distributionOf('debian-12'));
    }).toThrow(/cannot be installed on Debian 12/);
  });
});

describe('previous packages', () => {
  function directory(...names: readonly string[]): string {
    const made = mkdtempSync(join(tmpdir(), 'coachbuilder-previous-'));
    onTestFinished(() => {
      rmSync(made, { recursive: true });
    });
    for (const name of names) writeFileSync(join(made, name), '');
    return made;
  }

  it('are those of the distribution among others', async () => {
    const made = directory(
      'boat_1-1+debian12_all.deb',
      'boat_1-1+debian11_all.deb',
      'boat-1-1.el7.noarch.rpm',
      'notes',
    );
    expect(await previousFiles(made, distributionOf('debian-12'))).toEqual([join(made, 'boat_1-1+debian12_all.deb')]);
  });

  it('may have no tag', async () => {
    const made = directory('boat_1-1_all.deb', 'boat-1-1.noarch.rpm');
    expect(await previousFiles(made, distributionOf('debian-12'))).toEqual([join(made, 'boat_1-1_all.deb')]);
  });

  it('have to be there', async () => {
    await expect(previousFiles(directory('notes'), distributionOf('debian-12'))).rejects.toThrow(/holds no packages/);
    await expect(previousFiles('/nonexistent', distributionOf('debian-12'))).rejects.toThrow(/there is no directory/);
  });
});
