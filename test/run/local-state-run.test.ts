import { beforeEach, describe, expect, it } from 'vitest';
import { KafkaClient } from '../../src/connect/kafka/client.js';
import type { Connection } from '../../src/run/connection.js';
import type { EndSummary, PipelineRun, PipelineRunOptions } from '../../src/run/interfaces.js';
import { internalTopics } from '../../src/run/internal-topics.js';
import { startPipelineRun } from '../../src/run/pipeline-run.js';
import { deleteTopicsApi } from '../../src/wire/apis/20-delete-topics.js';
import { testEdges } from '../support/client-edges.js';
import { SimFiles } from '../support/sim-files.js';
import {
  expectEachOnce,
  finalResults,
  type Ground,
  makeTrips,
  naiveWindows,
  onGround,
  placeOf,
  prepareTrips,
  send,
  type Trip,
  tripsPlan,
  waitUntil,
} from './trips.js';

const SEED = 20240311;
let broker: Ground['broker'];
let connection: Connection;
let files: SimFiles;

onGround((ground) => ({ broker, connection } = ground));
beforeEach(() => {
  files = new SimFiles();
});

function start(name: string, options: Partial<PipelineRunOptions> = {}): PipelineRun {
  const place = placeOf(broker.settings);
  return startPipelineRun({
    plan: tripsPlan(name),
    place: { ...place, edges: { ...place.edges, files } },
    checkpointEveryMs: 50,
    sessionTimeoutMs: 6_000,
    stateFolder: '/state',
    ...options,
  });
}

/** Runs until these trips are read, and stops with windows open. */
async function runOver(name: string, trips: readonly Trip[], options: Partial<PipelineRunOptions> = {}) {
  await send(connection, `${name}-in`, trips);
  const run = start(name, options);
  await waitUntil(() => run.snapshot().state === 'failed' || run.snapshot().counts.rowsIn >= trips.length, 'rows');
  const end = await run.stop();
  expect(end.error).toBeUndefined();
  return end;
}

/** Deletes the topic of the states: the next run makes an empty one. */
async function loseTopic(name: string): Promise<void> {
  const topic = internalTopics(tripsPlan(name)).changelog;
  const topics = [{ name: topic, topicId: 'A'.repeat(22) }];
  const request = { topics, topicNames: [topic], timeoutMs: 10_000 };
  const client = new KafkaClient(broker.settings, testEdges());
  await client.call(deleteTopicsApi, request, 'controller', { what: 'cannot delete' });
  await client.close();
}

function notesOf({ snapshot }: EndSummary): string {
  return snapshot.notes.map(({ level, text }) => `${level}: ${text}`).join('\n');
}

describe('a run with local state', () => {
  const trips = makeTrips(SEED, 300, 8);
  const half = trips.slice(0, 450);
  const rest = trips.slice(450);

  it('goes on from it, even when the topic of the states is lost', async () => {
    const name = await prepareTrips(connection, 'local-used');
    const first = await runOver(name, half);
    expect(first.snapshot.localState).toMatchObject({ folder: `/state/${name}`, failures: 0 });
    expect(files.list(`/state/${name}`)).toEqual(['state.state']);
    await loseTopic(name);
    await send(connection, `${name}-in`, rest);
    const end = await start(name, { bounded: true }).done;
    expect(notesOf(end)).toContain(`info: the state of the last checkpoint was read from /state/${name}/state.state`);
    expect(end.error).toBeUndefined();
    await expectEachOnce(connection, name, trips);
  });

  it.each(['damaged', 'old', 'cut', 'foreign'] as const)('reads the topic where a file is %s', async (how) => {
    const name = await prepareTrips(connection, `local-${how}`);
    const path = `/state/${name}/state.state`;
    await runOver(name, half.slice(0, 225));
    const old = files.readFile(path);
    await runOver(name, half.slice(225));
    if (how === 'damaged') files.flipBit(path, files.stamp(path)!.sizeBytes - 9, 2);
    else if (how === 'old') files.replaceFile(path, old);
    else if (how === 'cut') files.replaceFile(path, files.readFile(path).subarray(0, -40));
    else {
      await prepareTrips(connection, `${name}-other`);
      await runOver(`${name}-other`, half);
      files.replaceFile(path, files.readFile(`/state/${name}-other/state.state`));
    }
    await send(connection, `${name}-in`, rest);
    const end = await start(name, { bounded: true }).done;
    expect(notesOf(end)).toMatch(/the local state \S+ was removed: .*; the state is read from its topic/);
    expect(end.error).toBeUndefined();
    await expectEachOnce(connection, name, trips);
  });

  it('says so when neither the file nor the topic has the committed state, and begins anew when it is told to', async () => {
    const name = await prepareTrips(connection, 'local-lost');
    const path = `/state/${name}/state.state`;
    await runOver(name, half.slice(0, 225));
    const old = files.readFile(path);
    await runOver(name, half.slice(225));
    files.replaceFile(path, old);
    await loseTopic(name);
    await send(connection, `${name}-in`, rest);
    const { error } = await start(name, { bounded: true }).done;
    expect(error).toMatchObject({ code: 'log-corrupt', hint: expect.stringContaining('--reset-state') });
    const end = await start(name, { bounded: true, resetState: true }).done;
    expect(end.error).toBeUndefined();
    expect(await finalResults(connection, `${name}-out`)).toEqual(naiveWindows(trips));
  });

  it('goes on over a full disk, says it once, and counts', async () => {
    const name = await prepareTrips(connection, 'local-full');
    files.isFull = true;
    const first = await runOver(name, half);
    expect(first.snapshot.localState).toMatchObject({
      written: 0,
      failures: 1,
      problem: expect.stringContaining('no space left'),
    });
    expect(notesOf(first).match(/warning: local state cannot be kept/g)).toHaveLength(1);
    await send(connection, `${name}-in`, rest);
    expect((await start(name, { bounded: true }).done).error).toBeUndefined();
    await expectEachOnce(connection, name, trips);
  });

  it('keeps that of each share, whoever has it, and one file again when one worker does all', async () => {
    const name = await prepareTrips(connection, 'local-shares');
    await send(connection, `${name}-in`, half);
    const two = [start(name), start(name)];
    await waitUntil(
      () => two.every((run) => run.snapshot().notes.some(({ text }) => text.includes('shares the work'))),
      'both workers',
    );
    await waitUntil(() => two.reduce((sum, run) => sum + run.snapshot().counts.rowsIn, 0) >= half.length, 'rows');
    const ends = await Promise.all(two.map((run) => run.stop()));
    for (const { error } of ends) expect(error).toBeUndefined();
    expect(files.list(`/state/${name}`).filter((file) => /%2F\d+\.state$/.test(file)).length).toBeGreaterThan(1);
    await send(connection, `${name}-in`, rest);
    const end = await start(name).stop();
    expect(end.error).toBeUndefined();
    expect((await start(name, { bounded: true }).done).error).toBeUndefined();
    await expectEachOnce(connection, name, trips);
    const alone = await runOver(name, [{ ...trips.at(-1)!, at: trips.at(-1)!.at + 3_600_000 }]);
    expect(alone.error).toBeUndefined();
    expect(files.list(`/state/${name}`)).toEqual(['state.state']);
  });
});
