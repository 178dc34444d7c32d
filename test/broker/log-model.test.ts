import { describe, expect, it } from 'vitest';
import { runLogModel } from '../support/log-model-run.js';

const SEEDS = 200;

describe('logs under transactions, compaction, retention, deletion and faults', () => {
  it(`hold what counts and nothing else, in ${SEEDS} runs`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      await expect(runLogModel(seed), `seed ${seed}`).resolves.toBeUndefined();
    }
  }, 120_000);
});
