import { expect, it } from 'vitest';
import { hostileSummary, runHostile } from '../support/hostile-run.js';

const CONNECTIONS = 500;
const DURATION_MS = 5000;
const MEMORY_LIMIT_MIB = 300;

// The whole run, with its times judged, is npm run test:crash.
it.skipIf(process.platform !== 'linux')('a good client is served beside all sorts of hostile ones', async () => {
  const report = await runHostile(CONNECTIONS, DURATION_MS);
  console.log(hostileSummary(report));
  expect(report.hostile.idle).toBe(CONNECTIONS);
  expect(report.hostile.bombsAnswered).toBeGreaterThan(0);
  expect(report.peakMib).toBeLessThan(MEMORY_LIMIT_MIB);
});
