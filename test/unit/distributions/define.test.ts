import { describe, expect, it } from 'vitest';

import { defineDistributions } from '../../../src/distributions/define.ts';
import { builtInDistributions } from '../../../src/distributions/table.ts';
import { aDistribution } from '../../support/manifest.ts';

const define = (written: Parameters<typeof defineDistributions>[0]) =>
  defineDistributions(written, builtInDistributions());

describe('defineDistributions', () => {
  it('adds a distribution that is like another one, with what is different', () => {
    const { table, problems } = define({
      'my-el8': {
        extends: 'rocky-8',
        python: { package: 'python3.11', path: '/usr/bin/python3.11' },
        abi: { GLIBC: '2.30' },
      },
    });
    expect(problems).toEqual([]);
    expect(table.get('my-el8')).toEqual({
      ...aDistribution('rocky-8'),
      id: 'my-el8',
      title: 'my-el8',
      python: { package: 'python3.11', version: '3.11', path: '/usr/bin/python3.11' },
      abi: { ...aDistribution('rocky-8').abi, GLIBC: '2.30' },
    });
    expect(table.size).toBe(builtInDistributions().size + 1);
  });

  it('takes vendor, version and tag from an id that has a version', () => {
    expect(define({ 'acme-5': { extends: 'debian-12' } }).table.get('acme-5')).toMatchObject({
      vendor: 'acme',
      version: '5',
      tag: '+acme5',
    });
    expect(define({ 'oracle-8': { extends: 'rocky-8' } }).table.get('oracle-8')).toMatchObject({
      vendor: 'oracle',
      version: '8',
      tag: '.el8',
    });
  });

  it('alters a distribution that we know without extending it', () => {
    const { table } = define({ 'debian-12': { deb: { compression: ['xz'] }, 'end-of-life': '2030-01-01' } });
    expect(table.get('debian-12')).toMatchObject({
      title: 'Debian 12',
      tag: '+debian12',
      endOfLife: '2030-01-01',
      deb: { codename: 'bookworm', compression: ['xz'] },
    });
    expect(aDistribution('debian-12')).toMatchObject({ endOfLife: '2026-07-11' });
  });

  it('extends distributions of the manifest whatever their order', () => {
    const { table, problems } = define({ second: { extends: 'first' }, first: { extends: 'rocky-9', glibc: '2.35' } });
    expect(problems).toEqual([]);
    expect(table.get('second')?.glibc).toBe('2.35');
  });

  it.each([
    [
      { 'roky-9': {} },
      ['roky-9'],
      'distribution roky-9 is not one that Coachbuilder knows, and does not say which one it extends. Did you mean "rocky-9"?',
    ],
    [
      { mine: { extends: 'roky-9' } },
      ['mine', 'extends'],
      'distribution mine extends "roky-9", which is not known. Did you mean "rocky-9"?',
    ],
    [{ a: { extends: 'b' }, b: { extends: 'a' } }, ['a', 'extends'], 'distribution a extends itself, by way of others'],
    [
      { mine: { extends: 'debian-12', rpm: {} } },
      ['mine', 'rpm'],
      'distribution mine uses deb packages: "rpm" says nothing about it',
    ],
  ])('reports %j', (written, path, message) => {
    expect(define(written).problems[0]).toMatchObject({ path, message });
  });
});
