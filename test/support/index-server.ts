import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { parseSdistName } from '../../src/python/sdist-name.ts';
import { parseWheelName } from '../../src/python/wheel-name.ts';

export interface IndexServerOptions {
  /** Whoever does not give this name and password is answered with 401. */
  readonly credentials?: { readonly user: string; readonly password: string };
  /** `data-requires-python` by file name. */
  readonly requiresPython?: Readonly<Record<string, string>>;
}

export interface IndexServer extends AsyncDisposable {
  /** Address of the simple index, with the credentials when there are any. */
  readonly url: string;
  /** The same without credentials. */
  readonly publicUrl: string;
  /** Paths of all requests so far. */
  readonly requests: readonly string[];
  /** Serves other bytes under a file's name, while the index page still tells the old digest. */
  tamper(fileName: string, content: Uint8Array): void;
}

function projectOf(fileName: string): string | undefined {
  return fileName.endsWith('.whl') ? parseWheelName(fileName).name : parseSdistName(fileName)?.name;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** A simple index (PEP 503) on loopback over a directory of wheels and sdists; new files are seen at once. */
export async function startIndexServer(directory: string, options: IndexServerOptions = {}): Promise<IndexServer> {
  const requests: string[] = [];
  const tampered = new Map<string, Uint8Array>();
  const files = (): readonly string[] => readdirSync(directory).filter((name) => /\.(?:whl|tar\.gz|zip)$/.test(name));

  const page = (project: string): string | undefined => {
    const links = files()
      .filter((name) => projectOf(name) === project)
      .map((name) => {
        const digest = createHash('sha256')
          .update(readFileSync(join(directory, name)))
          .digest('hex');
        const requires = options.requiresPython?.[name];
        const attribute = requires === undefined ? '' : ` data-requires-python="${escapeHtml(requires)}"`;
        return `<a href="../../files/${name}#sha256=${digest}"${attribute}>${name}</a><br>`;
      });
    return links.length === 0 ? undefined : `<!DOCTYPE html><html><body>${links.join('\n')}</body></html>`;
  };

  const allowed = (request: IncomingMessage): boolean => {
    if (options.credentials === undefined) return true;
    const { user, password } = options.credentials;
    return request.headers.authorization === `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  };

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url ?? '/';
    requests.push(path);
    if (!allowed(request)) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="index"' }).end('who are you');
      return;
    }
    const file = /^\/files\/([^/]+)$/.exec(path)?.[1];
    if (file !== undefined && files().includes(file)) {
      const content = tampered.get(file) ?? readFileSync(join(directory, file));
      response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': content.length });
      response.end(request.method === 'HEAD' ? undefined : content);
      return;
    }
    const project = /^\/simple\/([^/]+)\/$/.exec(path)?.[1];
    const text = project === undefined ? undefined : page(project);
    if (text === undefined) response.writeHead(404).end('not found');
    else response.writeHead(200, { 'content-type': 'text/html' }).end(text);
  };

  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const host = `127.0.0.1:${String(port)}`;
  const { credentials } = options;
  const information =
    credentials === undefined
      ? ''
      : `${encodeURIComponent(credentials.user)}:${encodeURIComponent(credentials.password)}@`;
  return {
    url: `http://${information}${host}/simple/`,
    publicUrl: `http://${host}/simple/`,
    requests,
    tamper(fileName, content) {
      tampered.set(fileName, content);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}
