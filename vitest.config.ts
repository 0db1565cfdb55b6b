import { availableParallelism } from 'node:os';

import { defineConfig } from 'vitest/config';

/*
 * Unit tests are the default project; the slow ones, which build and install real packages, have their own. Files run
 * side by side, one a core: each has directories, ports, roots and a storage of containers of its own. More than four
 * would wait for the disk.
 */
const maxWorkers = Math.min(availableParallelism(), 4);

export default defineConfig({
  test: {
    maxWorkers,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/*.test.ts', 'test/golden/**/*.test.ts'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'acceptance',
          include: ['test/acceptance/**/*.test.ts'],
          testTimeout: 1_800_000,
          hookTimeout: 1_800_000,
        },
      },
    ],
  },
});
