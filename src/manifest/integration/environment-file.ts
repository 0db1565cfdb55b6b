import type { PackageFormat } from '../../model/format.ts';
import { environmentFilePath } from './paths.ts';

/** `environment-file` of a service, taken apart. */
export interface EnvironmentFileReference {
  /** `-` when the file may be missing (systemd.exec(5)), else empty. */
  readonly mark: string;
  /** Absolute path, or the name of an entry of `environment-files`. */
  readonly target: string;
  readonly isName: boolean;
}

/** Takes an `environment-file` apart: what has no slash is a name. */
export function parseEnvironmentFile(written: string): EnvironmentFileReference {
  const mark = written.startsWith('-') ? '-' : '';
  const target = written.slice(mark.length);
  return { mark, target, isName: !target.includes('/') };
}

/** Where a service finds its environment file: a name stands for the place that the family has for it. */
export function environmentFileOf(written: string, format: PackageFormat): string {
  const { mark, target, isName } = parseEnvironmentFile(written);
  return isName ? `${mark}${environmentFilePath(format, target)}` : written;
}
