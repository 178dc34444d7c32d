import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/base/row-batch.js';
import { compileJob } from '../../src/engine/compile-job.js';
import {
  avg,
  count,
  countDistinct,
  first,
  greater,
  kafka,
  last,
  less,
  max,
  min,
  pipeline,
  stddev,
  subtract,
  sum,
  table,
} from '../../src/plan/index.js';
import type { Plan } from '../../src/plan/plan.js';
import { disordered, type FedRow, runRows } from './changing.js';
import { expectClose, resultRows } from './naive.js';

const EVERY = 10;
const LATENESS = 8;

const reports = kafka('reports', {
  topic: 'reports',
  columns: { ts: 'timestamp', station: 'string', bikes: 'bigint', share: 'double' },
  eventTime: 'ts',
  lateness: `${LATENESS}ms`,
});
const stations = table('stations', {
  columns: { station: 'string', postcode: 'string' },
  rows: [
    { station: 'a', postcode: '75001' },
    { station: 'b', postcode: '75001' },
    { station: 'c', postcode: '75002' },
    { station: 'd', postcode: null },
  ],
});
const out = kafka('out', { topic: 'out', keys: ['postcode'] });

function planOf(emit: 'update' | 'final' | { every: string }): Plan {
  return pipeline('velib')
    .from(reports)
    .latestBy('station')
    .lookup(stations, { on: ['station'] })
    .where((row) => greater(row.bikes, 0))
    .groupBy('postcode')
    .aggregate((row) => ({
      n: count(),
      known: count(row.share),
      bikes: sum(row.bikes),
      total: sum(row.share),
      mean: avg(row.share),
      low: min(row.share),
      high: max(row.share),
      early: first(row.share),
      late: last(row.share),
      spread: stddev(row.share),
      different: countDistinct(row.share),
    }))
    .emit(typeof emit === 'string' ? emit : { ...emit, as: 'as_of' })
    .into(out);
}

interface Report extends FedRow {
  readonly ts: number;
  readonly station: string | null;
  readonly bikes: number;
  readonly share: number | null;
}

const report: fc.Arbitrary<Report> = fc.record({
  partition: fc.constant(0),
  ts: fc.integer({ min: 0, max: 60 }),
  station: fc.constantFrom('a', 'b', 'c', 'd', 'x', null),
  bikes: fc.integer({ min: 0, max: 5 }),
  share: fc.option(fc.constantFrom(0.1, 0.2, 1e16, -1e16, 3, -7.25), { freq: 5 }),
});

/** The table of newest reports made of `rows`, by the definition; of equal times the largest values. */
function newest(rows: readonly Report[]): Report[] {
  const order = (a: Report, b: Report): number =>
    a.ts - b.ts || a.bikes - b.bikes || (a.share ?? -Infinity) - (b.share ?? -Infinity);
  const table = new Map<string | null, Report>();
  for (const row of [...rows].sort(order)) table.set(row.station, row);
  return [...table.values()];
}

const POSTCODES: Readonly<Record<string, string | null>> = { a: '75001', b: '75001', c: '75002', d: null };

/** Groups of the current table, by the definition. */
function groupsOf(rows: readonly Report[]): Map<string | null, Report[]> {
  const groups = new Map<string | null, Report[]>();
  for (const row of newest(rows)) {
    if (row.station === null || !(row.station in POSTCODES) || row.bikes <= 0) continue;
    const postcode = POSTCODES[row.station]!;
    groups.set(postcode, [...(groups.get(postcode) ?? []), row]);
  }
  return groups;
}

