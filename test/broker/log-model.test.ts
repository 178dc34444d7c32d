import { describe, expect, it } from 'vitest';
import { runLogModel } from '../support/log-model-run.js';

const SEEDS = 200;

describe('logs under transactions, compaction, retention, deletion and faults', () => {
  it(`hold what counts and nothing else, in ${SEEDS} runs`, async () => {
    // The last one once had what compaction had made of records that a power loss then took.
    for (const seed of [...Array.from({ length: SEEDS }, (_, n) => n + 1), 1730]) {
      await expect(runLogModel(seed), `seed ${seed}`).resolves.toBeUndefined();
    }
  }, 120_000);
});
