import { Option } from 'commander';

import { lintModes } from '../lint/mode.ts';

/** How what was built is looked at for what is wrong with it; `build-package` and `build-release-package` share it. */
export function lintOption(): Option {
  return new Option(
    '--lint <mode>',
    'Have lintian and rpmlint look at what was built, where they are installed; only where they are; or not at all',
  )
    .choices(lintModes)
    .default('auto');
}
