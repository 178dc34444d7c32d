import {
  approxCountDistinct,
  avg,
  count,
  countDistinct,
  exponentialAvg,
  isNotNull,
  kafka,
  lag,
  lead,
  max,
  median,
  min,
  movingAvg,
  movingCount,
  movingMax,
  movingMin,
  movingSum,
  multiply,
  percentile,
  pipeline,
  type SinkSpec,
  type Stream,
  sum,
  table,
} from '../../src/plan/index.js';
import type { Plan } from '../../src/plan/plan.js';
import type { FedRow } from '../engine/changing.js';
import type { ResultRow } from '../support/pipeline-run.js';

/** A plan whose only sink a Flink job must fill with the rows that the engine gives. */
export interface StepCase {
  readonly name: string;
  readonly plan: Plan;
  /** Rows of its tables that are files. */
  readonly tables?: Readonly<Record<string, readonly Readonly<Record<string, string | number | null>>[]>>;
  /** Which of the engine's rows Flink gives too, where the script says so. */
  readonly only?: (row: ResultRow) => boolean;
  /** Values that the script says are others in Flink. */
  readonly instead?: ResultRow;
  /** Sentences that the script must say. */
  readonly notes?: readonly string[];
}

const START = Date.UTC(2024, 4, 31, 12);
const KEYS = ['a', 'b', 'c', null];

/** A row every few seconds, no two at one time, each less than a minute behind the newest of its partition. */
function disorder(
  count: number,
  stepMs: number,
  make: (at: number) => object,
  timeName: string,
  source: string,
): FedRow[] {
  const rows = Array.from({ length: count }, (_, at) => {
    const late = (at * 7919) % 40_000;
    return { time: START + at * stepMs + ((at * 37) % 991), order: at * stepMs + late, at };
  });
  rows.sort((a, b) => a.order - b.order);
  return rows.map(
    ({ time, at }) => ({ ...make(at), [timeName]: time, partition: at % 2, source }) as unknown as FedRow,
  );
}

/** What the topics hold. */
export const sourceRows = {
  trades: disorder(
    160,
    5_000,
    (at) => ({
      k: KEYS[(at * 13) % 7 === 0 ? 3 : at % 3],
      x: at % 11 === 5 ? null : ((at * 7919) % 1000) / 8,
      n: (at * 31) % 17,
      tags:
        at % 5 === 0
          ? []
          : at % 7 === 0
            ? null
            : [
                { name: `t${at % 4}`, w: at },
                { name: null, w: at % 3, more: [at] },
              ],
    }),
    't',
    'trades',
  ),
  quotes: disorder(60, 13_000, (at) => ({ k: KEYS[at % 3], bid: ((at * 104_729) % 500) / 4 }), 'at', 'quotes'),
} as const;

const trades = kafka('trades', {
  topic: 'trades',
  columns: { t: 'timestamp', k: 'string', x: 'double', n: 'bigint', tags: 'json' },
  eventTime: 't',
  lateness: '1 minute',
});
const quotes = kafka('quotes', {
  topic: 'quotes',
  columns: { at: 'timestamp', k: 'string', bid: 'double' },
  eventTime: 'at',
  lateness: '1 minute',
});

const to = <const K extends string = never>(name: string, keys: readonly K[] = []): SinkSpec<K> =>
  kafka('out', { topic: `out-${name}`, keys });
type Trade = { readonly t: 'timestamp'; readonly k: 'string'; readonly x: 'double'; readonly n: 'bigint' };
const plain = (name: string): Stream<Trade> =>
  pipeline(name)
    .from(trades)
    .select(({ t, k, x, n }) => ({ t, k, x, n }));
const quoted = (name: string): Stream<{ readonly at: 'timestamp'; readonly k: 'string'; readonly bid: 'double' }> =>
  pipeline(name).from(quotes);

const periods = table('periods', {
  columns: { k: 'string', from: 'bigint', to: 'bigint', label: 'string', factor: 'double' },
  rows: [
    { k: 'a', from: null, to: null, label: 'any a', factor: 1 },
    { k: 'a', from: 3, to: 12, label: 'a 3-12', factor: 0.5 },
    { k: 'a', from: 3, to: 5, label: 'a 3-5', factor: 2.25 },
    { k: 'b', from: 5, to: null, label: 'b from 5', factor: null },
    { k: 'b', from: 5, to: null, label: 'b from 5, the last', factor: 4 },
    { k: null, from: null, to: null, label: 'nobody', factor: 9 },
  ],
});
const filePeriods = table('periods', {
  columns: { k: 'string', from: 'bigint', to: 'bigint', label: 'string' },
  file: 'periods.csv',
});
const PERIOD_ROWS = [
  { k: 'a', from: 0, to: 20, label: 'any a' },
  { k: 'a', from: 3, to: 12, label: 'a 3-12' },
  { k: 'a', from: 3, to: 5, label: 'a 3-5' },
  { k: 'b', from: 5, to: null, label: 'b from 5' },
];
const names = table('names', {
  columns: { k: 'string', long: 'string' },
  rows: [
    { k: 'a', long: 'Alpha' },
    { k: 'c', long: 'Gamma' },
  ],
});

