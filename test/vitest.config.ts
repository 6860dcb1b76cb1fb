import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const root = new URL('..', import.meta.url).pathname;

/** Tests that drive real processes; each has its own account, sshd and terminals, so files can run side by side. */
const driven = {
  globalSetup: ['test/support/global-setup.ts'],
  testTimeout: 120_000,
  hookTimeout: 60_000,
  teardownTimeout: 60_000,
};

const steps = 'test/fault/matrix.test.ts';

/** More would only wait for each other: a test starts dozens of processes. */
const maxWorkers = Math.max(2, availableParallelism());

// Projects of another number of workers need a turn of their own; the quick ones go first.
export default defineConfig({
  root,
  test: {
    passWithNoTests: false,
    reporters: ['default', 'json', `${root}test/support/skipped.ts`],
    // Where a test stands that was skipped.
    includeTaskLocation: true,
    outputFile: { json: '.vitest/report.json' },
    projects: [
      {
        extends: true,
        // None takes a second by itself: the limit is for a machine that is busy with others.
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000 },
      },
      {
        extends: true,
        test: {
          name: 'contract',
          include: ['test/contract/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          ...driven,
          name: 'e2e',
          include: ['test/golden/**/*.test.ts', 'test/e2e/**/*.test.ts', 'test/fault/**/*.test.ts'],
          exclude: [steps],
          maxWorkers,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        // By itself: it runs two at a time, and counts system calls that depend on what else goes on.
        test: { ...driven, name: 'steps', include: [steps], maxWorkers: 1, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
