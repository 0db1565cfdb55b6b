import { spawnSync } from 'node:child_process';

import { describe, expect, it } from 'vitest';

import { jsonText, junitText, plainText } from '../../../src/verification/reports.ts';
import type { TestReport } from '../../../src/verification/result.ts';

const report: TestReport = {
  distribution: 'debian-12',
  root: 'the root "a<b>&.tar"',
  packageManager: 'apt-get',
  packages: ['boat 2-1'],
  results: [
    { story: 'installation', title: 'installs', outcome: 'passed', duration: 1500, message: undefined, output: [] },
    {
      story: 'installation',
      title: 'runs /usr/bin/boat',
      outcome: 'failed',
      duration: 20,
      message: 'said "<no>" & went\naway',
      output: ['\u001B[31mred\u001B[0m ]]> & <tag>', 'second \uD800 line'],
    },
    { story: 'upgrade', title: 'upgrades', outcome: 'skipped', duration: 0, message: 'why not', output: [] },
  ],
};

/** Reads XML with a parser that is not ours. */
function parseXml(text: string): unknown {
  const program = `
import json, sys, xml.etree.ElementTree as tree
def plain(e): return {"tag": e.tag, "attributes": e.attrib, "text": (e.text or "").strip(), "children": [plain(c) for c in e]}
print(json.dumps(plain(tree.fromstring(sys.stdin.buffer.read()))))`;
  const { status, stdout, stderr } = spawnSync('python3', ['-c', program], { input: text, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

describe('the JUnit report', () => {
  it('has a suite for each story and a case for each check, as a parser reads them', () => {
    expect(parseXml(junitText([report]))).toMatchObject({
      tag: 'testsuites',
      attributes: { tests: '3', failures: '1', errors: '0', skipped: '1', time: '1.520' },
      children: [
        {
          tag: 'testsuite',
          attributes: { name: 'debian-12.installation', tests: '2', failures: '1', skipped: '0' },
          children: [
            {
              tag: 'properties',
              children: [
                { attributes: { name: 'root', value: 'the root "a<b>&.tar"' } },
                { attributes: { name: 'packageManager', value: 'apt-get' } },
                { attributes: { name: 'packages', value: 'boat 2-1' } },
              ],
            },
            { tag: 'testcase', attributes: { name: 'installs', time: '1.500' }, children: [] },
            {
              tag: 'testcase',
              attributes: { classname: 'debian-12.installation', name: 'runs /usr/bin/boat' },
              children: [
                {
                  tag: 'failure',
                  attributes: { message: 'said "<no>" & went\naway' },
                  text: '\uFFFD[31mred\uFFFD[0m ]]> & <tag>\nsecond \uFFFD line',
                },
              ],
            },
          ],
        },
        {
          tag: 'testsuite',
          attributes: { name: 'debian-12.upgrade' },
          children: [{}, { children: [{ tag: 'skipped', attributes: { message: 'why not' } }] }],
        },
      ],
    });
  });
});

describe('the other reports', () => {
  it('says a line for each check, the output of failures, and the numbers', () => {
    const lines = plainText(report).split('\n');
    expect(lines[0]).toBe('debian-12: boat 2-1 with apt-get in the root "a<b>&.tar"');
    expect(lines[1]).toBe('ok   installation: installs');
    expect(lines.at(-3)).toBe('skip upgrade: upgrades (why not)');
    expect(lines.at(-2)).toBe('1 check passed, 1 failed, 1 skipped');
  });

  it('is JSON with a schema version', () => {
    expect(JSON.parse(jsonText([report]))).toMatchObject({
      schemaVersion: 1,
      reports: [{ distribution: 'debian-12', results: [{ outcome: 'passed', duration: 1500 }, {}, {}] }],
    });
  });
});