/** One case per kind of step and way to use it. */
export const flinkCases: readonly StepCase[] = [
  { name: 'the first row of each key', plan: plain('first').deduplicate(['k', 'n']).into(to('first')) },
  {
    name: 'the first row of each key, then windows',
    plan: plain('first-windows')
      .deduplicate(['n', 'k'])
      .tumble('5 minutes')
      .groupBy('k')
      .aggregate(({ n }) => ({ rows: count(), total: sum(n) }))
      .into(to('first-windows')),
  },
  {
    name: 'neighbouring rows, by rows and by time',
    plan: plain('over')
      .over(['k'], ({ x, n }) => ({
        avg_5: movingAvg(x, { rows: 5 }),
        min_5: movingMin(n, { rows: 5 }),
        count_3: movingCount(x, { rows: 3 }),
        sum_2m: movingSum(n, { within: '2 minutes' }),
        max_2m: movingMax(x, { within: '2 minutes' }),
        before: lag(x),
        before_3: lag(n, 3),
        smooth: exponentialAvg(x, { rows: 20 }),
      }))
      .into(to('over')),
    instead: { smooth: null },
    notes: ['column smooth is NULL: Flink SQL has no exponential average'],
  },
  {
    name: 'neighbouring rows, then windows',
    plan: plain('over-windows')
      .over(['k'], ({ n }) => ({ before: lag(n) }))
      .tumble('1 minute')
      .groupBy('k')
      .aggregate(({ before }) => ({ rows: count(), largest: max(before), seen: count(before) }))
      .into(to('over-windows')),
  },
  {
    name: 'rows after a row',
    plan: plain('lead')
      .over(['k'], ({ n, x }) => ({
        next: lead(n),
        next_2: lead(n, 2),
        before: lag(n),
        avg_3: movingAvg(x, { rows: 3 }),
      }))
      .into(to('lead')),
    only: ({ next_2 }) => next_2 !== null,
    notes: ['the last rows of each key wait for ever'],
  },
  {
    name: 'two streams as one, in windows',
    plan: plain('union')
      .select(({ t, k, x }) => ({ time: t, k, price: x }))
      .union(quoted('union').select(({ at, k, bid }) => ({ time: at, k, price: bid })))
      .tumble('2 minutes')
      .groupBy('k')
      .aggregate(({ price }) => ({ rows: count(), mean: avg(price), lowest: min(price) }))
      .into(to('union')),
  },
  {
    name: 'elements of an array',
    plan: pipeline('flatten')
      .from(trades)
      .flatten(
        'tags',
        { tag: { from: 'name', type: 'string' }, w: { from: 'w', type: 'bigint' } },
        { position: 'place' },
      )
      .into(to('flatten')),
  },
  {
    name: 'elements of an array, with rows that have none',
    plan: pipeline('flatten-outer')
      .from(trades)
      .flatten('tags', { w: { from: 'w', type: 'double' } }, { outer: true })
      .tumble('5 minutes')
      .groupBy('k')
      .aggregate(({ w }) => ({ rows: count(), total: sum(w) }))
      .into(to('flatten-outer')),
  },
  {
    name: 'columns to rows',
    plan: plain('unpivot')
      .derive(({ x }) => ({ once: x, twice: multiply(x, 2) }))
      .unpivot({ one: 'once', longer: 'twice' }, { label: 'what', value: 'amount' })
      .tumble('5 minutes')
      .groupBy('k', 'what')
      .aggregate(({ amount }) => ({ rows: count(), total: sum(amount) }))
      .into(to('unpivot')),
  },
  {
    name: 'the top rows of each key',
    plan: plain('top')
      .top(3, { by: ['-x'], of: ['k'], rank: 'place' })
      .select(({ k, place, x, n }) => ({ group: k, place, x, n }))
      .where(({ group }) => isNotNull(group))
      .into(to('top', ['group', 'place'])),
  },
  {
    name: 'the top rows of each window',
    plan: plain('top-windows')
      .tumble('2 minutes')
      .groupBy('k')
      .aggregate(({ n }) => ({ rows: count(), total: sum(n) }))
      .derive(({ total }) => ({ twice: multiply(total, 2) }))
      .top(2, { by: ['-rows', 'twice'], perWindow: true, rank: 'place' })
      .into(to('top-windows')),
  },
  ...(['inner', 'left', 'full'] as const).map(
    (join): StepCase => ({
      name: `rows near each other, ${join}`,
      plan: plain(`near-${join}`)
        .join(quoted(`near-${join}`), { on: ['k'], within: ['-20 seconds', '30 seconds'], take: ['bid', 'at'], join })
        .into(to(`near-${join}`)),
    }),
  ),
  {
    name: 'rows near each other, then windows',
    plan: plain('near-windows')
      .join(quoted('near-windows'), { on: ['k'], within: ['0 seconds', '1 minute'], take: ['bid'] })
      .tumble('1 minute')
      .groupBy('k')
      .aggregate(({ bid }) => ({ pairs: count(), highest: max(bid) }))
      .into(to('near-windows')),
  },
  ...(['inner', 'left', 'full'] as const).map(
    (join): StepCase => ({
      name: `rows of one window, ${join}`,
      plan: plain(`windows-${join}`)
        .joinWindows(quoted(`windows-${join}`), { hop: ['1 minute', '30 seconds'] }, { on: ['k'], take: ['bid'], join })
        .into(to(`windows-${join}`)),
    }),
  ),
  ...(['inner', 'left'] as const).map(
    (join): StepCase => ({
      name: `the row in force, ${join}`,
      plan: plain(`as-of-${join}`)
        .join(quoted(`as-of-${join}`), { on: ['k'], asOf: 'row', take: { price: 'bid', since: 'at' }, join })
        .into(to(`as-of-${join}`)),
    }),
  ),
  {
    name: 'periods of a small table, then windows',
    plan: plain('periods')
      .lookup(periods, { on: ['k'], between: { value: 'n', from: 'from', to: 'to' } })
      .tumble('5 minutes')
      .groupBy('label', 'k')
      .aggregate(({ factor }) => ({ rows: count(), factor: sum(factor) }))
      .into(to('periods')),
  },
  {
    name: 'a small table, rows without partner kept',
    plan: plain('names')
      .lookup(names, { on: ['k'], join: 'left' })
      .into(to('names')),
  },
  {
    name: 'periods of a file',
    plan: plain('file-periods')
      .lookup(filePeriods, { on: ['k'], between: { value: 'n', from: 'from', to: 'to' } })
      .into(to('file-periods')),
    tables: { periods: PERIOD_ROWS },
  },
  {
    name: 'the newest row of each key, counted',
    plan: plain('newest')
      .latestBy('k')
      .groupBy('n')
      .aggregate(({ x }) => ({ keys: count(), x: sum(x) }))
      .into(to('newest', ['n'])),
  },
  {
    name: 'all rows, without windows',
    plan: plain('all')
      .groupBy('n')
      .aggregate(({ x, k }) => ({ rows: count(), mean: avg(x), lowest: min(x), kinds: countDistinct(k) }))
      .into(to('all', ['n'])),
  },
  {
    name: 'windows that hop',
    plan: plain('hop')
      .hop('2 minutes', '30 seconds', '10 seconds')
      .groupBy('k')
      .aggregate(({ x }) => ({ rows: count(), mean: avg(x) }))
      .into(to('hop')),
  },
  {
    name: 'windows that grow',
    plan: plain('cumulate')
      .cumulate('4 minutes', '1 minute')
      .groupBy('k')
      .aggregate(({ x }) => ({ rows: count(), highest: max(x) }))
      .into(to('cumulate')),
  },
  {
    name: 'sessions',
    plan: plain('session')
      .session('16 seconds')
      .groupBy('k')
      .aggregate(({ n }) => ({ rows: count(), total: sum(n) }))
      .into(to('session')),
  },
  {
    name: 'quantiles and different values in windows',
    plan: plain('quantiles')
      .tumble('2 minutes')
      .groupBy('k')
      .aggregate(({ x, n }) => ({ p90: percentile(x, 0.9), middle: median(n), kinds: approxCountDistinct(n) }))
      .into(to('quantiles')),
  },
  {
    name: 'windows of windows',
    plan: plain('twice')
      .tumble('1 minute')
      .groupBy('k')
      .aggregate(({ n }) => ({ rows: count(), total: sum(n) }), 'minutes')
      .select(({ k, rows, total }) => ({ k, rows, total }))
      .tumble('5 minutes')
      .groupBy('k')
      .aggregate(({ rows, total }) => ({ rows: sum(rows), busiest: max(total) }), 'longer')
      .into(to('twice')),
  },
];
