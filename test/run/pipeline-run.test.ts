import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/system.js';
import type { ClientSettings } from '../../src/connect/kafka/interfaces.js';
import type { Connection } from '../../src/run/connection.js';
import { followStatus } from '../../src/run/follow-status.js';
import type {
  EndSummary,
  PipelineRun,
  PipelineRunOptions,
  RunListener,
  WindowResult,
} from '../../src/run/interfaces.js';
import { internalTopics, neededTopics } from '../../src/run/internal-topics.js';
import { startPipelineRun } from '../../src/run/pipeline-run.js';
import {
  connectionTo,
  DAY_MS,
  finalResults,
  fresh,
  MINUTE_MS,
  makeTrips,
  naiveWindows,
  placeOf,
  readTopic,
  runsBroker,
  send,
  tripsPlan,
} from './trips.js';

let broker: Awaited<ReturnType<typeof runsBroker>>;
let settings: ClientSettings;
let connection: Connection;

beforeAll(async () => {
  broker = await runsBroker();
  settings = broker.settings;
  connection = connectionTo(settings);
});
afterAll(async () => {
  await connection.close();
  await broker.stop();
});

const [WHOLE, PARTS, MORE, ASIDE, ALONE, ANEW, QUIET, TWO, SEEN] = [
  'whole',
  'parts',
  'more',
  'aside',
  'alone',
  'anew',
  'quiet',
  'two',
  'seen',
].map(fresh) as [string, string, string, string, string, string, string, string, string];

/** Runs everything there is and gives back how it ended. */
async function runAll(
  name: string,
  options: Partial<PipelineRunOptions> = {},
  listener: RunListener = {},
): Promise<EndSummary> {
  const run = startPipelineRun({
    plan: tripsPlan(name),
    place: placeOf(settings),
    bounded: true,
    sessionTimeoutMs: 6_000,
    listener,
    ...options,
  });
  const end = await run.done;
  if (end.error) throw end.error;
  return end;
}

/** Waits until `holds`; a run that ends before is an error. */
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

async function prepared(name: string): Promise<string> {
  await connection.createMissing(neededTopics(tripsPlan(name)));
  return `${name}-in`;
}

