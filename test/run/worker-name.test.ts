import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemCrypto } from '../../src/base/crypto.js';
import type { Network } from '../../src/base/network.js';
import { systemClock, systemNetwork } from '../../src/base/system.js';
import type { Connection } from '../../src/run/connection.js';
import type { EndSummary, PipelineRun, RunPlace } from '../../src/run/interfaces.js';
import { neededTopics } from '../../src/run/internal-topics.js';
import { startPipelineRun } from '../../src/run/pipeline-run.js';
import { takeWorkerName } from '../../src/run/worker-name.js';
import { SimNetwork } from '../support/sim-network.js';
import {
  connectionTo,
  finalResults,
  fresh,
  makeTrips,
  naiveWindows,
  placeOf,
  readTopic,
  runsBroker,
  send,
  tripsPlan,
} from './trips.js';

describe('the name of a worker', () => {
  const crypto = systemCrypto;

  it('is the first free one of its machine, and free again when its worker is gone', async () => {
    const network = new SimNetwork();
    const take = (group = 'g', plan = 'aa') => takeWorkerName({ network, crypto }, group, plan);
    const first = (await take())!;
    const second = (await take())!;
    expect(first.instanceId).toMatch(/^streamctl-[0-9a-f]{16}-0-aa$/);
    expect(second.instanceId).toMatch(/^streamctl-[0-9a-f]{16}-1-aa$/);
    await first.release();
    expect((await take())!.instanceId).toBe(first.instanceId);
    expect((await take('other'))!.instanceId).toBe(first.instanceId);
    expect((await take('another', 'bb'))!.instanceId).toMatch(/-0-bb$/);
  });

  it('is none where there are no locks, or no free one', async () => {
    const none = { lockScope: () => '', lock: () => Promise.reject(new Error('no locks here')) } as unknown as Network;
    expect(await takeWorkerName({ network: none, crypto }, 'g', 'aa')).toBeUndefined();
    const full = { lockScope: () => '', lock: () => Promise.resolve(undefined) } as unknown as Network;
    expect(await takeWorkerName({ network: full, crypto }, 'g', 'aa')).toBeUndefined();
  });
});

describe('a worker with the name of another one', () => {
  let broker: Awaited<ReturnType<typeof runsBroker>>;
  let connection: Connection;
  beforeAll(async () => {
    broker = await runsBroker();
    connection = connectionTo(broker.settings);
  });
  afterAll(async () => {
    await connection.close();
    await broker.stop();
  });

  /** A machine on which every worker finds the first name free: as if the one before had been killed. */
  function killedBefore(): RunPlace {
    const place = placeOf(broker.settings);
    const network: Network = { ...systemNetwork, lock: async () => ({ release: async () => undefined }) };
    return { ...place, edges: { ...place.edges, network } };
  }

  async function until(run: PipelineRun, holds: () => boolean): Promise<void> {
    let end: EndSummary | undefined;
    void run.done.then((summary) => {
      end = summary;
    });
    while (!holds()) {
      if (end) throw end.error ?? new Error(`the run ended: ${end.reason}`);
      await systemClock.sleep(20);
    }
  }

  it('takes its place at once and fences it; every row counts once', async () => {
    const name = fresh('same-name');
    const plan = tripsPlan(name);
    await connection.createMissing(neededTopics(plan));
    const trips = makeTrips(11, 600, 6);
    await send(connection, `${name}-in`, trips.slice(0, 900));
    // Nobody waits for sessions of this length.
    const options = { plan, place: killedBefore(), sessionTimeoutMs: 30_000 };
    const zombie = startPipelineRun(options);
    await until(zombie, () => zombie.snapshot().counts.rowsIn >= 900);
    const beganMs = systemClock.elapsed();
    const next = startPipelineRun(options);
    await send(connection, `${name}-in`, trips.slice(900));
    await until(next, () => next.snapshot().counts.rowsIn >= 300);
    expect(systemClock.elapsed() - beganMs).toBeLessThan(20_000);
    // The one that was fenced comes back without a name, and nobody fences the other for ever.
    await until(zombie, () => zombie.snapshot().notes.some(({ text }) => text.endsWith('trying again')));
    await zombie.stop();
    await next.stop();
    const last = await startPipelineRun({ ...options, bounded: true }).done;
    expect(last.error).toBeUndefined();
    const expected = naiveWindows(trips);
    expect(await finalResults(connection, `${name}-out`)).toEqual(expected);
    expect(await readTopic(connection, `${name}-out`)).toHaveLength(expected.size);
  });
});
