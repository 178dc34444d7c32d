import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import { systemClock } from '../../src/base/system.js';
import { count, kafka, pipeline } from '../../src/plan/index.js';
import { deepFreeze, type Emit, type Plan } from '../../src/plan/plan.js';
import type { Connection } from '../../src/run/connection.js';
import type { EndSummary, PipelineRunOptions, WindowResult } from '../../src/run/interfaces.js';
import { neededTopics } from '../../src/run/internal-topics.js';
import { startPipelineRun } from '../../src/run/pipeline-run.js';
import { DAY_MS, fresh, type Ground, MINUTE_MS, onGround, placeOf, readTopic } from './trips.js';

let broker: Ground['broker'];
let connection: Connection;
onGround((ground) => ({ broker, connection } = ground));

const SECOND_MS = 1_000;

/** Rows per minute of a topic of three partitions. */
function planOf(name: string, more: { emit?: Emit; allowedLatenessMs?: number; partitions?: number } = {}): Plan {
  const plan = pipeline(name)
    .from(
      kafka('rows', {
        topic: `${name}-in`,
        partitions: more.partitions ?? 3,
        columns: { at: 'timestamp' },
        eventTime: 'at',
        lateness: '0 seconds',
      }),
    )
    .tumble('1 minute')
    .aggregate(() => ({ rows: count() }))
    .into(kafka('out', { topic: `${name}-out` }));
  const { emit = { kind: 'final' }, allowedLatenessMs = 0 } = more;
  const nodes = plan.nodes.map((node) => (node.kind === 'aggregate' ? { ...node, emit, allowedLatenessMs } : node));
  return deepFreeze({ ...plan, nodes });
}

/** Sends rows at seconds after the day's beginning, one batch each, in this order. */
async function send(plan: Plan, partition: number, ...seconds: readonly number[]): Promise<void> {
  const { topic } = plan.sources[0]!;
  const producer = connection.producer({});
  await producer.prepare(topic);
  for (const second of seconds) {
    producer.append(topic, partition, null, utf8(JSON.stringify({ at: DAY_MS + second * SECOND_MS })));
    await producer.flush();
  }
  await producer.close();
}

/** `minute rows reason` of each result in the order of telling. */
type Told = string[];

function start(plan: Plan, told: Told, options: Partial<PipelineRunOptions> = {}) {
  return startPipelineRun({
    plan,
    place: placeOf(broker.settings),
    listener: {
      result: ({ windowStartMs, values, reason }: WindowResult) =>
        void told.push(`${(windowStartMs! - DAY_MS) / MINUTE_MS} ${String(values.at(-1))} ${reason}`),
    },
    ...options,
  });
}

async function whole(plan: Plan, told: Told): Promise<EndSummary> {
  const end = await start(plan, told, { bounded: true }).done;
  if (end.error) throw end.error;
  return end;
}

async function prepared(plan: Plan): Promise<Plan> {
  await connection.createMissing(neededTopics(plan));
  return plan;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await systemClock.sleep(20);
}

describe('silence', () => {
  it('closes the windows of a quiet topic, with the reason; partitions without data hold nothing back', async () => {
    const plan = await prepared(planOf(fresh('quiet-one')));
    await send(plan, 1, 10, 70);
    const told: Told = [];
    const run = start(plan, told, { idleAfterMs: 400 });
    await until(() => told.length === 2);
    expect(told).toEqual(['0 1 idle', '1 1 idle']);
    // What comes after the silence for a window that has closed is late; later windows are as ever.
    await send(plan, 2, 80, 130);
    await until(() => told.length === 3);
    const { snapshot } = await run.stop();
    expect(told[2]).toBe('2 1 idle');
    expect(snapshot.counts).toMatchObject({ rowsIn: 4, late: 1 });
  });

  it('closes nothing while a partition has records that were not read', async () => {
    const plan = await prepared(planOf(fresh('quiet-not')));
    await send(plan, 0, 10, 200);
    await send(plan, 1, 20, 30, 210);
    const told: Told = [];
    const run = start(plan, told, { idleAfterMs: 600 });
    await until(() => told.length === 2);
    await run.stop();
    // The third partition never had data: it is set aside after its time, and the watermark of the others counts.
    expect(told[0]).toMatch(/^0 3 (watermark|idle)$/);
    expect(told[1]).toBe('3 2 idle');
  });
});

describe('a bounded run', () => {
  it('closes every window, with the reason eof, whatever partitions have no data', async () => {
    const plan = await prepared(planOf(fresh('bound-all')));
    await send(plan, 0, 10, 20, 65);
    const told: Told = [];
    const { snapshot } = await whole(plan, told);
    expect(told).toEqual(['0 2 eof', '1 1 eof']);
    expect(snapshot.counts).toMatchObject({ windowsClosed: 2, late: 0 });
  });

  it('ends at once where there is nothing', async () => {
    const told: Told = [];
    const end = await whole(await prepared(planOf(fresh('bound-none'))), told);
    expect({ told, reason: end.reason }).toEqual({ told: [], reason: 'eof' });
  });

  it('writes the reason into the header of each result', async () => {
    const name = fresh('bound-why');
    const plan = await prepared(planOf(name, { partitions: 1 }));
    await send(plan, 0, 10, 65);
    await whole(plan, []);
    const reasons = (await readTopic(connection, `${name}-out`)).map(({ headers }) => headers['streamctl-reason']);
    expect(reasons).toEqual(['watermark', 'eof']);
  });
});

describe('when results are given out', () => {
  const seconds = [10, 20, 65, 70, 125];

  it.each<[Emit, Told]>([
    [{ kind: 'final' }, ['0 2 watermark', '1 2 watermark', '2 1 eof']],
    [
      { kind: 'update' },
      // Rows that were read together change a result once.
      ['0 2 update', '1 2 update', '2 1 update', '0 2 watermark', '1 2 watermark', '2 1 eof'],
    ],
    [
      { kind: 'every', everyMs: 15 * SECOND_MS },
      ['0 1 update', '0 2 update', '0 2 watermark', '1 2 update', '1 2 watermark', '2 1 update', '2 1 eof'],
    ],
  ])('%j', async (emit, expected) => {
    const plan = await prepared(planOf(fresh(`emit-${emit.kind}`), { emit, partitions: 1 }));
    await send(plan, 0, ...seconds);
    const told: Told = [];
    await whole(plan, told);
    expect(told).toEqual(expected);
  });

  it('corrects results of closed windows as long as lateness is allowed, then rows are late', async () => {
    const plan = await prepared(planOf(fresh('emit-allowed'), { allowedLatenessMs: 60 * SECOND_MS, partitions: 1 }));
    await send(plan, 0, 10, 65, 20, 119, 30, 120, 40);
    const told: Told = [];
    const { snapshot } = await whole(plan, told);
    expect(told).toEqual(['0 1 watermark', '0 3 update', '1 2 watermark', '2 1 eof']);
    expect(snapshot.counts.late).toBe(1);
  });
});
