import { describe, expect, it } from 'vitest';

import { defineDistributions } from '../../../src/distributions/define.ts';
import { selectDistributions } from '../../../src/distributions/select.ts';
import { builtInDistributions } from '../../../src/distributions/table.ts';
import { normalizeManifest, projectDirectory } from '../../../src/manifest/normalize.ts';
import { resolveReference } from '../../../src/manifest/schema-walk.ts';
import { checkShape, manifestJsonSchema, type JsonSchema, type WrittenManifest } from '../../../src/manifest/schema.ts';
import { someMetadata } from '../../support/manifest.ts';

const parts = {
  summary: 'S',
  description: 'D',
  depends: ['a', { name: 'b', compare: '>=', version: '1' }],
  recommends: ['r'],
  suggests: ['s'],
  conflicts: ['c'],
  replaces: ['e'],
  provides: ['p'],
  links: { '/usr/bin': ['x', { y: 'z' }] },
  files: { '/srv/f': { source: 'f', mode: '0600', owner: 'o', group: 'g', configuration: true } },
  directories: [{ path: '/srv/d', mode: '0700', owner: 'o', group: 'g' }],
  scripts: {
    'before-install': 'a',
    'after-install': 'b',
    'before-upgrade': 'c',
    'after-upgrade': 'd',
    'before-remove': 'e',
    'after-remove': 'f',
    'after-purge': 'g',
  },
  'configuration-files': ['/srv/f'],
  logrotate: {
    l: 'l.conf',
    m: {
      paths: ['/var/log/m.log'],
      frequency: 'daily',
      rotate: 9,
      'max-size': '1M',
      compress: false,
      'copy-truncate': true,
      mode: '0600',
      owner: 'o',
      group: 'g',
      postrotate: 'true',
    },
  },
  rsyslog: { r: 'r.conf' },
  firewall: { w: { title: 'T', description: 'D', ports: ['1/tcp', '2-3/udp'], firewalld: 'w.xml', ufw: 'w' } },
  tmpfiles: [{ path: '/run/t', mode: '0700', owner: 'o', group: 'g', age: '1d' }],
  'environment-files': { e: { source: 'e', mode: '0600', owner: 'o', group: 'g' } },
  'man-pages': ['m.1', { source: 'n.5', language: 'de' }],
  completions: { c: { bash: 'b', zsh: 'z', fish: 'f' } },
  services: {
    own: { unit: 'own.timer', upstart: 'own.conf', sysv: 'own.init', user: 'u', group: 'g' },
    written: {
      command: 'run --fast',
      description: 'D',
      type: 'exec',
      environment: { A: 'b' },
      'environment-file': ['-/etc/default/x'],
      'working-directory': '/srv',
      restart: 'always',
      after: ['dbus.service'],
      hardening: { ProtectHome: false },
      'state-directory': 'x',
      'log-directory': 'x',
      'cache-directory': 'x',
      'runtime-directory': 'x',
      enable: false,
      start: true,
      'restart-on-upgrade': false,
      'stop-on-upgrade': true,
    },
  },
  users: { u: { uid: 450, group: 'g', groups: ['h'], comment: 'C', home: '/srv/d', shell: '/bin/sh' } },
  groups: { g: { gid: 451 } },
};

const common = {
  vendor: 'V',
  maintainer: 'M <m@example.com>',
  license: 'MIT',
  url: 'https://example.com/',
  summary: 'Sum',
  description: 'Desc',
  epoch: 3,
  categories: { deb: 'net', rpm: 'Net' },
  'distribution-tag': false,
  python: {
    interpreter: { package: 'python3.9', path: '/usr/bin/python3.9' },
    requirements: ['r.txt'],
    constraints: ['c.txt'],
    extras: ['tls'],
    'lock-file': 'uv.lock',
    indexes: ['https://example.com/simple/'],
    bytecode: 'none',
  },
  libraries: { 'libx.so.1': 'recommend', 'liby.so.1': { package: 'liby1', as: 'ignore' } },
  slim: { remove: ['tests'], exclude: ['a/**'], keep: ['b'], locales: ['de'], 'size-limit': '1 MB' },
  health: { imports: 'never', accept: [{ check: 'links', path: 'c', reason: 'why' }] },
};

