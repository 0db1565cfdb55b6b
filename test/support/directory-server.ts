import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface DirectoryServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`. */
  readonly address: string;
  /** Serves other bytes at a path, until it is told undefined. */
  replace(path: string, content: Uint8Array | undefined): void;
}

/** Serves a directory on loopback; what is not there is forbidden, as on S3 where listing is not allowed. */
export async function serveDirectory(root: string): Promise<DirectoryServer> {
  const replaced = new Map<string, Uint8Array>();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    const file = join(root, path);
    const isFile = statSync(file, { throwIfNoEntry: false })?.isFile() === true;
    const content = replaced.get(path) ?? (isFile ? readFileSync(file) : undefined);
    response.writeHead(content === undefined ? 403 : 200, {
      'cache-control': 'no-cache',
      'content-length': content?.length ?? 0,
    });
    response.end(request.method === 'HEAD' ? undefined : content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    replace(path, content) {
      if (content === undefined) replaced.delete(path);
      else replaced.set(path, content);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
