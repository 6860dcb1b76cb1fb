import { defineConfig } from 'vitest/config';
import { tableReporter } from './table.ts';

const root = new URL('../..', import.meta.url).pathname;

// One thing at a time: a second worker would be measured, too.
export default defineConfig({
  root,
  test: {
    include: ['test/bench/**/*.bench.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', tableReporter('.vitest/bench.json')],
    maxWorkers: 1,
    testTimeout: 300_000,
    hookTimeout: 60_000,
    teardownTimeout: 60_000,
  },
});
