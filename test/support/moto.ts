import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { environmentOf, pythonPackages } from './python-packages.ts';

/** An independent client (botocore) and an independent server (moto, which knows If-Match from 5.2.3 on). */
export const pythonS3 = pythonPackages('moto-5.2.5-botocore-1.44.5', ['moto[server]==5.2.5', 'botocore==1.44.5']);

/** An S3 server that is not ours. It checks neither signatures nor checksums; conditions it does. */
export interface MotoServer extends AsyncDisposable {
  readonly endpoint: string;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * moto looks at If-Match and then stores, in a thread for each request: of two that arrive together both may win, which
 * S3 promises never to happen. One after the other, as here, it keeps that promise.
 */
const program = `
import sys, threading
import moto.server

serve, lock = moto.server.run_simple, threading.Lock()

def serve_one_by_one(host, port, application, **options):
    def one(environ, start_response):
        with lock:
            return list(application(environ, start_response))
    serve(host, port, one, **options)

moto.server.run_simple = serve_one_by_one
moto.server.main(sys.argv[1:])
`;

export async function startMoto(): Promise<MotoServer> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${String(port)}`;
  const child = spawn('python3', ['-c', program, '-H', '127.0.0.1', '-p', String(port)], {
    env: { ...process.env, ...environmentOf(pythonS3) },
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch(`${endpoint}/moto-api/`).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok === true) break;
    if (tries === 150 || child.exitCode !== null) {
      child.kill('SIGKILL');
      throw new Error('moto does not start');
    }
    await delay(200);
  }
  return {
    endpoint,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