describe('a pipeline run', () => {
  it('gives what a naive recompute of the topic gives', async () => {
    const topic = await prepared(WHOLE);
    const trips = makeTrips(1, 2_000, 12);
    await send(connection, topic, trips);
    const told: WindowResult[] = [];
    const end = await runAll(WHOLE, {}, { result: (result) => void told.push(result) });
    const expected = naiveWindows(trips);
    expect(await finalResults(connection, `${WHOLE}-out`)).toEqual(expected);
    expect(end.reason).toBe('eof');
    expect(end.snapshot).toMatchObject({ state: 'done', lag: 0, counts: { rowsIn: 6_000, late: 0, rejected: 0 } });
    expect(end.snapshot.counts.windowsClosed).toBe(expected.size);
    expect(told).toHaveLength(expected.size);
    expect(new Set(told.map(({ reason }) => reason))).toEqual(new Set(['watermark', 'eof']));
    // What is open at the end spans the lateness: the last minute or two.
    const lastMs = Math.max(...told.filter(({ reason }) => reason === 'watermark').map((one) => one.windowEndMs!));
    expect(lastMs).toBeGreaterThanOrEqual(DAY_MS + 11 * MINUTE_MS);
    const [record] = await readTopic(connection, `${WHOLE}-out`);
    expect(record!.key).toBe((JSON.parse(record!.value) as { city: string }).city);
    expect(record!.headers).toEqual({ 'streamctl-reason': 'watermark' });
  });

  it('goes on where it was stopped, with the windows that were open', async () => {
    const topic = await prepared(PARTS);
    const trips = makeTrips(2, 900, 9);
    for (let at = 0; at < trips.length; at += 450) {
      await send(connection, topic, trips.slice(at, at + 450));
      const run = startPipelineRun({ plan: tripsPlan(PARTS), place: placeOf(settings), sessionTimeoutMs: 6_000 });
      await until(run, () => run.snapshot().counts.rowsIn >= 450);
      const end = await run.stop();
      expect(end).toMatchObject({ reason: 'stopped', snapshot: { counts: { rowsIn: 450 } } });
    }
    await runAll(PARTS);
    expect(await finalResults(connection, `${PARTS}-out`)).toEqual(naiveWindows(trips));
    // Nothing was given out before it was complete.
    const all = await readTopic(connection, `${PARTS}-out`);
    expect(all).toHaveLength(naiveWindows(trips).size);
  });

  it('completes windows that a bounded run gave out, when more rows come, and says nothing twice otherwise', async () => {
    const topic = await prepared(MORE);
    const trips = makeTrips(3, 400, 6);
    await send(connection, topic, trips.slice(0, 600));
    await runAll(MORE);
    expect(await finalResults(connection, `${MORE}-out`)).toEqual(naiveWindows(trips.slice(0, 600)));
    const before = (await readTopic(connection, `${MORE}-out`)).length;
    expect((await runAll(MORE)).snapshot.counts).toMatchObject({ rowsIn: 0, windowsClosed: 0 });
    expect(await readTopic(connection, `${MORE}-out`)).toHaveLength(before);
    await send(connection, topic, trips.slice(600));
    await runAll(MORE);
    expect(await finalResults(connection, `${MORE}-out`)).toEqual(naiveWindows(trips));
  });

  it('sets aside what it cannot use, with the bytes it came from', async () => {
    const topic = await prepared(ASIDE);
    const early = { partition: 0, city: 'Paris', km: 2, at: DAY_MS };
    const rows = [
      early,
      { ...early, km: -1 },
      'no json',
      { ...early, at: DAY_MS + 5 * MINUTE_MS },
      // Its window closed when the row before came, whose partition is the only one with rows.
      { ...early, km: 3 },
    ];
    await send(connection, topic, rows);
    const end = await runAll(ASIDE);
    expect(end.snapshot.counts).toMatchObject({ rowsIn: 5, rejected: 2 });
    const { deadLetters, late } = internalTopics(tripsPlan(ASIDE));
    const letters = await readTopic(connection, deadLetters);
    expect(letters.map(({ value }) => value).sort()).toEqual([
      'no json',
      JSON.stringify({ city: 'Paris', km: -1, at: DAY_MS }),
    ]);
    const rule = letters.find(({ value }) => value !== 'no json')!;
    expect(rule.headers).toMatchObject({
      'streamctl-reason': 'km is not above 0',
      'streamctl-topic': topic,
      'streamctl-partition': '0',
      'streamctl-offset': '1',
    });
    const lateRows = await readTopic(connection, late);
    expect(lateRows).toHaveLength(end.snapshot.counts.late);
  });

  it('without a group reads from the start each time, commits nothing and makes no topic', async () => {
    const topic = await prepared(ALONE);
    const trips = makeTrips(4, 300, 5);
    await send(connection, topic, trips);
    for (let round = 0; round < 2; round++) {
      const told = new Map<string, number>();
      const listener: RunListener = {
        result: ({ windowStartMs, values }) =>
          void told.set(`${windowStartMs}/${String(values[2])}`, Number(values[3])),
      };
      await runAll(ALONE, { group: null }, listener);
      expect(told).toEqual(new Map([...naiveWindows(trips)].map(([key, window]) => [key, window.count])));
    }
    expect(await readTopic(connection, `${ALONE}-out`)).toHaveLength(0);
  });

  it('starts anew when its state is reset', async () => {
    const topic = await prepared(ANEW);
    const trips = makeTrips(5, 200, 3);
    await send(connection, topic, trips);
    await runAll(ANEW);
    const end = await runAll(ANEW, { resetState: true });
    expect(end.snapshot.counts.rowsIn).toBe(600);
    expect(await finalResults(connection, `${ANEW}-out`)).toEqual(naiveWindows(trips));
  });

  it('shares the work with a second run, which takes over the open windows when the first one ends', async () => {
    const topic = await prepared(TWO);
    const trips = makeTrips(7, 600, 6);
    const options = { plan: tripsPlan(TWO), place: placeOf(settings), sessionTimeoutMs: 6_000 };
    await send(connection, topic, trips.slice(0, 900));
    const first = startPipelineRun(options);
    await until(first, () => first.snapshot().counts.rowsIn >= 900);
    const second = startPipelineRun(options);
    await until(second, () => second.snapshot().notes.some(({ text }) => text.includes('shares the work')));
    await first.stop();
    await send(connection, topic, trips.slice(900));
    await until(second, () => second.snapshot().counts.rowsIn >= 900);
    await second.stop();
    await runAll(TWO);
    expect(await finalResults(connection, `${TWO}-out`)).toEqual(naiveWindows(trips));
    expect(await readTopic(connection, `${TWO}-out`)).toHaveLength(naiveWindows(trips).size);
  });

  it('can be followed from elsewhere', async () => {
    const topic = await prepared(SEEN);
    expect(await followStatus({ place: placeOf(settings), pipeline: 'never-ran' })).toBeUndefined();
    const trips = makeTrips(8, 300, 5);
    await send(connection, topic, trips);
    const run = startPipelineRun({ plan: tripsPlan(SEEN), place: placeOf(settings) });
    await until(run, () => run.snapshot().counts.rowsIn >= 900);
    const followed = (await followStatus({ place: placeOf(settings), pipeline: SEEN }))!;
    await until(run, () => (followed.snapshot()?.counts.rowsIn ?? 0) >= 900);
    expect(followed.ageMs()).toBeLessThan(5_000);
    expect(followed.snapshot()!.results.rows.length).toBe(run.snapshot().results.rows.length);
    const end = await run.stop();
    await until({ ...run, done: new Promise(() => undefined) }, () => followed.snapshot()?.state === 'done');
    expect(followed.snapshot()).toMatchObject({ counts: end.snapshot.counts, pipeline: SEEN });
    await followed.stop();
  });

  it('closes windows when every partition has been silent', async () => {
    const topic = await prepared(QUIET);
    const trips = makeTrips(6, 50, 2);
    await send(connection, topic, trips);
    const told: WindowResult[] = [];
    const expected = naiveWindows(trips).size;
    const run = startPipelineRun({
      plan: tripsPlan(QUIET),
      place: placeOf(settings),
      idleAfterMs: 300,
      listener: { result: (result) => void told.push(result) },
    });
    await until(run, () => told.length >= expected);
    await run.stop();
    expect(told.at(-1)!.reason).toBe('idle');
    expect(await finalResults(connection, `${QUIET}-out`)).toEqual(naiveWindows(trips));
  });
});
