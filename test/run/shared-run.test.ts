import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { systemClock, systemNetwork } from '../../src/base/system.js';
import type { Connection } from '../../src/run/connection.js';
import type { PipelineRun, PipelineRunOptions } from '../../src/run/interfaces.js';
import { startPipelineRun } from '../../src/run/pipeline-run.js';
import { CutNetwork } from '../support/cut-network.js';
import {
  expectEachOnce,
  type Ground,
  makeTrips,
  onGround,
  placeOf,
  prepareTrips,
  send,
  tripsPlan,
  waitUntil,
} from './trips.js';

const SEED = 20240302;
let broker: Ground['broker'];
let connection: Connection;

onGround((ground) => ({ broker, connection } = ground));

interface Worker {
  readonly run: PipelineRun;
  readonly network: CutNetwork;
}

function startWorker(name: string, options: Partial<PipelineRunOptions> = {}): Worker {
  const network = new CutNetwork(systemNetwork);
  const place = placeOf({ ...broker.settings, retryTimeoutMs: 500 });
  const run = startPipelineRun({
    plan: tripsPlan(name),
    place: { ...place, edges: { ...place.edges, network } },
    checkpointEveryMs: 50,
    sessionTimeoutMs: 6_000,
    ...options,
  });
  return { run, network };
}

/** Several workers to the end of what there is. */
async function runAll(name: string, workers: number): Promise<void> {
  const runs = Array.from({ length: workers }, () => startWorker(name, { bounded: true }).run);
  for (const run of runs) {
    const { error } = await run.done;
    if (error) throw error;
  }
}

/** With how many others a run says it shares the work, as of its newest note of it. */
function shares(run: PipelineRun): number {
  const told = run.snapshot().notes.flatMap(({ text }) => /shares the work with (\d+)/.exec(text)?.[1] ?? []);
  return Number(told.at(-1) ?? 0);
}

function rowsIn(runs: readonly PipelineRun[]): number {
  return runs.reduce((sum, run) => sum + run.snapshot().counts.rowsIn, 0);
}

describe('several workers of a pipeline', () => {
  it.each([1, 2, 3, 4])('give what one gives: %d', async (workers) => {
    const name = await prepareTrips(connection, `workers-${workers}`);
    const trips = makeTrips(SEED, 1_000, 12);
    const running = Array.from({ length: workers }, () => startWorker(name).run);
    await waitUntil(() => running.every((run) => shares(run) === workers - 1), 'everybody');
    await send(connection, `${name}-in`, trips);
    await waitUntil(() => rowsIn(running) === trips.length, 'rows');
    for (const run of running) expect((await run.stop()).error).toBeUndefined();
    await runAll(name, workers);
    await expectEachOnce(connection, name, trips);
    const rows = running.map((run) => run.snapshot().counts.rowsIn);
    expect(rows.filter((count) => count > 0)).toHaveLength(Math.min(workers, 3));
  });

  it('give out what is open at the end of a bounded run, once', async () => {
    const name = await prepareTrips(connection, 'bounded');
    const trips = makeTrips(SEED + 3, 20_000, 12);
    await send(connection, `${name}-in`, trips);
    await runAll(name, 3);
    await expectEachOnce(connection, name, trips);
    await runAll(name, 2);
    await expectEachOnce(connection, name, trips);
  });

  it('come and go while rows come', async () => {
    const name = await prepareTrips(connection, 'come-and-go');
    const trips = makeTrips(SEED + 1, 2_000, 20);
    const random = seededRandom(SEED);
    const running: Worker[] = [];
    for (let at = 0; at < trips.length; at += 1_000) {
      await send(connection, `${name}-in`, trips.slice(at, at + 1_000));
      if (running.length > 0 && random.below(3) === 0) await running.shift()!.run.stop();
      else if (running.length < 3) running.push(startWorker(name));
      await systemClock.sleep(random.below(400));
    }
    for (const { run } of running) expect((await run.stop()).error).toBeUndefined();
    await runAll(name, 2);
    await expectEachOnce(connection, name, trips);
  });

  it('lose nothing and give nothing twice when they are killed', async () => {
    const name = await prepareTrips(connection, 'killed');
    const trips = makeTrips(SEED + 4, 6_000, 30);
    const random = seededRandom(SEED);
    let at = 0;
    let killed = 0;
    const workers = [startWorker(name), startWorker(name)];
    while (at < trips.length) {
      await send(connection, `${name}-in`, trips.slice(at, at + 6_000));
      at += 6_000;
      await systemClock.sleep(random.below(300));
      const victim = random.below(2);
      workers[victim]!.network.cut();
      killed++;
      const dead = workers[victim]!.run;
      workers[victim] = startWorker(name);
      void dead.stop();
      await waitUntil(() => workers[victim]!.run.snapshot().state !== 'starting', 'the next worker');
    }
    expect(killed).toBe(3);
    for (const { run } of workers) expect((await run.stop()).error).toBeUndefined();
    await runAll(name, 2);
    await expectEachOnce(connection, name, trips);
  }, 120_000);
});
