import { describe, expect, it } from 'vitest';
import { runFault, runPowerLoss } from '../support/power-loss-run.js';

/** `npm run test:crash` runs 5,000. */
const SEEDS = 200;

describe('a power loss', () => {
  it(`loses nothing that was acknowledged, in ${SEEDS} runs`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      await expect(runPowerLoss(seed), `seed ${seed}`).resolves.toBeUndefined();
    }
  });
});

describe('a failing disk', () => {
  it('loses nothing that was acknowledged, whichever call of a run it is that fails', async () => {
    let call = 0;
    while (await runFault(call)) call++;
    expect(call).toBeGreaterThan(200);
  });
});
