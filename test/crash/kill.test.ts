import { expect, it } from 'vitest';
import { KillRun } from '../support/kill-rounds.js';

const ROUNDS = 200;

it(`${ROUNDS} times kill -9 lose, double and tear nothing`, async () => {
  const report = await new KillRun(Number(process.env.SEED ?? 7)).run(ROUNDS);
  expect(report.read).toBeGreaterThanOrEqual(report.acknowledged);
  expect(report.acknowledged).toBeGreaterThan(ROUNDS);
});
