import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

import { runtimeFiles } from '../../../src/interpreter/runtime.ts';

const [module, path] = runtimeFiles({ opensslDirectory: '/etc/ssl', terminfo: '/opt/fleet/python/share/terminfo' });

/** What the module sets on a system that has just these files, in an environment. */
function prepare(existing: readonly string[], environment: Readonly<Record<string, string>> = {}): unknown {
  const program = [
    'import json, sys',
    'job = json.load(sys.stdin)',
    'names = {"__name__": "runtime"}',
    'exec(compile(job["module"], "runtime", "exec"), names)',
    'environ = dict(job["environment"])',
    'names["prepare"](environ, lambda path: path in job["existing"])',
    'print(json.dumps(environ))',
  ].join('\n');
  const input = JSON.stringify({ module: module?.content, environment, existing });
  const { stdout, stderr } = spawnSync('python3', ['-I', '-c', program], { input, encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

describe('the module that prepares a bundled interpreter', () => {
  it('is imported at every start by a line that the site module reads', () => {
    expect(module?.name).toBe('_coachbuilder_runtime.py');
    expect(path).toEqual({ name: '_coachbuilder_runtime.pth', content: 'import _coachbuilder_runtime\n' });
  });

  it('imports nothing that takes long', () => {
    expect(module?.content.match(/^\s*(?:import|from) .*/gm)).toEqual(['import os']);
  });

  it.each([
    ['Debian', '/etc/ssl/certs/ca-certificates.crt'],
    ['Enterprise Linux', '/etc/pki/tls/certs/ca-bundle.crt'],
    ['SUSE', '/etc/ssl/ca-bundle.pem'],
  ])('finds the certificates of %s', (_name, bundle) => {
    expect(prepare([bundle])).toEqual({ SSL_CERT_FILE: bundle });
  });

  it('leaves an interpreter alone whose own place for certificates is there', () => {
    expect(prepare(['/etc/ssl/cert.pem', '/etc/pki/tls/certs/ca-bundle.crt'])).toEqual({});
  });

  it.each([{ SSL_CERT_FILE: '/etc/own.pem' }, { SSL_CERT_DIR: '/etc/own' }])('obeys %j', (own) => {
    expect(prepare(['/etc/ssl/certs/ca-certificates.crt'], own)).toEqual(own);
  });

  it('names the directories of terminals that there are, its own last', () => {
    expect(prepare(['/usr/share/terminfo', '/lib/terminfo', '/opt/fleet/python/share/terminfo'])).toEqual({
      TERMINFO_DIRS: '/lib/terminfo:/usr/share/terminfo:/opt/fleet/python/share/terminfo',
    });
    const own = { TERMINFO: '/home/me/.terminfo' };
    expect(prepare(['/lib/terminfo'], own)).toEqual(own);
  });

  it('sets nothing on a system that has nothing', () => {
    expect(prepare([])).toEqual({});
  });
});
