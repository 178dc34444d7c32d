import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/base/bytes.js';
import { batchOf, type Value } from '../../src/base/row-batch.js';
import { compileJob } from '../../src/engine/compile-job.js';
import { compareValues } from '../../src/engine/functions/aggregate-state.js';
import type { Job, Output } from '../../src/engine/job.js';
import { explainPlan } from '../../src/plan/explain-plan.js';
import {
  count,
  exponentialAvg,
  first,
  kafka,
  lag,
  last,
  lead,
  max,
  min,
  movingAvg,
  movingCount,
  movingMax,
  movingMin,
  movingSum,
  pipeline,
  sum,
} from '../../src/plan/index.js';
import type { Plan } from '../../src/plan/plan.js';
import { disordered, type FedRow, runRows } from './changing.js';
import { expectClose, resultRows } from './naive.js';

const LATENESS = 8;
const columns = { ts: 'timestamp', symbol: 'string', price: 'double' } as const;
const ticks = kafka('ticks', { topic: 'ticks', columns, eventTime: 'ts', lateness: `${LATENESS}ms` });
const others = kafka('others', { topic: 'others', columns, eventTime: 'ts', lateness: `${LATENESS}ms` });
const out = kafka('out', { topic: 'out', keys: ['symbol'] });

interface Tick extends FedRow {
  readonly ts: number;
  readonly symbol: string | null;
  readonly price: number | null;
}

const tick: fc.Arbitrary<Tick> = fc.record({
  partition: fc.constant(0),
  ts: fc.integer({ min: 0, max: 50 }),
  symbol: fc.constantFrom('a', 'b', null),
  price: fc.option(
    fc.integer({ min: -8, max: 8 }).map((value) => value / 4),
    { freq: 6 },
  ),
});
const list = fc.array(tick, { maxLength: 50 });
const numbers = fc.array(fc.nat(100), { minLength: 1, maxLength: 20 });
const cutPlaces = fc.array(fc.nat(50), { maxLength: 3 });
const shape = fc.record({
  jitter: numbers,
  turns: numbers,
  partitions: fc.integer({ min: 1, max: 3 }),
  cuts: cutPlaces,
  most: fc.integer({ min: 1, max: 6 }),
});
type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never;

function run(plan: Plan, rows: readonly Tick[], { jitter, turns, partitions, cuts, most }: Shape): Output[] {
  const fed = disordered(rows, LATENESS, jitter, turns, partitions);
  return runRows(plan, fed, { partitions: { ticks: Array.from({ length: partitions }, (_, at) => at) }, cuts, most });
}

/** Order of rows: event time, then the larger values. */
function order(a: Tick, b: Tick): number {
  const side = (one: Value, two: Value): number =>
    one === two ? 0 : one === null ? 1 : two === null ? -1 : -compareValues(one, two);
  return a.ts - b.ts || side(a.symbol, b.symbol) || side(a.price, b.price);
}

function values(results: readonly Record<string, Value>[]): Record<string, Value>[] {
  return results.map(({ reason: _, ...row }) => row);
}

/** What is left standing under each record key. */
function standing(outputs: readonly Output[], key: (row: Record<string, Value>) => string): Record<string, Value>[] {
  const rows = new Map<string, Record<string, Value>>();
  for (const output of outputs) {
    if (output.kind !== 'result') continue;
    resultRows([output]).forEach((row, at) => {
      if (output.deleted?.[at]) rows.delete(key(row));
      else rows.set(key(row), row);
    });
  }
  return values([...rows.values()]);
}

describe('deduplicate', () => {
  it('keeps the first row of each key by event time, for ever or for a while', () => {
    fc.assert(
      fc.property(list, shape, fc.option(fc.integer({ min: 1, max: 20 })), (rows, how, within) => {
        const plan = pipeline('once')
          .from(ticks)
          .deduplicate(['symbol'], within === null ? {} : { within: `${within}ms` })
          .into(out);
        const outputs = run(plan, rows, how);
        const kept: Tick[] = [];
        for (const row of rows.toSorted(order)) {
          const before = kept.findLast((one) => one.symbol === row.symbol);
          if (before === undefined || (within !== null && row.ts - before.ts >= within)) kept.push(row);
        }
        const expected = kept.map(({ ts, symbol, price }) => ({ ts, symbol, price }));
        expect(values(resultRows(outputs))).toEqual(expected);
        expect(outputs.some((output) => output.kind !== 'result')).toBe(false);
      }),
      { numRuns: 150 },
    );
  });
});

