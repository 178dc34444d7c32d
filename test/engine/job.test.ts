import { describe, expect, it } from 'vitest';
import { StreamctlError } from '../../src/base/errors.js';
import { batchOf, rowAt, type Schema, type Value } from '../../src/base/row-batch.js';
import { compileJob } from '../../src/engine/compile-job.js';
import type { Job, Output } from '../../src/engine/job.js';
import { type AdhocQuery, adhocPlan } from '../../src/plan/adhoc-plan.js';
import { add, count, divide, greater, kafka, pipeline, sum } from '../../src/plan/index.js';

const columns: Schema = [
  { name: 'ts', type: 'timestamp' },
  { name: 'key', type: 'string' },
  { name: 'n', type: 'bigint' },
];

const minute = 60_000;

function jobOf(query: Partial<AdhocQuery> = {}, partitions: readonly number[] = [0], maxGroups = 1000): Job {
  const plan = adhocPlan({ topic: 't', columns, window: '1m', time: 'ts', by: ['key'], ...query });
  return compileJob(plan, { partitions: { rows: partitions }, maxGroups });
}

function feed(job: Job, partition: number, ...rows: Record<string, Value>[]): void {
  const offsets = Float64Array.from(rows, (_, at) => 100 + at);
  job.feed(
    'rows',
    batchOf(columns, rows, { partition, offsets, timestamps: Float64Array.from(rows, (row) => Number(row.ts)) }),
  );
}

/** `start key count reason` of every result. */
function results(outputs: readonly Output[]): string[] {
  return outputs.flatMap((output) =>
    output.kind === 'result'
      ? Array.from({ length: output.batch.length }, (_, at) => {
          const row = rowAt(output.batch, at);
          return `${row.window_start} ${row.key} ${row.count} ${output.reason}`;
        })
      : [],
  );
}