/** Every value is another than the default, so that every key makes a difference. */
const sample: unknown = {
  name: 'boat',
  source: 'examples/boat',
  prefix: '/srv/boat',
  version: { from: 'git', 'tag-prefix': 'v', value: '1.2' },
  changelog: 'NEWS.md',
  'package-prefix': 'acme',
  ...common,
  packages: { node: { name: 'boatd', architecture: 'native', ...parts }, plain: { overrides: { 'my-1': parts } } },
  overrides: {
    'my-2': {
      ...common,
      vendor: 'W',
      maintainer: 'N <n@example.com>',
      license: 'ISC',
      url: 'https://example.com/n',
      summary: 'Sum2',
      description: 'Desc2',
      epoch: 4,
      categories: { deb: 'web', rpm: 'Web' },
      'distribution-tag': true,
      python: {
        interpreter: {
          bundled: {
            version: '3.12.3',
            archive: 'cpython-{version}+{build}.tar.gz',
            build: '20240415',
            sha256: { x86_64: 'a'.repeat(64) },
            prune: ['tests'],
          },
        },
        requirements: ['s.txt'],
        constraints: ['d.txt'],
        extras: ['cli'],
        'lock-file': 'pylock.toml',
        indexes: [],
        bytecode: 'build',
      },
      libraries: { 'libx.so.1': 'libx1 (>= 2)', 'libz.so.1': { as: 'recommend' } },
      slim: { remove: ['headers'], exclude: ['d/**'], keep: ['e'], locales: ['fr'], 'size-limit': '2 MB' },
      health: { imports: 'require', accept: [{ check: 'names', path: 'f', reason: 'because' }] },
    },
  },
  release: {
    id: 'acme',
    name: 'Acme packages',
    'package-name': 'acme-repository',
    version: '2',
    baseurl: 'https://example.com/',
    key: 'k.asc',
    channels: [{ id: 'acme-nightly', name: 'Nightly', enabled: false, suffix: '-nightly' }],
  },
  repository: {
    store: 's3://packages/acme',
    endpoint: 'https://s3.example.com',
    region: 'eu-central-1',
    'signing-key': '0123456789abcdef0123456789abcdef01234567',
    origin: 'O',
    label: 'L',
    layout: 'classic',
    component: 'extra',
    mirrorlist: false,
    'valid-until': '14d',
    generations: 2,
    grace: '3d',
  },
  lint: { overrides: [{ tag: 'no-manual-page', path: '/usr/bin/boat', linter: 'lintian', reason: 'none yet' }] },
  targets: ['my-2'],
  tests: ['boat --version'],
  distributions: {
    'my-1': {
      extends: 'debian-12',
      deb: {
        codename: 'x',
        dpkg: '9',
        compression: ['gzip'],
        'uniform-compression': false,
        sources: 'list',
        'signed-by': false,
        'armoured-keys': false,
        libgcc: 'libgcc9',
      },
    },
    'my-2': {
      extends: 'centos-7',
      title: 'T',
      vendor: 'mine',
      version: '3',
      tag: '.t',
      architectures: ['i686'],
      glibc: '2.99',
      'x86-64-level': 4,
      abi: { GLIBC: '2.99', GLIBCXX: '3.9.9', CXXABI: '1.9', GCC: '99.0', ZLIB: '9.9' },
      python: { package: 'py', version: '3.9.9', path: '/usr/bin/python3.9' },
      'alternative-pythons': [{ package: 'py8', version: '3.8.8', path: '/usr/bin/python3.8' }],
      lib64: false,
      init: 'sysv',
      'unit-directory': '/u',
      'package-manager': 'dnf',
      image: 'registry.example.com/acme:8',
      'repository-directory': '/r',
      'key-directory': '/k',
      'end-of-life': '2090-01-01',
      'end-of-extended-life': '2091-01-01',
      rpm: {
        rpm: '9',
        dist: '.d',
        compression: ['gzip'],
        payload: 'w9.gzdio',
        features: { 'weak-dependencies': true, 'rich-dependencies': true, 'caret-versions': true, 'large-files': true },
      },
    },
  },
};

/** All that the manifest comes to; a manifest that cannot be used is another outcome as well. */
function outcomeOf(value: unknown): string {
  const checked = checkShape(value);
  if (!checked.success) return 'the shape is wrong';
  const written: WrittenManifest = checked.written;
  const { table, problems } = defineDistributions(written.distributions ?? {}, builtInDistributions());
  if (problems.length > 0) return 'the distributions are wrong';
  try {
    const manifests = selectDistributions(['my-1', 'my-2'], table).map((distribution) =>
      normalizeManifest(written, {
        application: { metadata: someMetadata(), scriptNames: [] },
        distribution,
        directory: '/project',
        file: undefined,
        describeSource: () => ({ kind: 'file', executable: false, entries: [] }),
      }),
    );
    const targets = selectDistributions(written.targets ?? [], table).map(({ id }) => id);
    return JSON.stringify([targets, manifests, [...table.values()], projectDirectory(written, '/project')]);
  } catch (error) {
    return String(error);
  }
}

type Path = readonly (string | number)[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, below]) => {
    const next = [...path, Array.isArray(value) ? Number(name) : name];
    return [...(Array.isArray(value) ? [] : [next]), ...pathsOf(below, next)];
  });
}

function without(value: unknown, path: Path): unknown {
  const copy: unknown = structuredClone(value);
  let parent = copy as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) parent = parent[key] as typeof parent;
  Reflect.deleteProperty(parent, path.at(-1) ?? '');
  return copy;
}

/** The schema's maps with known keys, and which of the keys the sample uses. */
function usedKeys(schema: JsonSchema, value: unknown, used: Map<JsonSchema, Set<string>>): void {
  const root = manifestJsonSchema();
  const resolved = resolveReference(root, schema);
  for (const branch of resolved.anyOf ?? []) usedKeys(branch, value, used);
  if (Array.isArray(value))
    for (const item of value) if (resolved.items !== undefined) usedKeys(resolved.items, item, used);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  if (resolved.properties !== undefined) {
    const known = used.get(resolved) ?? new Set();
    used.set(resolved, known);
    for (const key of Object.keys(value)) known.add(key);
  }
  for (const [key, below] of Object.entries(value)) {
    const next = resolved.properties?.[key] ?? (resolved.additionalProperties || undefined);
    if (next !== undefined) usedKeys(next, below, used);
  }
}

describe('every key of the schema', () => {
  it('is in the sample', () => {
    const used = new Map<JsonSchema, Set<string>>();
    usedKeys(manifestJsonSchema(), sample, used);
    const missing = [...used].flatMap(([schema, keys]) =>
      Object.keys(schema.properties ?? {}).filter((key) => !keys.has(key)),
    );
    expect(used.size).toBeGreaterThan(15);
    expect(missing).toEqual([]);
  });

  it('makes a difference to what is built', () => {
    const whole = outcomeOf(sample);
    expect(whole).toMatch(/^\[/);
    const idle = pathsOf(sample).filter((path) => outcomeOf(without(sample, path)) === whole);
    expect(idle).toEqual([]);
  });
});
