import type { ToolCall } from './git.ts';

export interface TarCreate {
  /** Absolute path of the archive, which is compressed with gzip. */
  readonly archive: string;
  /** Absolute. */
  readonly directory: string;
  /** The one entry of the directory that is packed, with everything below it but what git keeps for itself. */
  readonly entry: string;
  /** The time of every member, seconds since 1970. */
  readonly epoch: number;
}

/** Packs a directory so that the same content gives the same bytes (reproducible-builds.org, "Archive metadata"). */
export function tarCreate(create: TarCreate): ToolCall {
  return {
    tool: 'tar',
    args: [
      '--create',
      `--file=${create.archive}`,
      '--use-compress-program=gzip --no-name',
      '--format=gnu',
      '--sort=name',
      `--mtime=@${String(create.epoch)}`,
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '--mode=u+rwX,go+rX,go-w',
      '--exclude=.git',
      `--directory=${create.directory}`,
      '--',
      create.entry,
    ],
  };
}
