import { describe, expect, it } from 'vitest';
import { batchOf, type Schema, type Value } from '../../src/base/row-batch.js';
import { compileJob } from '../../src/engine/compile-job.js';
import type { Job } from '../../src/engine/job.js';
import { adhocPlan } from '../../src/plan/adhoc-plan.js';

const columns: Schema = [
  { name: 'ts', type: 'timestamp' },
  { name: 'key', type: 'string' },
];
const HOUR_MS = 3_600_000;
const NOON_MS = Date.parse('2024-03-01T12:00:00Z');
const plan = adhocPlan({ topic: 't', columns, time: 'ts', window: '1m', by: ['key'], aggregates: 'count()' });

function feed(job: Job, ...rows: Readonly<Record<string, Value>>[]): void {
  job.feed('rows', batchOf(columns, rows));
}

function bounded(maxAheadMs?: number): Job {
  return compileJob(plan, { partitions: { rows: [0] }, ...(maxAheadMs === undefined ? {} : { maxAheadMs }) });
}

describe('event times ahead of the clock', () => {
  it('are rejected beyond the bound, and move no watermark', () => {
    const job = bounded(HOUR_MS);
    job.tick(NOON_MS);
    feed(job, { ts: NOON_MS, key: 'a' }, { ts: Date.parse('2060-01-01'), key: 'b' }, { ts: NOON_MS + 1, key: 'a' });
    expect(job.drain()).toMatchObject([
      {
        kind: 'rejected',
        step: 'rows',
        reasons: ['event time ts 2060-01-01 00:00:00.000 is more than 1h ahead of the clock'],
      },
    ]);
    expect(job.watermark()).toBe(NOON_MS + 1);
    expect(job.metrics().sources[0]).toMatchObject({ rows: 3, rejected: 1 });
  });

  it('are taken up to the bound, which goes with the clock', () => {
    const job = bounded(HOUR_MS);
    job.tick(NOON_MS);
    feed(job, { ts: NOON_MS + HOUR_MS, key: 'a' });
    expect(job.drain()).toEqual([]);
    feed(job, { ts: NOON_MS + HOUR_MS + 1, key: 'a' });
    expect(job.drain()).toMatchObject([{ kind: 'rejected' }]);
    job.tick(NOON_MS + 1);
    feed(job, { ts: NOON_MS + HOUR_MS + 1, key: 'a' });
    expect(job.drain()).toEqual([]);
  });

  it('poison no watermark over a restart either', () => {
    const before = bounded(HOUR_MS);
    before.tick(NOON_MS);
    feed(before, { ts: NOON_MS, key: 'a' }, { ts: Date.parse('2060-01-01'), key: 'b' });
    before.drain();
    const after = bounded(HOUR_MS);
    after.tick(NOON_MS);
    after.restore(before.snapshot());
    feed(after, { ts: Date.parse('2060-01-01'), key: 'b' }, { ts: NOON_MS + 2, key: 'a' });
    expect(after.drain()).toMatchObject([{ kind: 'rejected' }]);
    after.close('eof');
    expect(after.drain()).toMatchObject([{ kind: 'result', batch: { length: 1 } }]);
  });

  it('are taken without a bound, or before the first tick', () => {
    for (const job of [bounded(), bounded(HOUR_MS)]) {
      feed(job, { ts: Date.parse('2060-01-01'), key: 'b' });
      expect(job.drain()).toEqual([]);
    }
  });

  it('of null or beyond every calendar have their own words', () => {
    const job = bounded(HOUR_MS);
    job.tick(NOON_MS);
    feed(job, { ts: null, key: 'a' }, { ts: 9e15, key: 'a' });
    const missing = 'event time ts is null or out of range';
    expect(job.drain()).toMatchObject([{ reasons: [missing, missing] }]);
  });
});

describe('event times of 1970', () => {
  it('are late where newer rows came before, and hold nothing back', () => {
    const job = bounded(HOUR_MS);
    job.tick(NOON_MS);
    feed(job, { ts: NOON_MS, key: 'a' }, { ts: 0, key: 'a' });
    expect(job.drain()).toMatchObject([{ kind: 'late', batch: { length: 1 } }]);
    expect(job.watermark()).toBe(NOON_MS);
  });

  it('give a window of their own where they come first', () => {
    const job = bounded(HOUR_MS);
    job.tick(NOON_MS);
    feed(job, { ts: 0, key: 'a' }, { ts: NOON_MS, key: 'a' });
    expect(job.drain()).toMatchObject([{ kind: 'result', reason: 'watermark', batch: { length: 1 } }]);
  });
});
