import { describe, expect, it } from 'vitest';
import { batchOf, type Value } from '../../src/base/row-batch.js';
import { compileJob } from '../../src/engine/compile-job.js';
import { cars } from '../../src/pipelines/cars.js';
import { velib } from '../../src/pipelines/velib.js';
import { checkPlan } from '../../src/plan/check-plan.js';
import { count, kafka, pipeline } from '../../src/plan/index.js';
import type { Plan } from '../../src/plan/plan.js';
import { withEventTime } from '../../src/plan/with-event-time.js';

const NOON_MS = Date.parse('2024-03-01T12:00:00Z');

function planOf(eventTime?: 'at'): Plan {
  return pipeline('p')
    .from(
      kafka('rows', {
        topic: 't',
        columns: { at: 'timestamp', day: 'string', ms: 'bigint' },
        ...(eventTime === undefined ? {} : { eventTime }),
      }),
    )
    .tumble('1 minute')
    .aggregate(() => ({ rows: count() }))
    .into(kafka('out', { topic: 'o' }));
}

/** Start of the window that a row falls into. */
function windowOf(plan: Plan, row: Readonly<Record<string, Value>>): unknown {
  const { columns } = plan.sources[0]!;
  const job = compileJob(plan, { partitions: { rows: [0] } });
  job.feed('rows', batchOf(columns, [row], { timestamps: new Float64Array(1) }));
  job.close('eof');
  const [output] = job.drain();
  return output?.kind === 'result' ? output.windowStarts![0] : output;
}

describe('the event time that the command line names', () => {
  it('is a column of the plan, whatever its type', () => {
    for (const plan of [planOf(), planOf('at')]) {
      expect(windowOf(withEventTime(plan, 'at'), { at: NOON_MS })).toBe(NOON_MS);
      expect(windowOf(withEventTime(plan, 'day'), { day: '2024-03-01T12:00:30Z' })).toBe(NOON_MS);
      expect(windowOf(withEventTime(plan, 'ms'), { ms: NOON_MS + 1 })).toBe(NOON_MS);
    }
  });

  it('is an expression', () => {
    expect(windowOf(withEventTime(planOf('at'), 'ms * 1000'), { ms: NOON_MS / 1000 })).toBe(NOON_MS);
  });

  it('is a column that the plan does not read otherwise', () => {
    const plan = withEventTime(cars, 'sold_at');
    expect(checkPlan(plan)).toEqual([]);
    expect(plan.sources[0]!.columns.at(-1)).toEqual({ name: 'sold_at', type: 'timestamp' });
    expect(plan.sources[0]!.eventTime).toMatchObject({ kind: 'computed', name: 'event_time' });
  });

  it('keeps its name for the steps that read it', () => {
    expect(checkPlan(withEventTime(velib, 'CAST(last_reported AS TIMESTAMP)'))).toEqual([]);
  });

  it('is refused where it is no time, and where there are several sources', () => {
    expect(checkPlan(withEventTime(cars, 'price'))).not.toEqual([]);
    expect(() => withEventTime(cars, 'price +')).toThrow();
    const left = kafka('left', { topic: 'l', columns: { id: 'string' } });
    const right = kafka('right', { topic: 'r', columns: { id: 'string' } });
    const head = pipeline('joined');
    const joined = head
      .from(left)
      .join(head.from(right), { on: ['id'], within: ['0ms', '1 minute'], take: [] })
      .into(kafka('out', { topic: 'o' }));
    expect(() => withEventTime(joined, 'id')).toThrow('pipeline "joined" has 2 sources: left, right');
  });
});
