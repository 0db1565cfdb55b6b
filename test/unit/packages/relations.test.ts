import { describe, expect, test } from 'vitest';

import { debianRelationFields, relation, rpmRelationFields } from '../../../src/packages/relations.ts';
import type { Relation } from '../../../src/manifest/manifest.ts';
import { noRelations } from '../../support/definitions.ts';
import { aDistribution, aRelation } from '../../support/manifest.ts';

const either: Relation = { ...aRelation('mail'), alternatives: [{ name: 'post', condition: undefined }] };

function debian(relations: Partial<typeof noRelations>): readonly string[] {
  const fields = debianRelationFields({ ...noRelations, ...relations }, aDistribution('debian-12'));
  return fields.map(({ field, relations: texts }) => `${field}: ${texts.join(', ')}`);
}

function rpm(relations: Partial<typeof noRelations>, id = 'rocky-9'): readonly string[] {
  const fields = rpmRelationFields({ ...noRelations, ...relations }, aDistribution(id));
  return fields.flatMap(({ field, relations: texts }) => texts.map((text) => `${field}: ${text}`));
}

// Debian Policy 7.1; RPM documentation, "Dependencies".
test.each([
  [aRelation('a'), 'a', 'a'],
  [aRelation('a', '<', '1'), 'a (<< 1)', 'a < 1'],
  [aRelation('a', '<=', '1'), 'a (<= 1)', 'a <= 1'],
  [aRelation('a', '=', '2:1-1'), 'a (= 2:1-1)', 'a = 2:1-1'],
  [aRelation('a', '>=', '1'), 'a (>= 1)', 'a >= 1'],
  [aRelation('a', '>', '1'), 'a (>> 1)', 'a > 1'],
  [either, 'mail | post', '(mail or post)'],
])('%j is written in the notation of each format', (one, inDebian, inRpm) => {
  expect(debian({ depends: [one] })).toEqual([`Depends: ${inDebian}`]);
  expect(rpm({ depends: [one] })).toEqual([`Requires: ${inRpm}`]);
});

describe('a package that replaces another', () => {
  const replaces = [aRelation('old', '<', '2')];

  test('conflicts with it on Debian, so that dpkg takes it away, but says so once', () => {
    expect(debian({ replaces })).toEqual(['Conflicts: old (<< 2)', 'Replaces: old (<< 2)']);
    expect(debian({ replaces, conflicts: replaces })).toEqual(['Conflicts: old (<< 2)', 'Replaces: old (<< 2)']);
  });

  test('obsoletes it on RPM systems', () => {
    expect(rpm({ replaces })).toEqual(['Obsoletes: old < 2']);
  });
});

test('alternatives are refused where rpm has no rich dependencies, naming the relation and the distribution', () => {
  expect(() => rpm({ depends: [either] }, 'centos-7')).toThrow(
    expect.objectContaining({
      code: 'unsupported-by-target',
      message: 'CentOS 7 cannot express that a package depends mail | post: its rpm 4.11.3 knows no alternatives',
    }) as Error,
  );
});

test('weak dependencies are kept for an rpm that ignores them', () => {
  expect(rpm({ recommends: [relation('fish')], suggests: [relation('zsh')] }, 'centos-7')).toEqual([
    'Recommends: fish',
    'Suggests: zsh',
  ]);
});

test.each([
  ['conflicts', either],
  ['replaces', either],
  ['provides', either],
  ['provides', aRelation('a', '<', '1')],
  ['provides', aRelation('a', '>=', '1')],
] as const)('no format can say that a package %s %j', (kind, one) => {
  expect(() => debian({ [kind]: [one] })).toThrow(expect.objectContaining({ code: 'unsupported-by-target' }) as Error);
  expect(() => rpm({ [kind]: [one] })).toThrow(expect.objectContaining({ code: 'unsupported-by-target' }) as Error);
});
