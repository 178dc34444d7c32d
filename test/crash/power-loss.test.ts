import { describe, expect, it } from 'vitest';
import { runPowerLoss } from '../support/power-loss-run.js';

const SEEDS = 5000;
/** On two cores. */
const LIMIT_MS = 60_000;

describe('a power loss', () => {
  it(`loses nothing that was acknowledged, in ${SEEDS} runs within a minute`, async () => {
    const started = performance.now();
    for (let seed = 1; seed <= SEEDS; seed++) {
      await expect(runPowerLoss(seed), `seed ${seed}`).resolves.toBeUndefined();
    }
    expect(performance.now() - started).toBeLessThan(LIMIT_MS);
  });
});
