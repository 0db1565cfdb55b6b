import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import type { Verifier } from '../../signing/signer.ts';
import type { ObjectReader } from '../../store/object-store.ts';
import { mapConcurrently, sha256Of } from '../../system/files.ts';
import { refuseOlderHead, type ReadHead } from '../older-head.ts';
import { decodeText } from './invalid.ts';
import { parseRelease, type ReleaseFile } from './release-file.ts';

/** How many objects are asked for at once. */
const atOnce = 6;

interface Source {
  readonly reader: ObjectReader;
  readonly verifier: Verifier;
}

/** What InRelease says of the objects beside it. */
export interface AptHead extends ReadHead {
  /** Key of the directory that it is in. */
  readonly root: string;
  /** What was signed, as Release holds it. */
  readonly text: Buffer;
  /** The indexes that it names. */
  readonly files: readonly ReleaseFile[];
}

/** Whether an object is the one that the head names. */
async function isCurrent(key: string, file: ReleaseFile, reader: ObjectReader): Promise<boolean> {
  const stored = await reader.head(key);
  if (stored?.size !== file.size) return false;
  if (stored.sha256 !== undefined) return stored.sha256 === file.sha256;
  const bytes = (await reader.get(key))?.bytes;
  return bytes !== undefined && sha256Of(bytes) === file.sha256;
}

function hasCode(error: unknown, code: CoachbuilderError['code']): boolean {
  return error instanceof CoachbuilderError && error.code === code;
}

async function isSignatureOf(release: Buffer, key: string, { reader, verifier }: Source): Promise<boolean> {
  const signature = await reader.get(key);
  if (signature === undefined) return false;
  try {
    await verifier.verifyDetached(release, signature.bytes.toString('latin1'), `${reader.title}/${key}`);
    return true;
  } catch (error) {
    if (hasCode(error, 'signature-invalid')) return false;
    throw error;
  }
}

/** The date of a Release; undefined for what is none. */
function dateOf(bytes: Buffer, origin: string): number | undefined {
  try {
    return parseRelease(decodeText(bytes, origin), origin).date;
  } catch (error) {
    if (hasCode(error, 'repository-invalid')) return undefined;
    throw error;
  }
}

/** Looks at a Release that is not the head's: what no key of ours has signed is damaged, or half written, and no more. */
async function refuseNewerRelease(head: AptHead, source: Source): Promise<void> {
  const { reader } = source;
  const [key, signature] = [`${head.root}/Release`, `${head.root}/Release.gpg`] as const;
  const bytes = (await reader.get(key))?.bytes;
  const date = bytes === undefined ? undefined : dateOf(bytes, `${reader.title}/${key}`);
  if (bytes === undefined || date === undefined || date <= head.date) return;
  if (!(await isSignatureOf(bytes, signature, source))) return;
  const restore =
    'Restore InRelease of that date from a copy, or make it of Release: gpg --local-user <fingerprint> --digest-algo SHA512 --clearsign --output InRelease Release';
  await refuseOlderHead(head, { keys: [key, signature], date }, { reader, restore });
}

/**
 * What older clients read beside a head.
 * @returns keys of all of it, and of what is not what the head says
 * @throws CoachbuilderError `repository-invalid` when it is newer than the head
 */
export async function readAliases(
  head: AptHead,
  source: Source,
): Promise<{ readonly keys: readonly string[]; readonly stale: readonly string[] }> {
  const { root, text } = head;
  const sha256 = sha256Of(text);
  const aliases = [...head.files, { path: 'Release', size: text.length, sha256 }];
  const keys = aliases.map(({ path }) => `${root}/${path}`);
  const current = await mapConcurrently(aliases, atOnce, (file) =>
    isCurrent(`${root}/${file.path}`, file, source.reader),
  );
  if (current.at(-1) === false) await refuseNewerRelease(head, source);
  const signature = `${root}/Release.gpg`;
  const stale = keys.filter((_, index) => current[index] === false);
  if (!(await isSignatureOf(text, signature, source))) stale.push(signature);
  return { keys: [...keys, signature], stale };
}
