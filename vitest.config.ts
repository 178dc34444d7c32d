import { defineConfig } from 'vitest/config';

// A script that adds up several suites names a file for the machine-readable report.
const report = process.env.STREAMCTL_TEST_REPORT;

export default defineConfig({
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    // Long rounds have scripts of their own: npm run test:crash, test:fuzz.
    exclude: ['test/crash/**'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 2,
    ...(report ? { reporters: ['default', 'json'], outputFile: { json: report } } : {}),
  },
});