function expectGroup(result: Record<string, Value>, rows: readonly Report[], what: string): void {
  const shares = rows.flatMap((row) => (row.share === null ? [] : [row.share]));
  // The large values are there twice or not at all in an exact sum, so whole parts and the rest are added apart.
  const exact = shares.filter((value) => Math.abs(value) > 1e10).reduce((a, b) => a + b, 0);
  const rest = shares.filter((value) => Math.abs(value) <= 1e10).reduce((a, b) => a + b, 0);
  const total = exact + rest;
  const dated = rows.filter((row) => row.share !== null).sort((a, b) => a.ts - b.ts || a.share! - b.share!);
  const some = shares.length > 0;
  expect(result.n, `${what} n`).toBe(rows.length);
  expect(result.known, `${what} known`).toBe(shares.length);
  expect(result.bikes, `${what} bikes`).toBe(rows.length > 0 ? rows.reduce((a, row) => a + row.bikes, 0) : null);
  expectClose(result.total, some ? total : null, `${what} total`);
  expectClose(result.mean, some ? total / shares.length : null, `${what} mean`);
  expect(result.low, `${what} low`).toBe(some ? Math.min(...shares) : null);
  expect(result.high, `${what} high`).toBe(some ? Math.max(...shares) : null);
  expect(result.early, `${what} early`).toBe(dated[0]?.share ?? null);
  expect(result.late, `${what} late`).toBe(dated.at(-1)?.share ?? null);
  expect(result.different, `${what} different`).toBe(new Set(shares).size);
  const mean = total / shares.length;
  const squares = shares.reduce((a, value) => a + (value - mean) ** 2, 0);
  expectClose(result.spread, shares.length > 1 ? Math.sqrt(squares / (shares.length - 1)) : null, `${what} spread`);
}

const numbers = fc.array(fc.nat(100), { minLength: 1, maxLength: 20 });
const cutPlaces = fc.array(fc.nat(60), { maxLength: 3 });

