import { describe, expect, it } from 'vitest';
import { KillRun } from '../support/kill-rounds.js';

/** `npm run test:crash` runs 200. */
const ROUNDS = 4;

describe('kill -9', () => {
  it(`loses, doubles and tears nothing under an idempotent producer, in ${ROUNDS} rounds`, async () => {
    const report = await new KillRun(1).run(ROUNDS);
    expect(report.read).toBeGreaterThanOrEqual(report.acknowledged);
    expect(report.acknowledged).toBeGreaterThan(0);
  });
});
