import { describe, expect, it } from 'vitest';

import { deriveSentence, deriveSummary, deriveSummaryOf } from '../../../src/manifest/derive-summary.ts';
import { someMetadata } from '../../support/manifest.ts';

const django = 'A high-level Python web framework that encourages rapid development and clean, pragmatic design.';

describe('a derived summary', () => {
  // The first three are what the projects themselves publish.
  it.each([
    ['django', django, 'High-level Python web framework'],
    [
      'flask',
      'A simple framework for building complex web applications.',
      'Simple framework for building complex web applications',
    ],
    [
      'httpie',
      'HTTPie: modern, user-friendly command-line HTTP client for the API era.',
      'Modern, user-friendly command-line HTTP client for the API era',
    ],
    ['fleet', 'Keeps a\n  fleet in order.', 'Keeps a fleet in order'],
    ['fleet', 'Fleet is the keeper of order', 'Keeper of order'],
    ['fleet-node', 'fleet_node - runs on every node', 'Runs on every node'],
    ['fleet', 'Fleet-wide order of things', 'Fleet-wide order of things'],
    ['fleet', 'Keeps order. It does it well.', 'Keeps order'],
    // lintian lets dots at the end pass, rpmlint none (`summary-ended-with-dot`).
    ['fleet', 'And so on...', 'And so on'],
    ['fleet', 'Fleet', 'Python application fleet'],
    ['fleet', 'UNKNOWN', 'Python application fleet'],
    ['fleet', undefined, 'Python application fleet'],
  ])('of %s from %j is %j', (name, summary, expected) => {
    expect(deriveSummary(someMetadata({ summary }), name)).toBe(expected);
  });

  it('is cut between words where it has no clause', () => {
    const summary = deriveSummary(someMetadata({ summary: `${'word '.repeat(15)}and the others of them` }), 'fleet');
    expect(summary).toBe(`W${'word '.repeat(15).trim().slice(1)}`);
    expect(deriveSummary(someMetadata({ summary: `Two ${'x'.repeat(90)}` }), 'fleet')).toBe('Python application fleet');
  });

  it('leaves room for the kind of a package beside the main one', () => {
    const long = 'Keeper of every vehicle, every driver and every key in a town of no small size';
    const summary = deriveSummaryOf('command line', long);
    expect(summary).toBe('Keeper of every vehicle, every driver and every key in a town (command line)');
    expect(deriveSummaryOf('command line', 'Keeper')).toBe('Keeper (command line)');
  });

  it('loses nothing: the description has the whole sentence', () => {
    expect(deriveSentence(someMetadata({ summary: django }))).toBe(django);
    expect(deriveSentence(someMetadata({ summary: 'Keeps order.' }))).toBeUndefined();
    expect(deriveSentence(someMetadata({ summary: undefined }))).toBeUndefined();
  });
});
