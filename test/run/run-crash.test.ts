import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { systemClock, systemNetwork } from '../../src/base/system.js';
import type { ClientSettings } from '../../src/connect/kafka/interfaces.js';
import type { Connection } from '../../src/run/connection.js';
import type { Delivery, PipelineRun, PipelineRunOptions } from '../../src/run/interfaces.js';
import { neededTopics } from '../../src/run/internal-topics.js';
import { startPipelineRun } from '../../src/run/pipeline-run.js';
import { CutNetwork } from '../support/cut-network.js';
import {
  finalResults,
  fresh,
  type Ground,
  makeTrips,
  naiveWindows,
  onGround,
  placeOf,
  readTopic,
  send,
  type Trip,
  tripsPlan,
  waitUntil,
} from './trips.js';

const SEED = 20240301;
let broker: Ground['broker'];
let connection: Connection;

onGround((ground) => ({ broker, connection } = ground));

/** A static member takes its place back at once; a dead one would have to be waited for. */
function asMember(settings: ClientSettings): ClientSettings {
  return { ...settings, retryTimeoutMs: 300, properties: { 'group.instance.id': 'worker' } };
}

interface Worker {
  readonly run: PipelineRun;
  readonly network: CutNetwork;
}

function startWorker(name: string, settings: ClientSettings, options: Partial<PipelineRunOptions>): Worker {
  const network = new CutNetwork(systemNetwork);
  const place = placeOf(settings);
  const run = startPipelineRun({
    plan: tripsPlan(name),
    place: { ...place, edges: { ...place.edges, network } },
    checkpointEveryMs: 30,
    sessionTimeoutMs: 6_000,
    ...options,
  });
  return { run, network };
}

function notes({ run }: Worker, text: string): number {
  return run.snapshot().notes.filter((note) => note.text.includes(text)).length;
}

function told(worker: Worker, text: string): boolean {
  return notes(worker, text) > 0;
}

/** Runs to the end what is left, and compares with the oracle. @param once whether no window may be given out twice. */
async function expectOracle(name: string, trips: readonly Trip[], once: boolean, delivery: Delivery): Promise<void> {
  const options = { bounded: true, delivery };
  const { error } = await startWorker(name, asMember(broker.settings), options).run.done;
  expect(error).toBeUndefined();
  const expected = naiveWindows(trips);
  expect(await finalResults(connection, `${name}-out`)).toEqual(expected);
  if (once) expect(await readTopic(connection, `${name}-out`)).toHaveLength(expected.size);
}

describe('a run that is killed', () => {
  it.each(['exactly-once', 'at-least-once'] as const)(
    'again and again gives what one that was left alone gives, %s',
    async (delivery) => {
      const name = fresh(`killed-${delivery}`);
      await connection.createMissing(neededTopics(tripsPlan(name)));
      const trips = makeTrips(SEED, 2_000, 20);
      const random = seededRandom(SEED);
      const perRound = 1_200;
      for (let at = 0; at < trips.length; at += perRound) {
        await send(connection, `${name}-in`, trips.slice(at, at + perRound));
        const { run, network } = startWorker(name, asMember(broker.settings), { delivery, reconnectMs: 0 });
        await waitUntil(() => run.snapshot().counts.rowsIn > 0 || run.snapshot().state === 'failed', 'rows');
        await systemClock.sleep(random.below(120));
        network.cut();
        await run.done;
      }
      await expectOracle(name, trips, delivery === 'exactly-once', delivery);
    },
  );

  it('leaves nothing of an open transaction behind', async () => {
    const name = fresh('open');
    await connection.createMissing(neededTopics(tripsPlan(name)));
    const trips = makeTrips(SEED + 1, 500, 10);
    await send(connection, `${name}-in`, trips);
    // Results go out, but no checkpoint comes before the end.
    const options = { checkpointEveryMs: 3_600_000, reconnectMs: 0 };
    const { run, network } = startWorker(name, asMember(broker.settings), options);
    await waitUntil(() => run.snapshot().counts.resultsOut > 0, 'results');
    await waitUntil(() => run.snapshot().counts.rowsIn >= trips.length, 'rows');
    await systemClock.sleep(100);
    network.cut();
    await run.done;
    await expectOracle(name, trips, true, 'exactly-once');
  });
});

describe('a run that sleeps longer than its session', () => {
  it('finds its place taken when it wakes up, joins again, and gives out nothing twice', async () => {
    const name = fresh('zombie');
    await connection.createMissing(neededTopics(tripsPlan(name)));
    const trips = makeTrips(SEED + 2, 600, 10);
    await send(connection, `${name}-in`, trips.slice(0, 900));
    const first = startWorker(name, broker.settings, {});
    await waitUntil(() => first.run.snapshot().counts.rowsIn >= 900, 'the first run');
    const second = startWorker(name, broker.settings, {});
    await waitUntil(() => told(second, 'shares the work'), 'the second run');
    await waitUntil(() => told(first, 'shares the work'), 'the first run');
    // Rows come while the first one sleeps: it has read them when it wakes up, or reads them then.
    first.network.hold();
    await send(connection, `${name}-in`, trips.slice(900));
    await waitUntil(() => told(second, 'works alone'), 'the end of the session');
    await waitUntil(() => second.run.snapshot().counts.rowsIn >= 900, 'the rows');
    first.network.release();
    await waitUntil(() => notes(first, 'shares the work') > 1, 'the return of the first run');
    await second.run.stop();
    await first.run.stop();
    await expectOracle(name, trips, true, 'exactly-once');
  });
});
