// Adds lines to the object `index` of a directory store by comparing and swapping; a process of its own, to be killed.
// Arguments: module of the store, directory, name of the writer, number of lines (0: without end), `swap` or `overwrite`.
import { createHash } from 'node:crypto';

const [module, root, name, count, mode] = process.argv.slice(2);
const { DirectoryStore } = await import(module);
const store = new DirectoryStore(root);

async function add(line) {
  for (;;) {
    const present = await store.get('deep/index');
    // Large enough that a write takes its time.
    const text = `${present?.bytes.toString() ?? ''}${line} ${'x'.repeat(2000)}\n`;
    const bytes = Buffer.from(text);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const object = { key: 'deep/index', body: { kind: 'bytes', bytes }, size: bytes.length, sha256 };
    const swap = present === undefined ? { kind: 'absent' } : { kind: 'unchanged', etag: present.etag };
    const condition = mode === 'swap' ? swap : { kind: 'none' };
    const answer = await store.put({ ...object, contentType: 'text/plain', caching: 'revalidate' }, condition);
    if (answer.outcome === 'stored') return;
  }
}

process.stdout.write('ready\n');
for (let number = 0; count === '0' || number < Number(count); number += 1) await add(`${name}-${number}`);
