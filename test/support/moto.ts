import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

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

/** @param python of an environment that has moto */
export async function startMoto(python: string): Promise<MotoServer> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${String(port)}`;
  const child = spawn(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
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
