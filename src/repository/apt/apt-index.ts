import { mapConcurrently } from '../../system/files.ts';
import type { IndexFormat } from '../index-format.ts';
import { fileOf, releaseDirectory } from './layout.ts';
import { readAptIndex } from './read-index.ts';
import { renderAptIndex, type AptPorts } from './render-index.ts';
import { describeDeb } from './stanza.ts';

/** How many packages are read at once. */
const atOnce = 4;

/**
 * apt's repositories: flat ones (`Suites: /`), and those below `dists` when the layout of a place is the classic one.
 * The head is InRelease, one object with its signature in it; it names its indexes by their content
 * (`Acquire-By-Hash`), so that a client which has read it gets those and no others, whatever is published meanwhile.
 */
export function aptIndex(ports: AptPorts): IndexFormat {
  const stanzaPorts = { commands: ports.commands, env: ports.environments.base };
  return {
    headOf: (place) => `${releaseDirectory(place)}/InRelease`,
    fileOf,
    read: readAptIndex,
    describe: (place, files) =>
      mapConcurrently(files, atOnce, (file) => describeDeb(file, fileOf(place, file), stanzaPorts)),
    render: (request) => renderAptIndex(request, ports),
  };
}
