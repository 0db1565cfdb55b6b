import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { fetchInterpreter } from '../../../src/interpreter/fetch.ts';
import { testPorts } from '../../support/tool-ports.ts';

const content = Buffer.from('an archive');
const sha256 = createHash('sha256').update(content).digest('hex');
const other = createHash('sha256').update('another').digest('hex');

let server: Server;
let url: string;
let requests: string[];
let cacheDirectory: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(`${String(request.url)} ${String(request.headers.authorization)}`);
    if (request.url === '/python.tar.gz') response.end(content);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});

afterAll(() => {
  server.close();
});

beforeEach(() => {
  requests = [];
  cacheDirectory = mkdtempSync(join(tmpdir(), 'coachbuilder-fetch-'));
});

afterEach(() => {
  rmSync(cacheDirectory, { recursive: true });
});

const network = { NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' };

describe('fetchInterpreter', () => {
  it('downloads an archive once, and takes it from the cache from then on, offline too', async () => {
    const bundle = { archive: `${url}/python.tar.gz`, sha256 };
    const path = await fetchInterpreter(bundle, testPorts({ cacheDirectory, network }));
    expect(readFileSync(path)).toEqual(content);
    expect(await fetchInterpreter(bundle, testPorts({ cacheDirectory, network, offline: true }))).toBe(path);
    expect(requests).toEqual(['/python.tar.gz undefined']);
  });

  it('fetches again what was damaged in the cache', async () => {
    const bundle = { archive: `${url}/python.tar.gz`, sha256 };
    const ports = testPorts({ cacheDirectory, network });
    writeFileSync(await fetchInterpreter(bundle, ports), 'damaged');
    expect(readFileSync(await fetchInterpreter(bundle, ports))).toEqual(content);
    expect(requests).toHaveLength(2);
  });

  it('gives the name and the password of netrc to the host that they are for', async () => {
    const home = mkdtempSync(join(cacheDirectory, 'home-'));
    writeFileSync(join(home, '.netrc'), 'machine 127.0.0.1 login me password secret\n', { mode: 0o600 });
    const bundle = { archive: `${url}/python.tar.gz`, sha256 };
    await fetchInterpreter(bundle, testPorts({ cacheDirectory, home, network: { ...network, HOME: home } }));
    expect(requests).toEqual([`/python.tar.gz Basic ${Buffer.from('me:secret').toString('base64')}`]);
  });

  it('refuses another file than the pinned one, and keeps nothing of it', async () => {
    const bundle = { archive: `${url}/python.tar.gz`, sha256: other };
    await expect(fetchInterpreter(bundle, testPorts({ cacheDirectory, network }))).rejects.toMatchObject({
      code: 'hash-mismatch',
      details: [`expected sha256 ${other}`, `got sha256      ${sha256}`],
    });
    expect(readdirSync(join(cacheDirectory, 'interpreters', other))).toEqual([]);
  });

  it('says what the server said', async () => {
    const archive = `${url}/nothing.tar.gz`;
    await expect(fetchInterpreter({ archive, sha256 }, testPorts({ cacheDirectory, network }))).rejects.toMatchObject({
      code: 'download-failed',
      message: `${archive} cannot be downloaded`,
      details: ['HTTP Error 404: Not Found'],
    });
  });

  it('asks nobody when nothing may be downloaded', async () => {
    const ports = testPorts({ cacheDirectory, network, offline: true });
    await expect(fetchInterpreter({ archive: `${url}/python.tar.gz`, sha256 }, ports)).rejects.toMatchObject({
      code: 'offline',
      message: 'python.tar.gz would have to be downloaded, and --offline was given',
    });
    expect(requests).toEqual([]);
  });

  it('uses a local file where it is, when it is the right one', async () => {
    const ports = testPorts({ cacheDirectory, offline: true });
    const path = join(cacheDirectory, 'local.tar.gz');
    writeFileSync(path, content);
    expect(await fetchInterpreter({ archive: path, sha256 }, ports)).toBe(path);
    expect(await fetchInterpreter({ archive: `file://${path}`, sha256 }, ports)).toBe(path);
    await expect(fetchInterpreter({ archive: path, sha256: other }, ports)).rejects.toMatchObject({
      code: 'hash-mismatch',
      message: `${path} is not the interpreter that the manifest names`,
    });
    await expect(fetchInterpreter({ archive: `${path}.old`, sha256 }, ports)).rejects.toMatchObject({
      code: 'interpreter-invalid',
      message: `the bundled interpreter ${path}.old is not there`,
    });
  });
});
