import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface GitServerOptions {
  /** Absolute: the directory of the bare repositories. */
  readonly directory: string;
  /** Whoever does not give this name and password is answered with 401. */
  readonly credentials: { readonly user: string; readonly password: string };
  /** Words that no process of this machine may have among its arguments while a request is answered. */
  readonly secrets?: readonly string[];
}

export interface GitServer extends AsyncDisposable {
  /** `http://127.0.0.1:port`, without a slash at its end. */
  readonly url: string;
  /** The host and the port. */
  readonly authority: string;
  /** How many requests were let in, and how many were answered with 401. */
  readonly counts: { readonly allowed: number; readonly refused: number };
  /** Command lines that held a secret while a request was answered; a test may empty it. */
  readonly leaks: string[];
}

/** The arguments of all processes, as every user of the machine can read them (proc(5)). */
function commandLines(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        // It has ended.
        return [];
      }
    });
}

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
}

/** The variables of a CGI request (RFC 3875, 4.1), with those of git-http-backend(1). */
function cgiVariables(request: IncomingMessage, options: GitServerOptions): Record<string, string> {
  const [path = '/', query = ''] = (request.url ?? '/').split('?');
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: '/nonexistent',
    // git serves a repository of root to nobody else unless it is told to.
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.directory',
    GIT_CONFIG_VALUE_0: '*',
    GIT_PROJECT_ROOT: options.directory,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: decodeURIComponent(path),
    QUERY_STRING: query,
    REQUEST_METHOD: request.method ?? 'GET',
    REMOTE_ADDR: '127.0.0.1',
    REMOTE_USER: options.credentials.user,
    CONTENT_TYPE: header(request, 'content-type'),
    HTTP_CONTENT_ENCODING: header(request, 'content-encoding'),
    GIT_PROTOCOL: header(request, 'git-protocol'),
  };
}

/** What a CGI program printed: header fields, an empty line, the body (RFC 3875, 6). */
function answerWith(output: Buffer, response: ServerResponse): void {
  const end = output.indexOf('\r\n\r\n');
  let status = end === -1 ? 500 : 200;
  for (const line of output.subarray(0, Math.max(end, 0)).toString('latin1').split('\r\n')) {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else if (name !== '') response.setHeader(name, value);
  }
  response.writeHead(status).end(end === -1 ? output : output.subarray(end + 4));
}

/** Serves the repositories of a directory on loopback with git's own `git http-backend`, after asking for a password. */
export async function startGitServer(options: GitServerOptions): Promise<GitServer> {
  const counts = { allowed: 0, refused: 0 };
  const leaks: string[] = [];
  const { user, password } = options.credentials;
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

  const server = createServer((request, response) => {
    for (const words of commandLines())
      if ((options.secrets ?? []).some((secret) => words.includes(secret))) leaks.push(words);
    if (header(request, 'authorization') !== expected) {
      counts.refused += 1;
      response.writeHead(401, { 'www-authenticate': 'Basic realm="repositories"' }).end('who are you');
      return;
    }
    counts.allowed += 1;
    const backend = spawn('git', ['http-backend'], {
      env: cgiVariables(request, options),
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const output: Buffer[] = [];
    backend.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    backend.on('error', () => response.writeHead(500).end('git http-backend cannot be started'));
    backend.on('close', () => {
      answerWith(Buffer.concat(output), response);
    });
    // It answers some requests without reading them.
    backend.stdin.on('error', () => undefined);
    request.pipe(backend.stdin);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const authority = `127.0.0.1:${String(port)}`;
  return {
    url: `http://${authority}`,
    authority,
    counts,
    leaks,
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