describe('columns over neighbouring rows', () => {
  it('are what the definitions say, in any order of arrival, saved and restored anywhere', () => {
    fc.assert(
      fc.property(
        list,
        shape,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
        (rows, how, reach, within, ahead) => {
          const plan = pipeline('stocks')
            .from(ticks)
            .over(['symbol'], (row) => ({
              before: lag(row.price, reach),
              sma: movingAvg(row.price, { rows: reach }),
              low: movingMin(row.price, { rows: reach }),
              high: movingMax(row.price, { within: `${within}ms` }),
              total: movingSum(row.price, { within: `${within}ms` }),
              n: movingCount(row.price, { within: `${within}ms` }),
              ema: exponentialAvg(row.price, { rows: reach }),
              smooth: exponentialAvg(row.price, { within: `${within}ms` }),
              ...(ahead ? { after: lead(row.price, reach) } : {}),
            }))
            .into(out);
          const results = resultRows(run(plan, rows, how));
          expect(results.length).toBe(rows.length);
          for (const symbol of ['a', 'b', null]) {
            const own = rows.filter((row) => row.symbol === symbol).sort(order);
            const given = results.filter((row) => row.symbol === symbol);
            let ema: number | null = null;
            let smooth: { value: number; ts: number } | null = null;
            own.forEach((row, at) => {
              const result = given[at]!;
              expect([result.ts, result.price]).toEqual([row.ts, row.price]);
              expect(result.before).toBe(own[at - reach]?.price ?? null);
              if (ahead) expect(result.after).toBe(own[at + reach]?.price ?? null);
              const known = (some: readonly Tick[]): number[] =>
                some.flatMap((one) => (one.price === null ? [] : [one.price]));
              const near = known(own.slice(Math.max(0, at - reach + 1), at + 1));
              const recent = known(own.slice(0, at + 1).filter((one) => row.ts - one.ts <= within));
              const total = (some: readonly number[]): number => some.reduce((a, b) => a + b, 0);
              expectClose(result.sma, near.length > 0 ? total(near) / near.length : null, 'sma');
              expect(result.low).toBe(near.length > 0 ? Math.min(...near) : null);
              expect(result.high).toBe(recent.length > 0 ? Math.max(...recent) : null);
              expectClose(result.total, recent.length > 0 ? total(recent) : null, 'total');
              expect(result.n).toBe(recent.length);
              if (row.price !== null) {
                const alpha = 2 / (reach + 1);
                ema = ema === null ? row.price : alpha * row.price + (1 - alpha) * ema;
                const kept: number = smooth === null ? 0 : Math.exp(-(row.ts - smooth.ts) / within);
                smooth = { value: kept * (smooth?.value ?? 0) + (1 - kept) * row.price, ts: row.ts };
              }
              expectClose(result.ema, ema, 'ema');
              expectClose(result.smooth, smooth?.value ?? null, 'smooth');
            });
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('OHLC and VWAP', () => {
  it('come from first, last, min, max and sums', () => {
    fc.assert(
      fc.property(list, shape, (rows, how) => {
        const plan = pipeline('bars')
          .from(ticks)
          .tumble('10ms')
          .groupBy('symbol')
          .aggregate((row) => ({
            open: first(row.price),
            high: max(row.price),
            low: min(row.price),
            close: last(row.price),
            n: count(),
          }))
          .into(out);
        for (const bar of resultRows(run(plan, rows, how))) {
          const own = rows
            .filter(
              (row) =>
                row.symbol === bar.symbol && row.ts >= Number(bar.window_start) && row.ts < Number(bar.window_end),
            )
            .filter((row) => row.price !== null)
            .sort((a, b) => a.ts - b.ts || a.price! - b.price!);
          const prices = own.map((row) => row.price!);
          expect(bar.open).toBe(prices[0] ?? null);
          expect(bar.close).toBe(prices.at(-1) ?? null);
          expect(bar.high).toBe(prices.length > 0 ? Math.max(...prices) : null);
          expect(bar.low).toBe(prices.length > 0 ? Math.min(...prices) : null);
        }
      }),
    );
  });
});

describe('union', () => {
  const head = pipeline('both');
  const plan = head
    .from(ticks)
    .union(head.from(others))
    .tumble('10ms')
    .groupBy('symbol')
    .aggregate((row) => ({ n: count(), total: sum(row.price) }))
    .into(out);

  it('is all rows of both, none late within the lateness of its source', () => {
    fc.assert(
      fc.property(list, list, shape, (left, right, { jitter, turns, cuts, most }) => {
        const first = disordered(left, LATENESS, jitter, turns, 2).map((row) => ({ ...row, source: 'ticks' }));
        const second = disordered(right, LATENESS, turns, jitter, 2).map((row) => ({ ...row, source: 'others' }));
        const fed: FedRow[] = [];
        for (let turn = 0; first.length + second.length > 0; turn++) {
          fed.push(...(turn % 2 === 0 ? first : second).splice(0, 1 + (turns[turn % turns.length]! % 4)));
        }
        const outputs = runRows(plan, fed, { partitions: { ticks: [0, 1], others: [0, 1] }, cuts, most });
        expect(outputs.every((output) => output.kind === 'result')).toBe(true);
        const results = resultRows(outputs);
        const all = [...left, ...right];
        const groups = new Set(all.map((row) => JSON.stringify([Math.floor(row.ts / 10) * 10, row.symbol])));
        expect(results.map((row) => JSON.stringify([row.window_start, row.symbol])).toSorted()).toEqual(
          [...groups].toSorted(),
        );
        for (const row of results) {
          const own = all.filter(
            (one) => one.symbol === row.symbol && Math.floor(one.ts / 10) * 10 === row.window_start,
          );
          expect(row.n).toBe(own.length);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('refuses inputs with different columns', () => {
    const wrong = (): Plan =>
      head
        .from(ticks)
        .union(head.from(others).select((row) => ({ ts: row.ts })) as never)
        .into(out);
    expect(wrong).toThrow('have different columns');
  });
});

describe('flatten', () => {
  const polls = kafka('ticks', { topic: 'polls', columns: { ts: 'timestamp', kinds: 'json' }, eventTime: 'ts' });
  const planOf = (outer: boolean): Plan =>
    pipeline('flat')
      .from(polls)
      .flatten(
        'kinds',
        { mechanical: { from: 'mechanical', type: 'bigint' }, ebike: { from: 'ebike', type: 'bigint' } },
        { outer, position: 'at' },
      )
      .into(kafka('out', { topic: 'out' }));
  const rows: FedRow[] = [
    { partition: 0, ts: 1, kinds: [{ mechanical: 2 }, { ebike: 5 }] },
    { partition: 0, ts: 2, kinds: [] },
    { partition: 0, ts: 3, kinds: { mechanical: 2 } },
    { partition: 0, ts: 4, kinds: [{ mechanical: 'many' }] },
    { partition: 0, ts: 5, kinds: null },
  ];

  it('makes a row of every element, and rejects what is no array or does not fit', () => {
    const outputs = runRows(planOf(false), rows, { partitions: { ticks: [0] } });
    expect(values(resultRows(outputs))).toEqual([
      { ts: 1, at: 0, mechanical: 2, ebike: null },
      { ts: 1, at: 1, mechanical: null, ebike: 5 },
    ]);
    const rejected = outputs.flatMap((output) => (output.kind === 'rejected' ? [...output.reasons] : []));
    expect(rejected).toEqual(['kinds is no array', 'mechanical: element 0 of kinds is no bigint']);
  });

  it('keeps rows without elements when asked to', () => {
    const outputs = runRows(planOf(true), rows, { partitions: { ticks: [0] } });
    expect(values(resultRows(outputs)).map((row) => row.ts)).toEqual([1, 1, 2, 5]);
  });
});

/** More than a call can take as arguments. */
const MANY = 200_000;
const all = kafka('all', { topic: 'all' });

describe('state that is large', () => {
  const keyed = kafka('keyed', { topic: 'keyed', columns: { ts: 'timestamp', key: 'bigint' }, eventTime: 'ts' });
  const rows = Array.from({ length: MANY }, (_, key) => ({ ts: 1, key }));
  const fed = (plan: Plan): Job => {
    const job = compileJob(plan, { partitions: { keyed: [0] } });
    job.feed('keyed', batchOf(plan.sources[0]!.columns, rows));
    job.idle('keyed', 0);
    return job;
  };
  const rowsOf = (job: Job): number =>
    job.drain().reduce((sum, output) => sum + (output.kind === 'result' ? output.batch.length : 0), 0);

  it('is flattened from one row', () => {
    const lists = kafka('lists', { topic: 'lists', columns: { ts: 'timestamp', list: 'json' }, eventTime: 'ts' });
    const plan = pipeline('flat')
      .from(lists)
      .flatten('list', { item: { from: null, type: 'bigint' } })
      .into(all);
    const job = compileJob(plan, { partitions: { lists: [0] } });
    job.feed('lists', batchOf(plan.sources[0]!.columns, [{ ts: 1, list: rows.map(({ key }) => key) }]));
    expect(rowsOf(job)).toBe(MANY);
  });

  it('leaves a list of each key and window when the stream falls silent', () => {
    const plan = pipeline('lists')
      .from(keyed)
      .tumble('10ms')
      .groupBy('key')
      .aggregate(() => ({ n: count() }))
      .top(1, { by: ['-n'], of: ['key'], perWindow: true })
      .into(all);
    expect(rowsOf(fed(plan))).toBe(MANY);
  });

  it('is restored where one list holds it', () => {
    const plan = pipeline('list')
      .from(keyed)
      .latestBy('key')
      .top(1, { by: ['key'] })
      .into(all);
    const job = fed(plan);
    job.drain();
    const restored = compileJob(plan, { partitions: { keyed: [0] } });
    restored.restore(job.snapshot());
    expect(equalBytes(restored.snapshot(), job.snapshot())).toBe(true);
  });
});

describe('columns to rows', () => {
  const wide = kafka('ticks', {
    topic: 'wide',
    columns: { ts: 'timestamp', key: 'string', a: 'bigint', b: 'bigint', c: 'bigint' },
    eventTime: 'ts',
    lateness: '1s',
  });
  const cell = fc.option(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constant(2n ** 60n)), { nil: null });
  const wideRows = fc.array(
    fc.record({ ts: fc.nat(20), key: fc.constantFrom('x', 'y', null), a: cell, b: cell, c: cell }),
    { maxLength: 20 },
  );
  const fed = (rows: readonly Omit<FedRow, 'partition'>[]): FedRow[] => rows.map((row) => ({ ...row, partition: 0 }));
  const labels = { first: 'a', second: 'b' } as const;

  it('give a row for each value that is not null, with its label', () => {
    fc.assert(
      fc.property(wideRows, (rows) => {
        const plan = pipeline('long')
          .from(wide)
          .unpivot(labels, { label: 'what', value: 'n' })
          .into(kafka('out', { topic: 'out' }));
        const expected = rows.flatMap(({ ts, key, a, b, c }) =>
          (
            [
              ['first', a],
              ['second', b],
            ] as const
          ).flatMap(([what, n]) => (n === null ? [] : [{ ts, key, c, what, n }])),
        );
        expect(values(resultRows(runRows(plan, fed(rows), { partitions: { ticks: [0] } })))).toEqual(expected);
      }),
    );
  });

  it('are taken back with the row that they came of', () => {
    fc.assert(
      fc.property(wideRows, (rows) => {
        const distinct = [...new Map(rows.map((row) => [row.ts, row])).values()];
        const plan = pipeline('long')
          .from(wide)
          .latestBy('key')
          .unpivot(labels, { label: 'what', value: 'n' })
          .groupBy('what')
          .aggregate((row) => ({ rows: count(), high: max(row.n) }))
          .emit('final')
          .into(kafka('out', { topic: 'out', keys: ['what'] }));
        const newest = ['x', 'y', null].flatMap((key) =>
          distinct
            .filter((row) => row.key === key)
            .toSorted((a, b) => b.ts - a.ts)
            .slice(0, 1),
        );
        const expected = (['a', 'b'] as const).flatMap((column, at) => {
          const inside = newest.flatMap((row) => (row[column] === null ? [] : [row[column]]));
          const [high] = inside.toSorted((a, b) => (a > b ? -1 : 1));
          return inside.length === 0 ? [] : [{ what: at === 0 ? 'first' : 'second', rows: inside.length, high }];
        });
        const results = values(resultRows(runRows(plan, fed(distinct), { partitions: { ticks: [0] } })));
        const sorted = results.toSorted((a, b) => (String(a.what) < String(b.what) ? -1 : 1));
        expect(sorted).toEqual(expected);
      }),
    );
  });

  it('must be columns of one type, each with a label of its own', () => {
    const wrong = (): unknown =>
      pipeline('long')
        .from(wide)
        .unpivot({ a: 'a', key: 'key' }, { label: 'what', value: 'n' })
        .into(kafka('out', { topic: 'out' }));
    expect(wrong).toThrow('its columns are of several types');
    const none = (): unknown =>
      pipeline('long')
        .from(wide)
        .unpivot({}, { label: 'what', value: 'n' })
        .into(kafka('out', { topic: 'out' }));
    expect(none).toThrow('it takes no column');
  });
});

describe('the first rows by an order', () => {
  it('of windows are the largest of each, when it closes', () => {
    fc.assert(
      fc.property(list, shape, fc.integer({ min: 1, max: 3 }), (rows, how, limit) => {
        const plan = pipeline('top')
          .from(ticks)
          .tumble('10ms')
          .groupBy('symbol')
          .aggregate(() => ({ n: count() }))
          .top(limit, { by: ['-n', 'symbol'], perWindow: true, rank: 'place' })
          .into(out);
        const results = resultRows(run(plan, rows, how));
        const expected: unknown[] = [];
        for (const start of [...new Set(rows.map((row) => Math.floor(row.ts / 10) * 10))].sort((a, b) => a - b)) {
          const own = rows.filter((row) => Math.floor(row.ts / 10) * 10 === start);
          const symbols = [...new Set(own.map((row) => row.symbol))];
          const counted = symbols.map((symbol) => ({ symbol, n: own.filter((row) => row.symbol === symbol).length }));
          counted.sort(
            (a, b) => b.n - a.n || (a.symbol === null ? -1 : b.symbol === null ? 1 : a.symbol < b.symbol ? -1 : 1),
          );
          expected.push(...counted.slice(0, limit).map(({ symbol, n }, at) => [start, symbol, n, at + 1]));
        }
        expect(results.map((row) => [row.window_start, row.symbol, row.n, row.place])).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  it('of a table that changes follow it', () => {
    fc.assert(
      fc.property(list, shape, fc.integer({ min: 1, max: 2 }), (rows, how, limit) => {
        const plan = pipeline('top')
          .from(ticks)
          .groupBy('symbol')
          .aggregate((row) => ({ n: count(), high: max(row.price) }))
          .top(limit, { by: ['-n', 'symbol'] })
          .into(out);
        const symbols = [...new Set(rows.map((row) => row.symbol))];
        const counted = symbols.map((symbol) => ({ symbol, n: rows.filter((row) => row.symbol === symbol).length }));
        counted.sort(
          (a, b) => b.n - a.n || (a.symbol === null ? -1 : b.symbol === null ? 1 : a.symbol < b.symbol ? -1 : 1),
        );
        const given = standing(run(plan, rows, how), (row) => String(row.symbol));
        const expected = counted.slice(0, limit);
        expect(given.map(({ symbol, n }) => `${symbol} ${n}`).toSorted()).toEqual(
          expected.map(({ symbol, n }) => `${symbol} ${n}`).toSorted(),
        );
      }),
      { numRuns: 100 },
    );
  });
});

describe('a row that goes from one list to another', () => {
  it('stands under its record key, in whatever order the lists change', () => {
    const places = kafka('places', {
      topic: 'places',
      columns: { ts: 'timestamp', item: 'string', list: 'string' },
      eventTime: 'ts',
    });
    const plan = pipeline('lists')
      .from(places)
      .latestBy('item')
      .top(2, { by: ['item'], of: ['list'], rank: 'place' })
      .into(kafka('out', { topic: 'out', keys: ['item'] }));
    const move = fc.record({ item: fc.constantFrom('a', 'b', 'c', 'd'), list: fc.constantFrom('x', 'y', 'z') });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 20 }), fc.integer({ min: 1, max: 6 }), (moves, most) => {
        const rows = moves.map((one, ts): FedRow => ({ ...one, ts, partition: 0 }));
        const given = standing(runRows(plan, rows, { partitions: { places: [0] }, most }), ({ item }) => String(item));
        const last = new Map(moves.map(({ item, list }) => [item, list]));
        const expected = ['x', 'y', 'z'].flatMap((list) => {
          const items = [...last].filter(([, at]) => at === list).map(([item]) => item);
          return items
            .toSorted()
            .slice(0, 2)
            .map((item, at) => `${item} ${list} ${at + 1}`);
        });
        expect(given.map(({ item, list, place }) => `${item} ${list} ${place}`).toSorted()).toEqual(
          expected.toSorted(),
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe('explain', () => {
  it('has words for every step', () => {
    const head = pipeline('all');
    const plan = head
      .from(ticks)
      .union(head.from(others))
      .deduplicate(['symbol', 'ts'], { within: '1 minute' })
      .over(['symbol'], (row) => ({ sma: movingAvg(row.price, { rows: 5 }) }))
      .groupBy('symbol')
      .aggregate((row) => ({ n: count(), sma: max(row.sma) }))
      .top(3, { by: ['-n'], rank: 'place' })
      .into(out);
    const text = explainPlan(plan);
    for (const line of [
      'all rows of ticks, others',
      'keep the first row by event time of each symbol, ts within 1 minute',
      'sma = avg of price over 5 rows',
      'keep the first 3 rows by n DESC',
    ]) {
      expect(text).toContain(line);
    }
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });
});
