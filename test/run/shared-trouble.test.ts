import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/system.js';
import type { Connection } from '../../src/run/connection.js';
import type { PipelineRun, PipelineRunOptions } from '../../src/run/interfaces.js';
import { internalTopics, neededTopics } from '../../src/run/internal-topics.js';
import { startPipelineRun } from '../../src/run/pipeline-run.js';
import { startTestBroker, type TestBroker } from '../support/test-broker.js';
import {
  connectionTo,
  expectEachOnce,
  makeTrips,
  placeOf,
  readTopic,
  send,
  type Trip,
  tripsPlan,
  waitUntil,
} from './trips.js';

const SEED = 20240303;
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function opened(options: Parameters<typeof startTestBroker>[0] = {}): Promise<[TestBroker, Connection]> {
  const broker = await startTestBroker(options);
  const connection = connectionTo(broker.settings);
  closing.push(
    () => broker.stop(),
    () => connection.close(),
  );
  return [broker, connection];
}

function start(broker: TestBroker, name: string, options: Partial<PipelineRunOptions> = {}): PipelineRun {
  return startPipelineRun({
    plan: tripsPlan(name),
    place: placeOf(broker.settings),
    checkpointEveryMs: 50,
    sessionTimeoutMs: 6_000,
    ...options,
  });
}

function told(run: PipelineRun, text: string): boolean {
  return run.snapshot().notes.some((note) => note.text.includes(text));
}

/** Two workers that know of each other. */
async function startTwo(broker: TestBroker, name: string): Promise<PipelineRun[]> {
  const runs = [start(broker, name), start(broker, name)];
  await waitUntil(() => runs.every((run) => told(run, 'shares the work')), 'both workers');
  return runs;
}

async function stopAll(runs: readonly PipelineRun[]): Promise<void> {
  for (const run of runs) expect((await run.stop()).error).toBeUndefined();
}

async function expectOracle(broker: TestBroker, connection: Connection, name: string, trips: readonly Trip[]) {
  for (const run of [start(broker, name, { bounded: true }), start(broker, name, { bounded: true })])
    expect((await run.done).error).toBeUndefined();
  await expectEachOnce(connection, name, trips);
}

describe('two workers in trouble', () => {
  it('go on when the broker answers every twentieth request with a code that says: try again', async () => {
    const [broker, connection] = await opened({ chaos: { seed: SEED, rate: 0.05 } });
    const name = 'chaos';
    await connection.createMissing(neededTopics(tripsPlan(name)));
    const trips = makeTrips(SEED, 1_500, 12);
    const runs = await startTwo(broker, name);
    for (let at = 0; at < trips.length; at += 900) {
      await send(connection, `${name}-in`, trips.slice(at, at + 900));
      await systemClock.sleep(100);
    }
    await waitUntil(() => runs.every((run) => run.snapshot().lag === 0), 'the end of the topic');
    await stopAll(runs);
    await expectOracle(broker, connection, name, trips);
  });

  it('wait for a broker that is started anew in the middle', async () => {
    const [broker, connection] = await opened();
    const name = 'restarted';
    await connection.createMissing(neededTopics(tripsPlan(name)));
    const trips = makeTrips(SEED + 4, 900, 12);
    const runs = await startTwo(broker, name);
    await send(connection, `${name}-in`, trips.slice(0, 1_500));
    await systemClock.sleep(120);
    await broker.running.close();
    await systemClock.sleep(300);
    const { port } = broker.running;
    const again = await startTestBroker({ dataFolder: broker.folder, port });
    closing.push(() => again.running.close());
    await send(connection, `${name}-in`, trips.slice(1_500));
    await waitUntil(() => runs.every((run) => run.snapshot().lag === 0), 'the end of the topic');
    await stopAll(runs);
    await expectOracle(again, connection, name, trips);
  });

  it('let the broker forget what they have taken', async () => {
    const [, connection] = await opened();
    await connection.createMissing(neededTopics(tripsPlan('forgotten')));
    await send(connection, 'forgotten-in', makeTrips(SEED, 10, 1));
    const partitions = [0, 2].map((partition) => ({ topic: 'forgotten-in', partition }));
    await connection.deleteBefore(partitions.map((one) => ({ ...one, offset: 4 })));
    expect((await connection.offsets(partitions, 'start')).map(({ offset }) => offset)).toEqual([4, 4]);
  });

  it('set a poison record aside once, whoever reads it', async () => {
    const [broker, connection] = await opened();
    const name = 'poison';
    await connection.createMissing(neededTopics(tripsPlan(name)));
    const trips = makeTrips(SEED + 1, 400, 6);
    const runs = await startTwo(broker, name);
    await send(connection, `${name}-in`, [
      ...trips.slice(0, 600),
      '{"city":"Paris","km":',
      '\u0000',
      '{"city":"Nice","km":-1,"at":"2024-03-01T00:00:10Z"}',
      ...trips.slice(600),
    ]);
    await waitUntil(() => runs.every((run) => run.snapshot().lag === 0), 'the end of the topic');
    await stopAll(runs);
    await expectOracle(broker, connection, name, trips);
    const { deadLetters } = internalTopics(tripsPlan(name));
    expect((await readTopic(connection, deadLetters)).map(({ value }) => value)).toHaveLength(3);
  });

  it('refuse a third one with another plan, and go on', async () => {
    const [broker, connection] = await opened();
    const name = 'plans';
    await connection.createMissing(neededTopics(tripsPlan(name)));
    const trips = makeTrips(SEED + 2, 400, 6);
    const runs = await startTwo(broker, name);
    await send(connection, `${name}-in`, trips.slice(0, 600));
    const plan = tripsPlan(name);
    const nodes = plan.nodes.map((node) => (node.kind === 'aggregate' ? { ...node, allowedLatenessMs: 1_000 } : node));
    const { error } = await start(broker, name, { plan: { ...plan, nodes } }).done;
    expect(error).toMatchObject({ code: 'bad-plan', message: expect.stringContaining('runs a different plan') });
    const reset = await start(broker, name, { resetState: true }).done;
    expect(reset.error).toMatchObject({ code: 'conflict', message: expect.stringContaining('cannot be reset') });
    await send(connection, `${name}-in`, trips.slice(600));
    await waitUntil(() => runs.every((run) => run.snapshot().lag === 0), 'the end of the topic');
    await stopAll(runs);
    await expectOracle(broker, connection, name, trips);
  });

  it('leave state that a changed plan does not take', async () => {
    const [broker, connection] = await opened();
    const name = 'changed';
    await connection.createMissing(neededTopics(tripsPlan(name)));
    await send(connection, `${name}-in`, makeTrips(SEED + 3, 100, 3));
    const runs = await startTwo(broker, name);
    await waitUntil(() => runs.every((run) => run.snapshot().lag === 0), 'the end of the topic');
    await stopAll(runs);
    const plan = tripsPlan(name);
    const nodes = plan.nodes.map((node) => (node.kind === 'aggregate' ? { ...node, allowedLatenessMs: 1_000 } : node));
    const changed = { ...plan, nodes };
    const { error } = await start(broker, name, { plan: changed, bounded: true }).done;
    expect(error).toMatchObject({ code: 'bad-plan', hint: expect.stringContaining('--reset-state') });
    const anew = await start(broker, name, { plan: changed, bounded: true, resetState: true }).done;
    expect(anew.error).toBeUndefined();
    expect(anew.snapshot.counts.rowsIn).toBe(300);
  });
});
