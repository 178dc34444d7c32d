import { describe, expect, it } from 'vitest';
import { runPowerLoss } from '../support/power-loss-run.js';

const SEEDS = 5000;
/** Of processor time, so that other work on the machine does not count. */
const LIMIT_MS = 60_000;

describe('a power loss', () => {
  it(`loses nothing that was acknowledged, in ${SEEDS} runs within a minute`, async () => {
    const before = process.cpuUsage();
    for (let seed = 1; seed <= SEEDS; seed++) {
      await expect(runPowerLoss(seed), `seed ${seed}`).resolves.toBeUndefined();
    }
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(LIMIT_MS);
  });
});
