import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/system.js';
import type { TopicPartition } from '../../src/connect/kafka/interfaces.js';
import type { Connection } from '../../src/run/connection.js';
import { dashboardFrame } from '../../src/run/dashboard-frame.js';
import { DashboardState } from '../../src/run/dashboard-state.js';
import { keyOf } from '../../src/run/idle-watch.js';
import type { PipelineRunOptions } from '../../src/run/interfaces.js';
import { groupOf } from '../../src/run/internal-topics.js';
import { openWork } from '../../src/run/open-work.js';
import { startPipelineRun } from '../../src/run/pipeline-run.js';
import { fingerprintOf, jobMaker, loopSources } from '../../src/run/plan-parts.js';
import { ReferenceTables } from '../../src/run/reference-tables.js';
import { Report } from '../../src/run/report.js';
import type { Work } from '../../src/run/work.js';
import {
  expectEachOnce,
  finalResults,
  type Ground,
  makeTrips,
  naiveWindows,
  onGround,
  placeOf,
  prepareTrips,
  readTopic,
  send,
  tripsPlan,
  waitUntil,
} from './trips.js';

let broker: Ground['broker'];
let connection: Connection;

onGround((ground) => ({ broker, connection } = ground));

function optionsOf(name: string): PipelineRunOptions {
  return { plan: tripsPlan(name), place: placeOf(broker.settings), bounded: true, sessionTimeoutMs: 6_000 };
}

async function runAll(name: string): Promise<void> {
  const { error } = await startPipelineRun(optionsOf(name)).done;
  if (error) throw error;
}

/** Does the work of one worker as a session does, without the session: `then` is what happens after its end. */
async function work(name: string, then: (work: Work) => Promise<void>): Promise<void> {
  const options = optionsOf(name);
  const partitions = [0, 1, 2].map((partition): TopicPartition => ({ topic: `${name}-in`, partition }));
  const report = new Report(options.plan, new DashboardState(dashboardFrame(options.plan), systemClock), {});
  const ends = new Map((await connection.ends(partitions)).map((end) => [keyOf(end), end.offset]));
  const fetcher = connection.fetcher({});
  const none = async (): Promise<void> => undefined;
  const group = connection.group(
    {
      groupId: groupOf(name),
      topics: [`${name}-in`],
      assignors: ['places'],
      sessionTimeoutMs: 6_000,
      heartbeatMs: 1_000,
    },
    { assigned: none, revoked: none, lost: none, failed: () => undefined },
  );
  await group.start();
  const opened = await openWork(
    {
      options,
      connection,
      report,
      fetcher,
      sources: loopSources(options),
      jobs: jobMaker(options, new ReferenceTables(options, report)),
      local: undefined,
      fingerprint: fingerprintOf(options),
      ends: async () => ends,
      allPartitions: async () => partitions,
      resetState: false,
      beginning: undefined,
      isKnown: false,
    },
    group,
    partitions,
  );
  while (!opened.finished) {
    const records = await fetcher.next(100);
    if (records) await opened.take(records);
  }
  expect(await opened.finish()).toBe(true);
  await then(opened);
  await opened.close();
  await group.leave();
  await fetcher.close();
}

describe('one worker alone', () => {
  it('keeps what was open at the end of a bounded run, when a rebalance comes before it has left', async () => {
    const name = await prepareTrips(connection, 'rebalanced-end');
    const trips = makeTrips(5, 400, 6);
    await send(connection, `${name}-in`, trips.slice(0, 600));
    await work(name, (ended) => ended.save());
    const given = (await readTopic(connection, `${name}-out`)).length;
    await runAll(name);
    expect(await readTopic(connection, `${name}-out`)).toHaveLength(given);
    await send(connection, `${name}-in`, trips.slice(600));
    await runAll(name);
    expect(await finalResults(connection, `${name}-out`)).toEqual(naiveWindows(trips));
  });

  it('does not give out twice what a bounded run gave out, when others come and go in between', async () => {
    const name = await prepareTrips(connection, 'joined-end');
    const trips = makeTrips(6, 400, 6);
    await send(connection, `${name}-in`, trips);
    await runAll(name);
    await expectEachOnce(connection, name, trips);
    const options = { ...optionsOf(name), bounded: false };
    const first = startPipelineRun(options);
    await waitUntil(() => first.snapshot().state === 'running', 'the first');
    const second = startPipelineRun(options);
    await waitUntil(() => second.snapshot().notes.some(({ text }) => text.includes('shares the work')), 'the second');
    for (const run of [second, first]) expect((await run.stop()).error).toBeUndefined();
    await runAll(name);
    await expectEachOnce(connection, name, trips);
  });
});