describe('the newest row of each key', () => {
  it('makes periodic results of the table at that time, for any order within the lateness, partitions and cuts', () => {
    fc.assert(
      fc.property(
        fc.array(report, { maxLength: 60 }),
        numbers,
        numbers,
        fc.integer({ min: 1, max: 3 }),
        cutPlaces,
        (rows, jitter, turns, partitions, cuts) => {
          const fed = disordered(rows, LATENESS, jitter, turns, partitions);
          const numbersOf = Array.from({ length: partitions }, (_, at) => at);
          const outputs = runRows(planOf({ every: `${EVERY}ms` }), fed, { partitions: { reports: numbersOf }, cuts });
          const results = resultRows(outputs);
          const seen = new Set<number>();
          for (const result of results) {
            const asOf = Number(result.as_of);
            expect(asOf % EVERY).toBe(0);
            seen.add(asOf);
            const group = groupsOf(rows.filter((row) => row.ts < asOf)).get(result.postcode as string | null) ?? [];
            expectGroup(result, group, `${String(result.postcode)} as of ${asOf}`);
          }
          // Every group is in every result that left.
          for (const asOf of seen) {
            const groups = groupsOf(rows.filter((row) => row.ts < asOf));
            const given = results.filter((result) => result.as_of === asOf && Number(result.n) > 0);
            expect(given.map((result) => result.postcode).toSorted()).toEqual([...groups.keys()].toSorted());
          }
          // The last one is of everything.
          const end = newest(rows).filter((row) => row.station !== null && row.station in POSTCODES && row.bikes > 0);
          if (end.length > 0) {
            const latest = Math.max(...end.map((row) => row.ts));
            expect(Math.max(...seen)).toBeGreaterThan(latest);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('tells every change, and takes back what was said', () => {
    fc.assert(
      fc.property(
        fc.array(report, { maxLength: 40 }),
        numbers,
        numbers,
        cutPlaces,
        fc.integer({ min: 1, max: 5 }),
        (rows, jitter, turns, cuts, most) => {
          const fed = disordered(rows, LATENESS, jitter, turns, 2);
          const outputs = runRows(planOf('update'), fed, { partitions: { reports: [0, 1] }, cuts, most });
          const standing = new Map<Value, Record<string, Value>>();
          for (const output of outputs) {
            if (output.kind !== 'result') continue;
            resultRows([output]).forEach((row, at) => {
              if (output.deleted?.[at]) standing.delete(row.postcode!);
              else standing.set(row.postcode!, row);
            });
          }
          const groups = groupsOf(rows);
          expect([...standing.keys()].toSorted()).toEqual([...groups.keys()].toSorted());
          for (const [postcode, row] of standing) expectGroup(row, groups.get(postcode as string)!, String(postcode));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('moves from one branch to another without being deleted, whichever is told first', () => {
    const newestOf = pipeline('moving').from(reports).latestBy('station');
    const full = newestOf
      .where((row) => greater(row.bikes, 3))
      .select((row) => ({ station: row.station, n: subtract(row.bikes, 4) }));
    const low = newestOf.where((row) => less(row.bikes, 2)).select((row) => ({ station: row.station, n: row.bikes }));
    const bySink = kafka('out', { topic: 'out', keys: ['station'] });
    const plans = [full.union(low).into(bySink), low.union(full).into(bySink)];
    const shown = ({ bikes }: Report): number | undefined => (bikes > 3 ? bikes - 4 : bikes < 2 ? bikes : undefined);
    fc.assert(
      fc.property(
        fc.array(report, { maxLength: 40 }),
        numbers,
        cutPlaces,
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom(...plans),
        (rows, turns, cuts, most, plan) => {
          const fed = disordered(rows, LATENESS, [0], turns, 2);
          const standing = new Map<Value, Value>();
          for (const output of runRows(plan, fed, { partitions: { reports: [0, 1] }, cuts, most })) {
            if (output.kind !== 'result') continue;
            resultRows([output]).forEach((row, at) => {
              if (output.deleted?.[at]) {
                expect(standing.delete(row.station!), 'deletes only what is there').toBe(true);
              } else standing.set(row.station!, row.n!);
            });
          }
          const expected = newest(rows).flatMap((row) => {
            const n = shown(row);
            return n === undefined ? [] : [[row.station, n] as const];
          });
          expect(standing).toEqual(new Map(expected));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('drops and counts repeats and steps back in time, and keeps the oldest of stations', () => {
    const job = compileJob(planOf({ every: '10ms' }), { partitions: { reports: [0] } });
    const rows: FedRow[] = [
      { partition: 0, ts: 1_000, station: 'a', bikes: 2, share: null },
      { partition: 0, ts: 1_000, station: 'a', bikes: 2, share: null },
      { partition: 0, ts: 2_000, station: 'a', bikes: 3, share: null },
      { partition: 0, ts: 1_000, station: 'a', bikes: 9, share: null },
      // Silent for long, still there.
      { partition: 0, ts: 5, station: 'b', bikes: 4, share: null },
    ];
    const outputs = runRows(planOf({ every: '10ms' }), rows, { partitions: { reports: [0] }, most: 1 });
    const final = resultRows(outputs).at(-1)!;
    expect(final.bikes).toBe(7);
    expect(outputs.filter((output) => output.kind !== 'result')).toEqual([]);
    expect(job.metrics().steps.map((step) => step.kind)).toEqual(['latest-by', 'lookup', 'filter', 'aggregate']);
  });

  it('stops when there are too many keys', () => {
    const rows = Array.from({ length: 5 }, (_, ts) => ({ partition: 0, ts, station: `s${ts}`, bikes: 1, share: null }));
    const feed = (): unknown =>
      runRows(planOf('update'), rows, { partitions: { reports: [0] }, options: { maxGroups: 3 } });
    expect(feed).toThrow('step "latest" would hold more than 3');
  });

  it('cannot be cut into windows', () => {
    const make = (): Plan =>
      pipeline('wrong')
        .from(reports)
        .latestBy('station')
        .tumble('1 minute')
        .aggregate(() => ({ n: count() }))
        .into(kafka('out', { topic: 'out' }));
    expect(make).toThrow('the rows of "latest" are taken back when they change');
  });
});
