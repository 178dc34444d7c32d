import { expect, it } from 'vitest';
import { connectionTo, fresh, runsBroker } from '../run/trips.js';
import { WorkersKillRun } from '../support/workers-kill-run.js';

const ROUNDS = Number(process.env.ROUNDS ?? 50);

it(`${ROUNDS} times kill -9 of one of two workers: every window once, none missing`, async () => {
  const broker = await runsBroker();
  const connection = connectionTo(broker.settings);
  try {
    const seed = Number(process.env.SEED ?? 11);
    const report = await new WorkersKillRun(fresh('workers'), broker.settings, connection, seed).run(ROUNDS);
    console.log(`${report.kills} kills, ${report.windows} windows, ${report.aborted} records in aborted transactions`);
    expect(report.wrong).toEqual([]);
    expect(report.aborted).toBeGreaterThan(0);
  } finally {
    await connection.close();
    await broker.stop();
  }
});
