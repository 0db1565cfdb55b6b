import { packagedPath, type PackageFacts, type PackagedPath } from './package-facts.ts';
import { mustRunInside, type PackageManager } from './package-manager.ts';
import type { Root } from './root.ts';

/** tar's verbose listing: mode, owner, size, date, time, name, and the target of a link. */
const listed = /^(?<mode>\S{10})\s+\S+\s+\d+\s+\S+\s+\S+\s+(?<path>.*)$/;

/** Reads the output of `dpkg-deb --contents`. */
export function parseContents(text: string): readonly PackagedPath[] {
  return text.split('\n').flatMap((line) => {
    const { mode = '', path = '' } = listed.exec(line)?.groups ?? {};
    const name = mode.startsWith('l') ? path.slice(0, path.lastIndexOf(' -> ')) : path;
    const entry = packagedPath(mode, name);
    return entry === undefined ? [] : [entry];
  });
}

async function describe(root: Root, file: string): Promise<PackageFacts> {
  const fields = await mustRunInside(root, ['dpkg-deb', '--show', '--showformat=${Package}\\n${Version}\\n', file]);
  const [name = '', version = ''] = fields.split('\n');
  const contents = await mustRunInside(root, ['dpkg-deb', '--contents', file]);
  // A package without the file has no conffiles.
  const conffiles = await root.run(['dpkg-deb', '--info', file, 'conffiles']);
  const configuration =
    conffiles.exitCode === 0 ? conffiles.stdout.split('\n').filter((path) => path.startsWith('/')) : [];
  return { file, name, version, entries: parseContents(contents), configuration };
}

const apt = ['apt-get', '--yes', '--quiet', '--no-install-recommends'] as const;

/** apt and dpkg; apt-get(8), dpkg-query(1). apt before 1.1 takes no files: such a root has no other way, either. */
export const debManager: PackageManager = {
  name: 'apt-get',
  describe,
  // dpkg would ask what is to become of a changed configuration file, and nobody is there to answer.
  install: (files) => [...apt, '--option=Dpkg::Options::=--force-confold', 'install', ...files],
  refresh: ['apt-get', '--quiet', 'update'],
  remove: (names) => [...apt, 'remove', ...names],
  // dpkg knows a package of which only configuration is left; apt refuses names that no archive has.
  purge: (names) => ['dpkg', '--purge', ...names],
  version: (name) => ['dpkg-query', '--show', '--showformat=${db:Status-Status} ${Version}', name],
  verify: (name) => ['dpkg', '--verify', name],
  // Images of containers leave documentation out (dpkg.cfg(5), path-exclude), and dpkg does not remember why it is not there.
  excused: /^missing\s+\/usr\/share\/doc\//,
  owner: (path) => ['dpkg-query', '--search', path],
};
