import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import { systemClock } from '../../src/base/system.js';
import type { HeaderPairs } from '../../src/connect/kafka/interfaces.js';
import { avg, count, greater, kafka, pipeline } from '../../src/plan/index.js';
import type { Plan } from '../../src/plan/plan.js';
import type { Connection } from '../../src/run/connection.js';
import type { EndSummary, PipelineRunOptions } from '../../src/run/interfaces.js';
import { internalTopics, neededTopics } from '../../src/run/internal-topics.js';
import { startPipelineRun } from '../../src/run/pipeline-run.js';
import { DAY_MS, fresh, type Ground, MINUTE_MS, onGround, placeOf, readTopic } from './trips.js';

let broker: Ground['broker'];
let connection: Connection;
onGround((ground) => ({ broker, connection } = ground));

function planOf(name: string): Plan {
  return pipeline(name)
    .from(
      kafka('rows', {
        topic: `${name}-in`,
        columns: { at: 'timestamp', id: 'bigint', price: 'double' },
        eventTime: 'at',
        lateness: '5 seconds',
      }),
    )
    .check((row) => ({ 'price is not above 0': greater(row.price, 0) }))
    .tumble('1 minute')
    .groupBy('id')
    .aggregate((row) => ({ rows: count(), mean: avg(row.price) }))
    .into(kafka('out', { topic: `${name}-out`, keys: ['id'] }));
}

async function send(topic: string, values: readonly string[], headers: HeaderPairs = []): Promise<void> {
  const producer = connection.producer({});
  await producer.prepare(topic);
  for (const value of values) producer.append(topic, 0, utf8('key'), utf8(value), headers);
  await producer.close();
}

async function prepared(name: string, values: readonly string[], headers: HeaderPairs = []): Promise<Plan> {
  const plan = planOf(name);
  await connection.createMissing(neededTopics(plan));
  await send(`${name}-in`, values, headers);
  return plan;
}

function runAll(plan: Plan, options: Partial<PipelineRunOptions> = {}): Promise<EndSummary> {
  return startPipelineRun({ plan, place: placeOf(broker.settings), bounded: true, ...options }).done;
}

/** Brokers tell of a commit before all of its partitions show it. */
async function records(topic: string, wanted: number): ReturnType<typeof readTopic> {
  for (;;) {
    const read = await readTopic(connection, topic);
    if (read.length >= wanted) return read;
    await systemClock.sleep(50);
  }
}

const row = (more: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ at: DAY_MS, id: 1, price: 2, ...more });

/** Every kind of record that is no row, with the reason that is said of it. */
const BAD: readonly (readonly [value: string, reason: RegExp])[] = [
  ['no json', /^not JSON: /],
  ['{"at":1,"id":1,"price":NaN}', /^not JSON: .*NaN/],
  ['{"at":1,"id":1,"price":2', /^not JSON: /],
  ['', /^the value is empty$/],
  ['[1]', /^the value is a JSON array, not an object/],
  ['"{}"', /^the value is a JSON string, not an object/],
  [row({ price: 'much' }), /^price: "much" is not a number$/],
  [row({ price: true }), /^price: true is not a number$/],
  [`{"at":${DAY_MS},"id":1,"price":1e999}`, /^price: 1e999 is not a number$/],
  [row({ id: 1.5 }), /^id: 1.5 is not a whole number$/],
  [`{"at":${DAY_MS},"id":9223372036854775808,"price":2}`, /^id: 9223372036854775808 is not a whole number of 64 bits$/],
  [row({ at: 'yesterday' }), /^at: "yesterday" is not a time$/],
  [row({ at: null }), /^event time at is null or out of range$/],
  [row({ at: 9e15 }), /^event time at is null or out of range$/],
  [row({ at: '2060-01-01T00:00:00Z' }), /^event time at 2060-01-01 00:00:00.000 is more than 1d ahead of the clock$/],
  [row({ price: null }), /^price is not above 0$/],
  [row({ price: undefined }), /^price is not above 0$/],
];

