import { defineConfig } from 'vitest/config';

/** The long suites of `npm run test:crash`: thousands of power losses, hundreds of kills. */
export default defineConfig({
  test: { include: ['test/crash/**/*.test.ts'], testTimeout: 1_200_000, pool: 'forks', maxWorkers: 2 },
});
