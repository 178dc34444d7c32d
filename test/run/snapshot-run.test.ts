import { beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.js';
import type { Connection } from '../../src/run/connection.js';
import type { EndSummary, PipelineRun, PipelineRunOptions } from '../../src/run/interfaces.js';
import { neededTopics } from '../../src/run/internal-topics.js';
import { startPipelineRun } from '../../src/run/pipeline-run.js';
import { readSnapshot, writeSnapshot } from '../../src/run/snapshot-file.js';
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
  tripsPlan,
  waitUntil,
} from './trips.js';

const SEED = 20240312;
const PATH = '/out/trips.snapshot';
let broker: Ground['broker'];
let connection: Connection;
let files: SimFiles;

onGround((ground) => ({ broker, connection } = ground));
beforeEach(() => {
  files = new SimFiles();
  files.makeFolder('/out');
});

function start(name: string, options: Partial<PipelineRunOptions> = {}): PipelineRun {
  const place = placeOf(broker.settings);
  return startPipelineRun({
    plan: tripsPlan(name),
    place: { ...place, edges: { ...place.edges, files } },
    checkpointEveryMs: 50,
    sessionTimeoutMs: 6_000,
    ...options,
  });
}

async function good(run: PipelineRun): Promise<EndSummary> {
  const end = await run.done;
  expect(end.error).toBeUndefined();
  return end;
}

/** The plan with another rule for rows that come late. */
function changedPlan(name: string): Plan {
  const plan = tripsPlan(name);
  const nodes = plan.nodes.map((node) => (node.kind === 'aggregate' ? { ...node, allowedLatenessMs: 1_000 } : node));
  return { ...plan, nodes };
}

const trips = makeTrips(SEED, 300, 8);
const half = trips.slice(0, 450);
const rest = trips.slice(450);

describe('a bounded run that keeps its windows open', () => {
  it.each([1, 2])('gives out what is closed only; %d workers', async (workers) => {
    const name = await prepareTrips(connection, `kept-open-${workers}`);
    await send(connection, `${name}-in`, half);
    const runs = Array.from({ length: workers }, () => start(name, { bounded: true, keepOpen: true }));
    for (const run of runs) expect(await good(run)).toMatchObject({ reason: 'eof' });
    const whole = naiveWindows(trips);
    for (const [key, window] of await finalResults(connection, `${name}-out`)) expect(window).toEqual(whole.get(key));
    await send(connection, `${name}-in`, rest);
    await good(start(name, { bounded: true }));
    await expectEachOnce(connection, name, trips);
  });
});