describe('records that cannot be used', () => {
  it('go to the dead letters with reason, place, bytes, key and headers; the others count', async () => {
    const name = fresh('bad-aside');
    const values = BAD.flatMap(([value]) => [value, row()]);
    const plan = await prepared(name, values, [['streamctl-lot', utf8('7')]]);
    const { snapshot, error } = await runAll(plan);
    expect(error).toBeUndefined();
    expect(snapshot.counts).toMatchObject({ rowsIn: values.length, rejected: BAD.length, late: 0, resultsOut: 1 });
    const results = (await records(`${name}-out`, 1)).map(({ value }) => JSON.parse(value) as object);
    expect(results).toMatchObject([{ id: 1, rows: BAD.length, mean: 2 }]);
    const letters = (await records(internalTopics(plan).deadLetters, BAD.length)).toSorted(
      (a, b) => Number(a.headers['streamctl-offset']) - Number(b.headers['streamctl-offset']),
    );
    expect(letters.map(({ value }) => value)).toEqual(BAD.map(([value]) => value));
    letters.forEach(({ headers, key }, at) => {
      expect(headers['streamctl-reason']).toMatch(BAD[at]![1]);
      expect(headers).toMatchObject({
        'streamctl-topic': `${name}-in`,
        'streamctl-partition': '0',
        'streamctl-offset': String(at * 2),
        'streamctl-lot': '7',
      });
      expect(key).toBe('key');
    });
    expect(new Set(letters.map(({ headers }) => headers['streamctl-step']))).toEqual(
      new Set(['decode', 'rows', 'check']),
    );
  });

  it('are only counted where errors are to be skipped', async () => {
    const plan = await prepared(fresh('bad-skip'), ['no json', row(), row({ price: -1 })]);
    const { snapshot } = await runAll(plan, { onError: 'skip' });
    expect(snapshot.counts).toMatchObject({ rowsIn: 3, rejected: 2, resultsOut: 1 });
    expect(await readTopic(connection, internalTopics(plan).deadLetters)).toEqual([]);
  });

  it.each([
    ['decoding', 'no json', 'not JSON: '],
    ['a rule', row({ price: -1 }), 'price is not above 0'],
  ])('end the run where errors are to stop it: %s', async (_, value, reason) => {
    const name = fresh(`bad-stop-${reason.length}`);
    const plan = await prepared(name, [row(), value, row()]);
    const end = await runAll(plan, { onError: 'stop' });
    expect(end.error).toMatchObject({ code: 'bad-data', exit: 2 });
    expect(end.error!.message).toContain(`record ${name}-in/0@1 was rejected: ${reason}`);
    expect(await readTopic(connection, `${name}-out`)).toEqual([]);
    // Nothing was committed, so nothing is lost for a run that sets them aside.
    const { snapshot } = await runAll(plan);
    expect(snapshot.counts).toMatchObject({ rowsIn: 3, rejected: 1, resultsOut: 1 });
  });

  it('keep whole numbers beyond 2^53 exact', async () => {
    const name = fresh('bad-big');
    const plan = await prepared(name, [`{"at":${DAY_MS},"id":9007199254740993,"price":2}`]);
    await runAll(plan);
    const [record] = await records(`${name}-out`, 1);
    expect(record!.value).toContain('"id":9007199254740993,');
    expect(record!.key).toBe('9007199254740993');
  });
});

