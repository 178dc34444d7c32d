import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { batchOf, type Value } from '../../src/base/row-batch.js';
import { fromGbfs } from '../../src/connect/sources/apis/velib-stations.js';
import type { JobOptions } from '../../src/engine/job.js';
import { velib } from '../../src/pipelines/velib.js';
import { recordsOf, runPipeline } from '../support/pipeline-run.js';

const data = '../shared/data/velib';
const start = Date.UTC(2024, 10, 19, 8, 0, 0) / 1000;
const station = {
  stationCode: '16107',
  num_bikes_available: 1,
  mechanical: 1,
  ebike: 0,
  num_docks_available: 34,
  last_reported: start,
};
const places = [
  { stationCode: '16107', postcode: '75016', city: 'Paris' },
  { stationCode: '32017', postcode: '93200', city: 'Saint-Denis' },
  { stationCode: '1', postcode: '75016', city: 'Paris' },
];

function tablesOf(rows: readonly Record<string, Value>[]): NonNullable<JobOptions['tables']> {
  return { stations: { rows: batchOf(velib.tables[0]!.columns, rows), version: 'test' } };
}

function run(rows: readonly object[], stations = 'all') {
  const texts = rows.map((row) => JSON.stringify({ ...station, ...row }));
  return runPipeline(velib, recordsOf(texts), { parameters: { stations }, tables: tablesOf(places) });
}

/** The last result of each postcode. */
function last(ran: ReturnType<typeof run>): Record<string, readonly Value[]> {
  return Object.fromEntries(
    [...ran.finals('bikes').values()].map((row) => [
      String(row.postcode),
      [row.total_bikes!, row.mechanical_bikes!, row.electric_bikes!],
    ]),
  );
}

describe('velib', () => {
  it('counts each bike once, however often a station is asked', () => {
    expect(last(run([{}, {}, { last_reported: start + 30 }, {}]))).toEqual({ '75016': [1, 1, 0] });
  });

  it('keeps what is newest when a report steps back in time', () => {
    const ran = run([{ num_bikes_available: 5, last_reported: start + 60 }, { num_bikes_available: 9 }]);
    expect(last(ran)['75016']![0]).toBe(5);
  });

  it('keeps stations that did not report of late', () => {
    const ran = run([
      {},
      { stationCode: '1', num_bikes_available: 4, mechanical: 3, ebike: 1, last_reported: start + 3600 },
    ]);
    expect(last(ran)).toEqual({ '75016': [5, 4, 1] });
  });

  it('tells mechanical from electric bikes: neither is the total', () => {
    const ran = run([{ stationCode: '32017', num_bikes_available: 10, mechanical: 2, ebike: 8 }]);
    expect(last(ran)).toEqual({ '93200': [10, 2, 8] });
  });

  it('takes the stations that are asked for, by their whole code', () => {
    const rows = [{}, { stationCode: '1' }, { stationCode: '32017', num_bikes_available: 2 }];
    expect(Object.keys(last(run(rows, '16107, 32017'))).toSorted()).toEqual(['75016', '93200']);
    expect(run(rows, '610').rows('bikes')).toEqual([]);
  });

  it('drops stations that nobody knows from postcodes, and counts them in the total', () => {
    const ran = run([{}, { stationCode: '99999', num_bikes_available: 7 }]);
    expect(last(ran)).toEqual({ '75016': [1, 1, 0] });
    expect(ran.rows('total').at(-1)).toMatchObject({ total_bikes: 8, stations: 2 });
  });

  it.each([
    [{ stationCode: null }, 'station code missing'],
    [{ num_bikes_available: -1 }, 'bikes are not 0 or more'],
    [{ num_bikes_available: null }, 'bikes are not 0 or more'],
    [{ ebike: -2 }, 'bikes are not 0 or more'],
    [{ num_docks_available: -2 }, 'docks are not 0 or more'],
    [{ last_reported: null }, 'event time reported'],
    [{ num_bikes_available: 'many' }, 'is not a whole number'],
  ])('rejects %o: %s', (change, reason) => {
    const ran = run([change, {}]);
    expect(ran.rejected).toHaveLength(1);
    expect(ran.rejected[0]).toContain(reason);
  });

  it.skipIf(!existsSync(data))('knows the bikes of the snapshot of 1,485 stations', () => {
    const body = JSON.parse(readFileSync(`${data}/gbfs_2024-11-19/station_status.json`, 'utf8')) as {
      data: { stations: Parameters<typeof fromGbfs>[0][] };
    };
    const texts = body.data.stations.map((one) => JSON.stringify(fromGbfs(one, undefined)));
    const known = parse(readFileSync(`${data}/stations_information.csv`), { columns: true }) as Record<
      string,
      string
    >[];
    const tables = tablesOf(known.map((row) => ({ ...row, postcode: row.postcode === '' ? null : row.postcode! })));
    // The snapshot comes twice: nothing counts twice.
    const all = runPipeline(velib, recordsOf([...texts, ...texts], 3), { parameters: { stations: 'all' }, tables });
    expect(all.rows('total').at(-1)).toMatchObject({
      total_bikes: 15_626,
      mechanical_bikes: 10_307,
      electric_bikes: 5_319,
      stations: 1_485,
    });
    const matched = [...all.finals('bikes').values()].reduce((sum, row) => sum + Number(row.stations), 0);
    expect(matched).toBe(1_450);
    expect(all.finals('stations').size).toBe(1_450);
    const two = runPipeline(velib, recordsOf(texts), { tables });
    expect(last(two)).toEqual({ '75016': [1, 1, 0], '93200': [10, 2, 8] });
  });
});
