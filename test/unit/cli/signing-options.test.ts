import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import {
  addSigningOptions,
  readPassphrase,
  readSigningChoice,
  readSigningOptions,
  type RawSigningOptions,
  type SigningOptions,
} from '../../../src/cli/signing-options.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'cb-passphrase-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

function read(argv: readonly string[], env: Readonly<Record<string, string>> = {}): SigningOptions {
  const command = addSigningOptions(new Command().exitOverride().configureOutput({ writeErr: () => undefined }));
  command.parse([...argv], { from: 'user' });
  return readSigningOptions(command.opts<RawSigningOptions>(), { env, cwd: '/somewhere' });
}

async function complaint(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof CoachbuilderError ? `${error.code}: ${error.message}` : String(error);
}

describe('the options of commands that sign', () => {
  it('make paths absolute and take GNUPGHOME where no home is given', () => {
    expect(read([])).toEqual({ signingKey: undefined, gpgHome: undefined, passphrase: undefined });
    expect(read([], { GNUPGHOME: '' }).gpgHome).toBeUndefined();
    expect(read([], { GNUPGHOME: 'keys' }).gpgHome).toBe('/somewhere/keys');
    expect(read(['--gpg-home', '/k', '--passphrase-file=p', '--signing-key', 'AB'], { GNUPGHOME: '/x' })).toEqual({
      signingKey: 'AB',
      gpgHome: '/k',
      passphrase: { file: '/somewhere/p' },
    });
    expect(read(['--passphrase-fd', '3']).passphrase).toEqual({ descriptor: 3 });
  });

  it('take one source of the passphrase, and no descriptor that is written to', () => {
    expect(() => read(['--passphrase-fd=0', '--passphrase-file=p'])).toThrow(/cannot be used with/);
    for (const word of ['1', '2', '-1', 'x']) expect(() => read([`--passphrase-fd=${word}`])).toThrow(/descriptor/);
  });
});

describe('a passphrase', () => {
  it('is the first line of a file or a descriptor', async () => {
    expect(await readPassphrase(undefined)).toBeUndefined();
    expect(await readPassphrase({ file: file('unix', ' pass ü \nmore\n') })).toBe(' pass ü ');
    expect(await readPassphrase({ file: file('windows', 'pass\r\n') })).toBe('pass');
    expect(await readPassphrase({ file: file('bare', 'pass') })).toBe('pass');
    const descriptor = openSync(file('descriptor', 'pass\n'), 'r');
    try {
      expect(await readPassphrase({ descriptor })).toBe('pass');
    } finally {
      closeSync(descriptor);
    }
  });

  it('is missed with a reason', async () => {
    const at = 'usage: the passphrase cannot be read from';
    expect(await complaint(readPassphrase({ file: '/nowhere' }))).toBe(`${at} /nowhere: there is no such file`);
    const below = `${file('bare', 'pass')}/x`;
    expect(await complaint(readPassphrase({ file: below }))).toBe(`${at} ${below}: there is no such file`);
    const empty = file('empty', '\npass\n');
    expect(await complaint(readPassphrase({ file: empty }))).toBe(`${at} ${empty}: its first line is empty`);
    expect(await complaint(readPassphrase({ file: directory }))).toBe(
      `${at} ${directory}: the system does not let us read it`,
    );
    expect(await complaint(readPassphrase({ descriptor: 987 }))).toBe(`${at} the file descriptor 987: it is not open`);
    const huge = file('huge', 'x'.repeat(100_000));
    expect(await complaint(readPassphrase({ file: huge }))).toBe(`${at} ${huge}: it is too long`);
  });

  it('goes with the key of the command line, else of the manifest', async () => {
    const options = read([]);
    expect(await readSigningChoice(options, 'AB')).toEqual({
      fingerprint: 'AB',
      gpgHome: undefined,
      passphrase: undefined,
    });
    expect((await readSigningChoice(read(['--signing-key=CD']), 'AB')).fingerprint).toBe('CD');
    expect(await complaint(readSigningChoice(options, undefined))).toBe('key-unusable: no signing key is named');
  });
});