function errorOf(action: () => unknown): StreamctlError {
  try {
    action();
  } catch (error) {
    if (error instanceof StreamctlError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('closing windows', () => {
  it('happens when the watermark reaches the end less one millisecond', () => {
    const job = jobOf({ lateness: '5s' });
    feed(job, 0, { ts: 1, key: 'a' }, { ts: minute + 4_998, key: 'b' });
    expect(results(job.drain())).toEqual([]);
    feed(job, 0, { ts: minute + 4_999, key: 'b' });
    const [output] = job.drain();
    expect(results([output!])).toEqual(['0 a 1 watermark']);
    expect(output).toMatchObject({
      sink: 'results',
      step: 'windows',
      windowStarts: new Float64Array([0]),
      windowEnds: new Float64Array([minute]),
    });
    expect(output).toHaveProperty('eventTimes', new Float64Array([minute - 1]));
    expect(job.watermark()).toBe(minute - 1);
  });

  it('waits for the slowest partition, also one that has no rows yet', () => {
    const job = jobOf({}, [0, 1]);
    feed(job, 0, { ts: 1, key: 'a' }, { ts: 10 * minute, key: 'a' });
    expect(job.watermark()).toBe(Number.NEGATIVE_INFINITY);
    feed(job, 1, { ts: 30 * 1000, key: 'a' });
    expect(job.watermark()).toBe(30_000);
    expect(job.drain()).toEqual([]);
    feed(job, 1, { ts: minute, key: 'b' });
    expect(results(job.drain())).toEqual(['0 a 2 watermark']);
  });

  it('goes on without an idle partition, and the watermark never goes back', () => {
    const job = jobOf({}, [0, 1]);
    feed(job, 0, { ts: 1, key: 'a' }, { ts: 10 * minute, key: 'a' });
    job.idle('rows', 1);
    expect(results(job.drain())).toEqual(['0 a 1 idle']);
    feed(job, 1, { ts: 2, key: 'late' }, { ts: 11 * minute, key: 'b' });
    expect(job.watermark()).toBe(10 * minute);
    const [late] = job.drain();
    expect(late).toMatchObject({ kind: 'late', step: 'windows', source: 'rows' });
    expect(late!.batch.offsets).toEqual(new Float64Array([100]));
    expect(job.metrics().steps[0]).toMatchObject({ late: 1, rowsIn: 4 });
  });

  it('tells a late row once, however many steps it is too late for; each step counts its own', () => {
    const rows = kafka('rows', {
      topic: 't',
      columns: { ts: 'timestamp', key: 'string', n: 'bigint' },
      eventTime: 'ts',
    });
    const plan = pipeline('p')
      .from(rows)
      .fork((all) => [
        all
          .tumble('1 minute')
          .groupBy('key')
          .aggregate(() => ({ n: count() }))
          .into(kafka('a', { topic: 'a' })),
        all
          .where((row) => greater(row.n, 0))
          .tumble('1 minute')
          .aggregate((row) => ({ n: sum(row.n) }))
          .into(kafka('b', { topic: 'b' })),
        all
          .tumble('1 hour')
          .aggregate((row) => ({ n: sum(row.n) }))
          .into(kafka('c', { topic: 'c' })),
      ]);
    const job = compileJob(plan, { partitions: { rows: [0] } });
    feed(job, 0, { ts: 10 * minute, key: 'a', n: 1 });
    feed(job, 0, { ts: 0, key: 'a', n: 0 }, { ts: 1, key: 'a', n: 1 }, { ts: 9 * minute, key: 'b', n: 1 });
    feed(job, 0, { ts: 2, key: 'a', n: 1 });
    const late = job.drain().flatMap((output) => (output.kind === 'late' ? [output] : []));
    expect(late.map(({ step, batch }) => [step, ...batch.offsets!])).toEqual([
      ['by-key', 100, 101, 102],
      ['by-key', 100],
    ]);
    const counts = job.metrics().steps.map((step) => [step.step, step.late]);
    expect(Object.fromEntries(counts)).toMatchObject({ 'by-key': 4, total: 3, 'total-2': 0 });
  });

  it('happens with reason idle when all partitions are silent; later rows open new windows only', () => {
    const job = jobOf({ lateness: '1h' }, [0, 1]);
    feed(job, 0, { ts: 1, key: 'a' });
    job.idle('rows', 0);
    expect(job.drain()).toEqual([]);
    job.idle('rows', 1);
    expect(results(job.drain())).toEqual(['0 a 1 idle']);
    feed(job, 0, { ts: 2, key: 'a' }, { ts: minute, key: 'a' });
    const outputs = job.drain();
    expect(outputs.map((output) => output.kind)).toEqual(['late']);
    job.idle('rows', 0);
    expect(results(job.drain())).toEqual([`${minute} a 1 idle`]);
  });

  it('happens with reason eof when every partition ended, and timeout when the run stops waiting', () => {
    const ended = jobOf({}, [0, 1]);
    feed(ended, 0, { ts: 1, key: 'a' });
    ended.end('rows', 0);
    ended.end('rows', 1);
    expect(results(ended.drain())).toEqual(['0 a 1 eof']);
    expect(ended.watermark()).toBe(Number.POSITIVE_INFINITY);
    const stopped = jobOf();
    feed(stopped, 0, { ts: 1, key: 'a' });
    stopped.close('timeout');
    expect(results(stopped.drain())).toEqual(['0 a 1 timeout']);
  });

  it('goes on without a partition that went to another worker', () => {
    const job = jobOf({}, [0, 1]);
    feed(job, 0, { ts: 1, key: 'a' }, { ts: minute, key: 'a' });
    job.revoke('rows', 1);
    expect(results(job.drain())).toEqual(['0 a 1 watermark']);
  });

  it('aligns windows to the epoch, before it too; null is a group', () => {
    const job = jobOf();
    feed(job, 0, { ts: -minute, key: null }, { ts: -1, key: null }, { ts: 0, key: 'a' });
    job.close('eof');
    expect(results(job.drain())).toEqual([`${-minute} null 2 watermark`, '0 a 1 eof']);
  });
});

describe('rows that cannot be used', () => {
  it('are rejected without an event time', () => {
    const job = jobOf();
    feed(job, 0, { key: 'a' }, { ts: 1, key: 'a' }, { ts: 9e15, key: 'a' });
    const [rejected] = job.drain();
    expect(rejected).toMatchObject({ kind: 'rejected', step: 'rows', source: 'rows' });
    expect(rejected).toHaveProperty('reasons', [
      'event time ts is null or out of range',
      'event time ts is null or out of range',
    ]);
    expect(rejected!.batch.offsets).toEqual(new Float64Array([100, 102]));
    expect(job.metrics().sources[0]).toMatchObject({ rows: 3, rejected: 2 });
  });

  it('are rejected when the record has no timestamp', () => {
    const job = compileJob(adhocPlan({ topic: 't', columns, window: '1m' }));
    job.feed('rows', batchOf(columns, [{ key: 'a' }, { key: 'b' }], { timestamps: new Float64Array([-1, 5]) }));
    expect(job.drain()).toMatchObject([{ kind: 'rejected', reasons: ['the record has no timestamp'] }]);
  });

  it('are rejected when an expression has no value, by filter and by aggregate', () => {
    const job = jobOf({ where: '10 / n > 0', aggregates: 'sum(10 / (n - 1)) AS count' });
    feed(job, 0, { ts: 1, key: 'a', n: 0 }, { ts: 2, key: 'a', n: 1 }, { ts: 3, key: 'a', n: 3 });
    job.close('eof');
    const outputs = job.drain();
    expect(outputs.map((output) => [output.kind, output.step])).toEqual([
      ['rejected', 'where'],
      ['rejected', 'windows'],
      ['result', 'windows'],
    ]);
    expect(outputs[1]!.batch.offsets).toEqual(new Float64Array([101]));
    expect(results(outputs)).toEqual(['0 a 5 eof']);
  });

  it('stop the job when there would be too many groups', () => {
    const job = jobOf({}, [0], 2);
    const error = errorOf(() => feed(job, 0, { ts: 1, key: 'a' }, { ts: 1, key: 'b' }, { ts: 1, key: 'c' }));
    expect(error).toMatchObject({ code: 'limit-exceeded', message: 'step "windows" would hold more than 2 groups' });
  });
});

describe('several steps', () => {
  const source = kafka('rows', {
    topic: 't',
    columns: { ts: 'timestamp', key: 'string', n: 'bigint' },
    eventTime: 'ts',
  });

  it('window results of windows', () => {
    const plan = pipeline('two')
      .from(source)
      .tumble('1 minute')
      .groupBy('key')
      .aggregate((row) => ({ total: sum(row.n) }))
      .tumble('2 minutes')
      .aggregate((row) => ({ minutes: count(), total: sum(row.total) }))
      .into(kafka('out', { topic: 'o' }));
    const job = compileJob(plan, { partitions: { rows: [0] } });
    feed(
      job,
      0,
      { ts: 1, key: 'a', n: 1 },
      { ts: 2, key: 'b', n: 2 },
      { ts: minute, key: 'a', n: 4 },
      { ts: 2 * minute, key: 'a', n: 8 },
    );
    feed(job, 0, { ts: 4 * minute, key: 'a', n: 16 });
    const rows = job.drain().flatMap((output) => (output.kind === 'result' ? [rowAt(output.batch, 0)] : []));
    expect(rows).toEqual([
      { window_start: 0, window_end: 2 * minute, minutes: 3, total: 7 },
      { window_start: 2 * minute, window_end: 4 * minute, minutes: 1, total: 8 },
    ]);
  });

  it('fork, and hand on rows without windows at once', () => {
    const plan = pipeline('fork')
      .from(source)
      .check((row) => ({ 'n is above 0': greater(row.n, 0) }))
      .fork((rows) => [
        rows.derive((row) => ({ more: add(row.n, 1) })).into(kafka('all', { topic: 'all', write: ['key', 'more'] })),
        rows
          .tumble('1 minute')
          .aggregate((row) => ({ half: divide(sum(row.n), 2) }))
          .into(kafka('sums', { topic: 'sums' })),
      ]);
    const job = compileJob(plan, { partitions: { rows: [0] } });
    feed(job, 0, { ts: 1, key: 'a', n: 5 }, { ts: 2, key: 'b', n: -1 }, { ts: 3, key: 'c', n: 6 });
    job.end('rows', 0);
    const outputs = job.drain();
    expect(outputs.map((output) => (output.kind === 'result' ? output.sink : output.kind))).toEqual([
      'rejected',
      'all',
      'sums',
    ]);
    expect(outputs[0]).toMatchObject({ reasons: ['n is above 0'] });
    expect([0, 1].map((at) => rowAt(outputs[1]!.batch, at))).toEqual([
      { key: 'a', more: 6 },
      { key: 'c', more: 7 },
    ]);
    expect(outputs[1]).toMatchObject({ reason: 'update', eventTimes: new Float64Array([1, 3]) });
    expect(outputs[1]!.batch.offsets).toEqual(new Float64Array([100, 102]));
    expect(rowAt(outputs[2]!.batch, 0)).toMatchObject({ half: 5 });
  });
});

describe('aggregates over all time', () => {
  const plan = (emit: 'final' | 'update' | { every: string }) =>
    pipeline('all')
      .from(kafka('rows', { topic: 't', columns: { ts: 'timestamp', key: 'string', n: 'bigint' }, eventTime: 'ts' }))
      .groupBy('key')
      .aggregate((row) => ({ total: sum(row.n) }))
      .emit(emit)
      .into(kafka('out', { topic: 'o' }));
  const totals = (outputs: readonly Output[]): string[] =>
    outputs.flatMap((output) =>
      output.kind === 'result'
        ? Array.from(
            { length: output.batch.length },
            (_, at) => `${rowAt(output.batch, at).key}=${rowAt(output.batch, at).total} @${output.eventTimes[at]}`,
          )
        : [],
    );

  it('come at the end, with every change, or every period', () => {
    const final = compileJob(plan('final'), { partitions: { rows: [0] } });
    feed(final, 0, { ts: 5, key: 'a', n: 1 }, { ts: 3, key: 'b', n: 2 });
    final.idle('rows', 0);
    expect(final.drain()).toEqual([]);
    final.end('rows', 0);
    expect(totals(final.drain())).toEqual(['a=1 @5', 'b=2 @5']);

    const update = compileJob(plan('update'), { partitions: { rows: [0] } });
    feed(update, 0, { ts: 5, key: 'a', n: 1 });
    feed(update, 0, { ts: 3, key: 'b', n: 2 });
    expect(totals(update.drain())).toEqual(['a=1 @5', 'b=2 @3']);

    const every = compileJob(plan({ every: '1 minute' }), { partitions: { rows: [0] } });
    feed(every, 0, { ts: 1, key: 'a', n: 1 }, { ts: 2, key: 'b', n: 2 }, { ts: minute, key: 'a', n: 4 });
    expect(totals(every.drain())).toEqual([`a=1 @${minute - 1}`, `b=2 @${minute - 1}`]);
    const again = compileJob(plan({ every: '1 minute' }), {});
    again.restore(every.snapshot());
    feed(again, 0, { ts: 2 * minute, key: 'c', n: 1 });
    expect(totals(again.drain())).toEqual([`a=5 @${2 * minute - 1}`, `b=2 @${2 * minute - 1}`]);
    again.idle('rows', 0);
    expect(totals(again.drain())).toEqual([
      `a=5 @${3 * minute - 1}`,
      `b=2 @${3 * minute - 1}`,
      `c=1 @${3 * minute - 1}`,
    ]);
  });
});

describe('snapshots', () => {
  it('are refused by another plan, with what changed', () => {
    const saved = jobOf().snapshot();
    const error = errorOf(() => jobOf({ window: '2m', where: 'n > 0' }).restore(saved));
    expect(error).toMatchObject({ code: 'bad-plan', detail: 'step "where" is new; step "windows" has changed' });
  });

  it('are refused when they are damaged', () => {
    const job = jobOf();
    feed(job, 0, { ts: 1, key: 'a' });
    const saved = job.snapshot();
    for (let length = 0; length < saved.length; length++) {
      const error = errorOf(() => jobOf().restore(saved.subarray(0, length)));
      expect(error.blame).toBe('user');
    }
  });

  it('keep counts and whole numbers beyond 2^53', () => {
    const job = jobOf({ aggregates: 'sum(n) AS count, max(n) AS top' });
    feed(job, 0, { ts: 1, key: 'a', n: 9007199254740993n }, { ts: 2, key: 'a', n: 4 });
    const next = jobOf({ aggregates: 'sum(n) AS count, max(n) AS top' });
    next.restore(job.snapshot());
    feed(next, 0, { ts: 3, key: 'a', n: 9007199254740992n });
    next.end('rows', 0);
    const [output] = next.drain();
    expect(rowAt(output!.batch, 0)).toMatchObject({ count: 18014398509481989n, top: 9007199254740993n });
    expect(next.metrics().sources[0]).toMatchObject({ rows: 3 });
  });
});
