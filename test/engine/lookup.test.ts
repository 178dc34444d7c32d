import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchOf, type Value } from '../../src/base/row-batch.js';
import { compileJob } from '../../src/engine/compile-job.js';
import { count, kafka, pipeline, sum, table } from '../../src/plan/index.js';
import type { Plan } from '../../src/plan/plan.js';
import { type FedRow, runRows } from './changing.js';
import { resultRows } from './naive.js';

const measures = kafka('measures', {
  topic: 'measures',
  columns: { ts: 'timestamp', program: 'string', parameter: 'string', year: 'bigint' },
  eventTime: 'ts',
});
const methodColumns = {
  PROGRAM_ID: 'string',
  PARAMETER: 'string',
  START_YEAR: 'bigint',
  END_YEAR: 'bigint',
  METHOD: 'string',
} as const;

interface Method extends Readonly<Record<string, Value>> {
  readonly PROGRAM_ID: string | null;
  readonly PARAMETER: string;
  readonly START_YEAR: number | null;
  readonly END_YEAR: number | null;
  readonly METHOD: string;
}

function planOf(rows: readonly Method[], join: 'inner' | 'left'): Plan {
  return pipeline('water')
    .from(measures)
    .lookup(table('methods', { columns: methodColumns, rows }), {
      on: { program: 'PROGRAM_ID', parameter: 'PARAMETER' },
      between: { value: 'year', from: 'START_YEAR', to: 'END_YEAR' },
      take: { method: 'METHOD' },
      version: 'methods_version',
      join,
    })
    .into(kafka('out', { topic: 'out' }));
}

const year = fc.option(fc.integer({ min: 2000, max: 2005 }), { freq: 4 });
const method = fc.record({
  PROGRAM_ID: fc.constantFrom('p', 'q', null),
  PARAMETER: fc.constantFrom('PH', 'COND'),
  START_YEAR: year,
  END_YEAR: year,
});

/** The method of a measure, by trying every one. */
function methodOf(methods: readonly Method[], row: Readonly<Record<string, Value>>): string | null {
  let best: Method | null = null;
  const start = (one: Method): number => one.START_YEAR ?? -Infinity;
  const end = (one: Method): number => one.END_YEAR ?? Infinity;
  for (const one of methods) {
    if (one.PROGRAM_ID === null || one.PROGRAM_ID !== row.program || one.PARAMETER !== row.parameter) continue;
    if (row.year === null || start(one) > Number(row.year) || end(one) < Number(row.year)) continue;
    if (best === null || start(one) > start(best) || (start(one) === start(best) && end(one) <= end(best))) best = one;
  }
  return best?.METHOD ?? null;
}

describe('a lookup', () => {
  it('finds the row that the definition names, for any table and rows', () => {
    const measure = fc.record({
      partition: fc.constant(0),
      ts: fc.integer({ min: 0, max: 20 }),
      program: fc.constantFrom('p', 'q', 'r', null),
      parameter: fc.constantFrom('PH', 'COND'),
      year,
    });
    fc.assert(
      fc.property(
        fc.array(method, { maxLength: 12 }),
        fc.array(measure, { maxLength: 30 }),
        fc.constantFrom('inner' as const, 'left' as const),
        (given, rows, join) => {
          const methods = given.map((one, at): Method => ({ ...one, METHOD: `m${at}` }));
          const results = resultRows(runRows(planOf(methods, join), rows, { partitions: { measures: [0] } }));
          const expected = rows.map((row) => ({ ...row, method: methodOf(methods, row) }));
          const kept = expected.filter((row) => join === 'left' || row.method !== null);
          expect(results.map((row) => row.method)).toEqual(kept.map((row) => row.method));
          expect(results.map((row) => row.methods_version)).toEqual(
            kept.map((row) => (row.method === null ? null : 'plan')),
          );
        },
      ),
    );
  });

  it('counts what it drops', () => {
    const job = compileJob(planOf([], 'inner'), { partitions: { measures: [0] } });
    const schema = planOf([], 'inner').sources[0]!.columns;
    job.feed('measures', batchOf(schema, [{ ts: 1, program: 'p', parameter: 'PH', year: 2000 }]));
    expect(job.drain()).toEqual([]);
    expect(job.metrics().steps[0]).toMatchObject({ kind: 'lookup', rowsIn: 1, rowsOut: 0, dropped: 1 });
  });

  it('takes a row back as it came in, when the table is another one by then', () => {
    const reports = kafka('reports', {
      topic: 'reports',
      columns: { ts: 'timestamp', station: 'string', bikes: 'bigint' },
      eventTime: 'ts',
    });
    const stations = table('stations', { columns: { station: 'string', city: 'string' }, topic: 'stations' });
    const plan = pipeline('velib')
      .from(reports)
      .latestBy('station')
      .lookup(stations, { on: ['station'] })
      .groupBy('city')
      .aggregate((row) => ({ n: count(), bikes: sum(row.bikes) }))
      .into(kafka('out', { topic: 'out', keys: ['city'] }));
    const edition = (version: string, city: string) => ({
      version,
      rows: batchOf(plan.tables[0]!.columns, [{ station: 'a', city }]),
    });
    const fed = (rows: readonly Omit<FedRow, 'partition'>[]) => batchOf(plan.sources[0]!.columns, rows);
    let job = compileJob(plan, { partitions: { reports: [0] }, tables: { stations: edition('1', 'Paris') } });
    job.feed('reports', fed([{ ts: 1, station: 'a', bikes: 2 }]));
    job.drain();
    const saved = job.snapshot();
    job = compileJob(plan, { partitions: { reports: [0] }, tables: { stations: edition('2', 'Pantin') } });
    job.restore(saved);
    job.feed('reports', fed([{ ts: 2, station: 'a', bikes: 3 }]));
    const [output] = job.drain();
    expect(resultRows([output!])).toEqual([
      { city: 'Paris', n: 1, bikes: 2, reason: 'update' },
      { city: 'Pantin', n: 1, bikes: 3, reason: 'update' },
    ]);
    expect(output?.kind === 'result' && [...output.deleted!]).toEqual([1, 0]);
  });

  it('is checked before anything runs', () => {
    const stations = table('stations', { columns: { code: 'bigint', city: 'string' }, rows: [] });
    const make = (): Plan =>
      pipeline('wrong')
        .from(measures)
        .lookup(stations, { on: { program: 'code' }, take: ['city'] })
        .into(kafka('out', { topic: 'out' }));
    expect(make).toThrow('"program" is string and "code" is bigint');
  });
});