describe('a snapshot of a pipeline', () => {
  it('is begun from when the progress since is dropped', async () => {
    const name = await prepareTrips(connection, 'snapshot');
    await send(connection, `${name}-in`, half);
    await good(start(name, { bounded: true, keepOpen: true }));
    const taken = await good(start(name, { snapshotTo: PATH }));
    expect(taken).toMatchObject({ reason: 'snapshot', snapshotBytes: files.stamp(PATH)!.sizeBytes });
    expect(taken.snapshot.counts.rowsIn).toBe(0);
    const snapshot = readSnapshot(files, PATH);
    expect(snapshot).toMatchObject({ pipeline: name, closedAtEof: false });
    expect(snapshot.positions.reduce((sum, { offset }) => sum + offset, 0)).toBe(half.length);
    await send(connection, `${name}-in`, rest);
    const refused = await start(name, { bounded: true, fromSnapshot: PATH }).done;
    expect(refused.error).toMatchObject({ code: 'conflict', hint: expect.stringContaining('--reset-state') });
    expect(await good(start(name, { bounded: true, fromSnapshot: PATH, resetState: true }))).toMatchObject({
      snapshot: { counts: { rowsIn: rest.length } },
    });
    await expectEachOnce(connection, name, trips);
  });

  it('serves a group without progress of its own, as often as one likes', async () => {
    const name = await prepareTrips(connection, 'snapshot-copy');
    await send(connection, `${name}-in`, half);
    await good(start(name, { bounded: true, keepOpen: true }));
    await good(start(name, { snapshotTo: PATH }));
    await send(connection, `${name}-in`, rest);
    await good(start(name, { bounded: true, fromSnapshot: PATH, group: `${name}-other` }));
    await expectEachOnce(connection, name, trips);
    // The other group goes on from its own checkpoint, and has nothing more to say.
    expect((await good(start(name, { bounded: true, group: `${name}-other` }))).snapshot.counts.resultsOut).toBe(0);
  });

  it('is of all workers, wherever they run: they save and end', async () => {
    const name = await prepareTrips(connection, 'snapshot-taken');
    const runs = [start(name), start(name)];
    await waitUntil(
      () => runs.every((run) => run.snapshot().notes.some(({ text }) => text.includes('shares the work'))),
      'both workers',
    );
    await send(connection, `${name}-in`, half);
    await waitUntil(() => runs.reduce((sum, run) => sum + run.snapshot().counts.rowsIn, 0) >= half.length, 'rows');
    await good(start(name, { snapshotTo: PATH }));
    for (const run of runs) expect(await good(run)).toMatchObject({ reason: 'taken-over' });
    expect(readSnapshot(files, PATH).positions.reduce((sum, { offset }) => sum + offset, 0)).toBe(half.length);
    await send(connection, `${name}-in`, rest);
    const first = start(name, { fromSnapshot: PATH, resetState: true });
    await waitUntil(() => first.snapshot().state === 'running', 'the first worker');
    await good(start(name, { bounded: true }));
    await first.stop();
    await good(start(name, { bounded: true }));
    await expectEachOnce(connection, name, trips);
  });

  it('knows that the open windows were given out already', async () => {
    const name = await prepareTrips(connection, 'snapshot-closed');
    await send(connection, `${name}-in`, trips);
    await good(start(name, { bounded: true }));
    await good(start(name, { snapshotTo: PATH }));
    expect(readSnapshot(files, PATH).closedAtEof).toBe(true);
    const again = await good(start(name, { bounded: true, fromSnapshot: PATH, resetState: true }));
    expect(again.snapshot.counts.resultsOut).toBe(0);
    await expectEachOnce(connection, name, trips);
  });

  it('of a pipeline that never ran is its beginning', async () => {
    const name = await prepareTrips(connection, 'snapshot-empty');
    await send(connection, `${name}-in`, trips);
    await good(start(name, { snapshotTo: PATH, from: { kind: 'end' } }));
    expect(readSnapshot(files, PATH).positions.reduce((sum, { offset }) => sum + offset, 0)).toBe(trips.length);
  });

  it('leaves the pipeline where it is when it cannot be written', async () => {
    const name = await prepareTrips(connection, 'snapshot-full');
    await send(connection, `${name}-in`, half);
    await good(start(name, { bounded: true, keepOpen: true }));
    files.isFull = true;
    expect((await start(name, { snapshotTo: PATH }).done).error).toMatchObject({ code: 'disk-failed' });
    expect(files.list('/out')).toEqual([]);
    await send(connection, `${name}-in`, rest);
    await good(start(name, { bounded: true }));
    await expectEachOnce(connection, name, trips);
  });
});

describe('a snapshot that does not fit', () => {
  it.each<[string, Partial<PipelineRunOptions>, object]>([
    [
      'another plan',
      { plan: changedPlan('snapshot-misfit') },
      { code: 'bad-plan', detail: expect.stringContaining('has changed') },
    ],
    ['nothing that is there', { fromSnapshot: '/out/none.snapshot' }, { code: 'not-found' }],
  ])('is refused: %s', async (_, options, error) => {
    const name = 'snapshot-misfit';
    await connection.createMissing(neededTopics(tripsPlan(name)));
    await good(start(name, { snapshotTo: PATH }));
    const { error: found } = await start(name, { bounded: true, fromSnapshot: PATH, ...options }).done;
    expect(found).toMatchObject(error);
  });

  it.each([
    ['an offset behind the end', { offset: 10_000 }, 'which ends at'],
    ['a partition that is not read', { partition: 7 }, 'does not read'],
  ])('is refused: %s', async (_, change, detail) => {
    const name = await prepareTrips(connection, 'snapshot-places');
    await send(connection, `${name}-in`, half);
    await good(start(name, { bounded: true, keepOpen: true }));
    await good(start(name, { snapshotTo: PATH }));
    const snapshot = readSnapshot(files, PATH);
    const [first, ...others] = snapshot.positions;
    await writeSnapshot(files, PATH, { ...snapshot, positions: [{ ...first!, ...change }, ...others] });
    const { error } = await start(name, { bounded: true, fromSnapshot: PATH, resetState: true }).done;
    expect(error).toMatchObject({ code: 'conflict', detail: expect.stringContaining(detail) });
    // What was there before is still there.
    expect((await good(start(name, { bounded: true, keepOpen: true }))).snapshot.counts.rowsIn).toBe(0);
  });
});