describe('rows that the pipeline made', () => {
  it('go to the dead letters as JSON, without a place', async () => {
    const name = fresh('bad-made');
    const plan = pipeline(name)
      .from(kafka('rows', { topic: `${name}-in`, columns: { at: 'timestamp', id: 'bigint' }, eventTime: 'at' }))
      .tumble('1 minute')
      .groupBy('id')
      .aggregate(() => ({ rows: count() }))
      .check((result) => ({ 'a window of one row': greater(result.rows, 1) }), 'enough')
      .into(kafka('out', { topic: `${name}-out` }));
    await connection.createMissing(neededTopics(plan));
    await send(`${name}-in`, [row({ id: 1 }), row({ id: 2 }), row({ id: 2 })]);
    await runAll(plan);
    const [letter] = await records(internalTopics(plan).deadLetters, 1);
    expect(JSON.parse(letter!.value)).toMatchObject({ id: 1, rows: 1 });
    expect(letter!.headers).toMatchObject({
      'streamctl-reason': 'a window of one row',
      'streamctl-step': 'enough',
      'streamctl-topic': '',
      'streamctl-offset': '-1',
    });
  });
});

describe('times that are far away', () => {
  it('of the future close no window, nor after a restart', async () => {
    const name = fresh('bad-future');
    const plan = await prepared(name, [row(), row({ at: '2060-01-01T00:00:00Z' }), row()]);
    const first = await runAll(plan);
    expect(first.snapshot.counts).toMatchObject({ rejected: 1, late: 0 });
    expect(first.snapshot.watermarkMs).toBe(DAY_MS - 5_000);
    await send(`${name}-in`, [row(), row({ at: DAY_MS + MINUTE_MS })]);
    const second = await runAll(plan);
    expect(second.snapshot.counts).toMatchObject({ rejected: 0, late: 0 });
    const rows = (await records(`${name}-out`, 3)).map(({ value }) => JSON.parse(value) as { rows: number });
    expect(rows.map((result) => result.rows)).toEqual([2, 3, 1]);
  });

  it('of the future are taken without a bound; what is written of them is stamped with the time of writing', async () => {
    const name = fresh('bad-taken');
    const plan = await prepared(name, [row(), row({ at: '2060-01-01T00:00:00Z' }), row()]);
    const { snapshot, error } = await runAll(plan, { maxAheadMs: Number.POSITIVE_INFINITY });
    expect(error).toBeUndefined();
    expect(snapshot.counts).toMatchObject({ rejected: 0, late: 1, resultsOut: 2 });
    expect(await records(`${name}-out`, 2)).toHaveLength(2);
    expect(await records(internalTopics(plan).late, 1)).toHaveLength(1);
  });

  it('of 1970 are late', async () => {
    const plan = await prepared(fresh('bad-1970'), [row(), row({ at: 0 }), row({ at: '1969-12-31T23:59:59Z' }), row()]);
    const { snapshot } = await runAll(plan);
    expect(snapshot.counts).toMatchObject({ rejected: 0, late: 2, resultsOut: 1 });
  });
});

describe('too many windows', () => {
  it('stop the run with the step, the bound and the flag that raises it; a larger bound goes on', async () => {
    const name = fresh('bad-many');
    const values = Array.from({ length: 50 }, (_, id) => row({ id }));
    const plan = await prepared(name, values);
    const { error } = await runAll(plan, { maxGroups: 20 });
    expect(error).toMatchObject({
      code: 'limit-exceeded',
      message: 'step "by-id" would hold more than 20 groups',
      hint: expect.stringContaining('--max-groups 40'),
    });
    expect(await readTopic(connection, `${name}-out`)).toEqual([]);
    const end = await runAll(plan, { maxGroups: 50 });
    expect(end.snapshot.counts).toMatchObject({ rowsIn: 50, resultsOut: 50 });
  });
});

describe('a group after a run that failed while it began', () => {
  it('is free at once', async () => {
    const name = fresh('bad-begin');
    const plan = await prepared(name, [row()]);
    await runAll(plan);
    const other: Plan = { ...plan, sources: [{ ...plan.sources[0]!, columns: plan.sources[0]!.columns.toReversed() }] };
    expect((await runAll(other)).error).toMatchObject({ code: 'bad-plan' });
    const beganMs = systemClock.elapsed();
    expect((await runAll(plan, { sessionTimeoutMs: 30_000 })).error).toBeUndefined();
    expect(systemClock.elapsed() - beganMs).toBeLessThan(15_000);
  });
});
