import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemCrypto } from '../../src/base/crypto.js';
import { batchOf, type Value } from '../../src/base/row-batch.js';
import { systemFiles } from '../../src/base/system.js';
import type { JobOptions, ReferenceRows } from '../../src/engine/job.js';
import { water } from '../../src/pipelines/water.js';
import { resolveParameters } from '../../src/plan/parameters.js';
import { readTableFile } from '../../src/run/table-file.js';
import { csvTexts, type PlanRun, type ResultRow, recordsOf, runPipeline } from '../support/pipeline-run.js';

const data = resolve('../shared/data/water');
const sample = {
  SITE_ID: '01364959',
  PROGRAM_ID: 'CATSKILL',
  DATE_SMP: '11/04/2020 00:00:00',
  TIME_SMP: '1149',
  WATERBODY_TYPE: 'Stream',
  PH_LAB: '5.9',
  WTEMP_DEG_C: '9',
};
const sites = [
  { SITE_ID: '01364959', PROGRAM_ID: 'CATSKILL', SITE_NAME: 'Rondout', STATE: 'New York', ECONAME_III: 'Highlands' },
  { SITE_ID: '01364959', PROGRAM_ID: 'OTHER', SITE_NAME: 'Twin', STATE: 'Maine', ECONAME_III: 'Hills' },
];
const methods = [
  { PROGRAM_ID: 'CATSKILL', PARAMETER: 'PH_LAB', START_YEAR: 1979, END_YEAR: 2020, METHOD: 'long' },
  { PROGRAM_ID: 'CATSKILL', PARAMETER: 'PH_LAB', START_YEAR: 2000, END_YEAR: null, METHOD: 'open' },
  { PROGRAM_ID: 'CATSKILL', PARAMETER: 'PH_LAB', START_YEAR: 2000, END_YEAR: 2010, METHOD: 'narrow' },
];
const madeTables = tablesOf({ sites, methods });

function tablesOf(rows: Readonly<Record<string, readonly Record<string, Value>[]>>): NonNullable<JobOptions['tables']> {
  return Object.fromEntries(
    water.tables.map(({ name, columns }) => {
      const whole = rows[name]!.map((row) =>
        Object.fromEntries(columns.map((column) => [column.name, row[column.name] ?? null])),
      );
      return [name, { rows: batchOf(columns, whole), version: 'test' }];
    }),
  );
}

function run(rows: readonly object[], parameters: Readonly<Record<string, string>> = {}): PlanRun {
  const texts = rows.map((row) => JSON.stringify({ ...sample, ...row }));
  return runPipeline(water, recordsOf(texts), {
    parameters: resolveParameters(water, parameters, 0),
    tables: madeTables,
  });
}

/** The newest row of a sink that has these values. */
function one(ran: PlanRun, sink: string, where: Readonly<Record<string, Value>> = {}): ResultRow {
  const found = [...ran.finals(sink).values()].filter((row) =>
    Object.entries(where).every(([name, value]) => row[name] === value),
  );
  expect(found, `${sink} ${JSON.stringify(where)}`).toHaveLength(1);
  return found[0]!;
}

function metric(ran: PlanRun, dimension: string, name: string, measure = 'PH_LAB'): ResultRow {
  return one(ran, 'metrics', { dimension, name, measure });
}

describe('water', () => {
  it('gives each measure per site, method, region and programme', () => {
    const ran = run([{ ANC_UEQ_L: '-4' }, { PH_LAB: '7.1', ANC_UEQ_L: null }, { PROGRAM_ID: 'OTHER', PH_LAB: '8' }]);
    const two = { count: 2, mean: 6.5, min: 5.9, max: 7.1 };
    expect(metric(ran, 'programme', 'CATSKILL')).toMatchObject(two);
    expect(metric(ran, 'region', 'Highlands')).toMatchObject(two);
    expect(metric(ran, 'region', 'Hills')).toMatchObject({ count: 1, mean: 8 });
    expect(metric(ran, 'site', '01364959')).toMatchObject({ count: 3, mean: 7, min: 5.9, max: 8 });
    expect(metric(ran, 'method', 'open')).toMatchObject(two);
    expect(metric(ran, 'method', 'unknown')).toMatchObject({ count: 1, mean: 8 });
    expect(metric(ran, 'site', '01364959', 'ANC')).toMatchObject({ count: 1, mean: -4 });
    expect(metric(ran, 'site', '01364959', 'WTEMP')).toMatchObject({ count: 3, mean: 9 });
  });

  it('takes the method with the latest start, then the narrowest, that covers the year', () => {
    const of = (year: number): string[] => {
      const ran = run([{ DATE_SMP: `06/01/${year} 00:00:00` }]);
      return [...ran.finals('metrics').values()]
        .filter(({ dimension, measure }) => dimension === 'method' && measure === 'PH_LAB')
        .map(({ name }) => String(name));
    };
    expect([1978, 1979, 2005, 2010, 2011, 2021].map(of)).toEqual([
      ['unknown'],
      ['long'],
      ['narrow'],
      ['narrow'],
      ['open'],
      ['open'],
    ]);
  });

  it('does not multiply the rows of a site that belongs to two programmes', () => {
    const ran = run([{}, { PROGRAM_ID: 'OTHER' }, { SITE_ID: 'nowhere' }]);
    const rows = [...ran.finals('sites').values()];
    expect(rows.map(({ SITE_NAME, rows: count, region }) => [SITE_NAME, count, region])).toEqual([
      ['Rondout', 1, 'Highlands'],
      ['Twin', 1, 'Hills'],
      [null, 1, null],
    ]);
  });

  it.each([
    ['11/04/2020 00:00:00', '1149', '2020-11-04T11:49:00.000Z'],
    ['11/04/2020 00:00:00', '11:49', '2020-11-04T11:49:00.000Z'],
    ['11/04/2020 00:00:00', '', '2020-11-04T00:00:00.000Z'],
    ['11/04/2020 00:00:00', null, '2020-11-04T00:00:00.000Z'],
    ['11/04/2020', '0905', '2020-11-04T09:05:00.000Z'],
    // As workbooks have them: a number, a date, a time with seconds.
    ['2020-11-06 0:00:00', 915, '2020-11-06T09:15:00.000Z'],
    ['2020-11-06T00:00:00', '9:15:30', '2020-11-06T09:15:00.000Z'],
    ['2020-11-06', '9:15', '2020-11-06T09:15:00.000Z'],
  ])('takes %s and %s as %s', (day, time, expected) => {
    const ran = run([{ DATE_SMP: day, TIME_SMP: time }]);
    expect(new Date(Number(one(ran, 'sites').first_sample)).toISOString()).toBe(expected);
  });

  it('reads numbers with spaces between thousands and decimal commas', () => {
    const ran = run([{ CL_UEQ_L: '1 002', PH_LAB: '5,5', ANC_UEQ_L: '-1\u00a0204,5' }]);
    expect(metric(ran, 'site', '01364959', 'CL').mean).toBe(1002);
    expect(metric(ran, 'site', '01364959').mean).toBe(5.5);
    expect(metric(ran, 'site', '01364959', 'ANC').mean).toBe(-1204.5);
  });

  it.each([
    [{ SITE_ID: null }, 'SITE_ID missing'],
    [{ SITE_ID: '' }, 'SITE_ID missing'],
    [{ PH_LAB: 'acid' }, 'PH_LAB is not a number'],
    [{ PH_LAB: 'NaN' }, 'PH_LAB is not a number'],
    [{ WTEMP_DEG_C: 'cold' }, 'WTEMP_DEG_C is not a number'],
    [{ PH_LAB: '14.1' }, 'PH_LAB is not from 0 to 14'],
    [{ PH_LAB: '-0.1' }, 'PH_LAB is not from 0 to 14'],
    [{ K_UEQ_L: '<1' }, 'another measure is not a number'],
    [{ DATE_SMP: '13/40/2020 00:00:00' }, 'DATE_SMP or TIME_SMP is no time'],
    [{ DATE_SMP: null }, 'DATE_SMP or TIME_SMP is no time'],
    [{ TIME_SMP: '2560' }, 'DATE_SMP or TIME_SMP is no time'],
    [{ SITE_ID: 'SITE_ID', DATE_SMP: 'DATE_SMP', PH_LAB: 'PH_LAB' }, 'header row repeated'],
  ])('rejects %o: %s', (change, reason) => {
    const ran = run([change, {}]);
    expect(ran.rejected).toHaveLength(1);
    expect(ran.rejected[0]).toContain(reason);
    expect(one(ran, 'lots')).toMatchObject({ rows: 2, valid: 1, rejected: 1, valid_share: 0.5, state: 'quarantined' });
    expect(metric(ran, 'programme', 'CATSKILL').count).toBe(1);
  });

  it('takes a missing PH_LAB or WTEMP_DEG_C as null, or as a mistake when it is told so', () => {
    const rows = [{ PH_LAB: null }, { WTEMP_DEG_C: null }, {}];
    const kept = run(rows);
    expect(kept.rejected).toEqual([]);
    expect(metric(kept, 'site', '01364959').count).toBe(2);
    expect(one(kept, 'lots')).toMatchObject({ ph_missing: 1, temperature_missing: 1, valid: 3, state: 'accepted' });
    const strict = run(rows, { missing: 'error' });
    expect(strict.rejected).toEqual(['PH_LAB missing', 'WTEMP_DEG_C missing']);
    expect(one(strict, 'lots')).toMatchObject({ valid: 1, rejected: 2 });
    expect(() => run([], { missing: 'eror' })).toThrow('parameter "missing" cannot be "eror"');
  });

  it('accepts lots from a share of valid rows on', () => {
    const rows = Array.from({ length: 300 }, (_, at) => (at % 10 === 0 && at < 200 ? { PH_LAB: 'x' } : {}));
    const states = (threshold: string): Value[] =>
      [...run(rows, { threshold }).finals('lots').values()].map(({ state }) => state!);
    expect(states('0.95')).toEqual(['quarantined', 'quarantined', 'accepted']);
    expect(states('0.9')).toEqual(['accepted', 'accepted', 'accepted']);
  });

  it('counts samples per band of pH', () => {
    const ran = run(['3.9', '4', '4.49', '5.5', '7.99', '8', '14'].map((PH_LAB) => ({ PH_LAB })));
    const bands = [...ran.finals('ph-bands').values()].map(
      ({ band, samples }) => `${String(band)}: ${String(samples)}`,
    );
    expect(bands.toSorted()).toEqual(['4.0-4.5: 2', '5.5-6.0: 1', '7.5-8.0: 1', 'below 4.0: 1', 'from 8.0: 2']);
  });
});

type Cells = Readonly<Record<string, string>>;

describe.skipIf(!existsSync(data))('water on the archive of 38,200 samples', () => {
  const name = (file: string): string => `${data}/${file}_2022_8_1`;
  const cellsOf = (path: string): Cells[] =>
    parse(readFileSync(path), { columns: true, delimiter: ';', bom: true }) as Cells[];
  const readTables = async (extension: string): Promise<Readonly<Record<string, ReferenceRows>>> => {
    const read = (table: string, file: string) =>
      readTableFile(water.tables.find((one) => one.name === table)!, `${name(file)}.${extension}`, {
        files: systemFiles,
        crypto: systemCrypto,
      });
    return { methods: await read('methods', 'Methods'), sites: await read('sites', 'Site_Information') };
  };
  let texts: readonly string[] = [];
  let cells: readonly Cells[] = [];
  let tables: Readonly<Record<string, ReferenceRows>> = {};
  let kept: PlanRun;
  let strict: PlanRun;

  /** In lots of 100 over three partitions, one partition after the other. */
  const runArchive = (missing: string): PlanRun => {
    const records = recordsOf(texts, 3).toSorted((a, b) => a.partition - b.partition);
    return runPipeline(water, records, { parameters: { missing, threshold: 0.95 }, tables, batchRows: 5000 });
  };
  const total = (ran: PlanRun, sink: string, column: string): number =>
    [...ran.finals(sink).values()].reduce((sum, row) => sum + Number(row[column]), 0);
  const near = (actual: Value | undefined, expected: number): void =>
    expect(Math.abs(Number(actual) - expected)).toBeLessThan(1e-9 * expected);

  beforeAll(async () => {
    texts = csvTexts(`${name('LTM_Data')}.csv`, water);
    cells = cellsOf(`${name('LTM_Data')}.csv`);
    tables = await readTables('csv');
    kept = runArchive('null');
    strict = runArchive('error');
  }, 120_000);

  it('has 382 full lots, with what is valid in each', () => {
    const lots = [...kept.finals('lots').values()];
    expect(lots).toHaveLength(382);
    expect(lots.every(({ rows }) => rows === 100)).toBe(true);
    expect(lots.every(({ state }) => state === 'accepted')).toBe(true);
    for (const { lot, valid } of strict.finals('lots').values()) {
      const inside = cells.slice((Number(lot) - 1) * 100, Number(lot) * 100);
      expect(valid).toBe(inside.filter(({ PH_LAB, WTEMP_DEG_C }) => PH_LAB !== '' && WTEMP_DEG_C !== '').length);
    }
  });

  it('has 3,935 rows without PH_LAB, 21,804 without WTEMP_DEG_C, none without SITE_ID', () => {
    expect(total(kept, 'programmes', 'ph_missing')).toBe(3_935);
    expect(total(kept, 'programmes', 'temperature_missing')).toBe(21_804);
    expect(kept.rejected).toEqual([]);
  });

  it('has 14,121 valid rows when a missing value is an error, 38,200 when it is a null', () => {
    expect([total(strict, 'programmes', 'valid'), total(kept, 'programmes', 'valid')]).toEqual([14_121, 38_200]);
    expect(strict.rejected).toHaveLength(38_200 - 14_121);
    expect(total(strict, 'sites', 'rows')).toBe(14_121);
  });

  it('knows the means of all, of two programmes and of a site', () => {
    const mean = (measure: string): number => {
      const rows = [...kept.finals('metrics').values()].filter(
        (row) => row.dimension === 'programme' && row.measure === measure,
      );
      const count = rows.reduce((sum, row) => sum + Number(row.count), 0);
      expect(count).toBe(measure === 'PH_LAB' ? 34_265 : 16_396);
      return rows.reduce((sum, row) => sum + Number(row.mean) * Number(row.count), 0) / count;
    };
    near(mean('PH_LAB'), 5.816022180067124);
    near(mean('WTEMP'), 10.342949499878019);
    expect(metric(kept, 'programme', 'LTM_ALTM').count).toBe(17_254);
    near(metric(kept, 'programme', 'LTM_ALTM').mean, 5.707488118697114);
    expect(metric(kept, 'programme', 'VTSSS').count).toBe(9_035);
    near(metric(kept, 'programme', 'VTSSS').mean, 6.2297731045932485);
    expect(metric(kept, 'site', '01364959').count).toBe(1_014);
    near(metric(kept, 'site', '01364959').mean, 5.449704142011834);
    expect(one(kept, 'sites', { SITE_ID: '01364959' })).toMatchObject({ rows: 1_069, ph_values: 1_014 });
  });

  it('agrees with a few lines of arithmetic on every measure of every site', () => {
    const columns = water.sources[0]!.columns.map((column) => column.name).filter((column) => /_[A-Z]|PH/.test(column));
    const named: Readonly<Record<string, string>> = { COND_UM_CM: 'COND', SECCHI_M: 'SECCHI', WTEMP_DEG_C: 'WTEMP' };
    const values = new Map<string, number[]>();
    for (const row of cells) {
      for (const column of columns) {
        const text = row[column]!.replaceAll(' ', '');
        if (text === '' || !/^-?[\d.]+$/.test(text) || /SMP|_ID|LOCATION|TYPE/.test(column)) continue;
        const measure = named[column] ?? column.replace(/_(UEQ|UG|MG)_L$/, '');
        const key = `${row.SITE_ID!} ${measure}`;
        values.set(key, [...(values.get(key) ?? []), Number(text)]);
      }
    }
    const results = [...kept.finals('metrics').values()].filter(({ dimension }) => dimension === 'site');
    expect(results).toHaveLength(values.size);
    for (const { name: site, measure, count, mean, min, max } of results) {
      const inside = values.get(`${String(site)} ${String(measure)}`)!;
      expect([count, min, max]).toEqual([inside.length, Math.min(...inside), Math.max(...inside)]);
      expect(Number(mean)).toBeCloseTo(inside.reduce((sum, value) => sum + value, 0) / inside.length, 9);
    }
  });

  it('joins 38,200 rows with sites, where SITE_ID alone gives 40,220', () => {
    const known = cellsOf(`${name('Site_Information')}.csv`);
    const matches = (same: (row: Cells, site: Cells) => boolean): number =>
      cells.reduce((sum, row) => sum + known.filter((site) => same(row, site)).length, 0);
    expect(matches((row, site) => row.SITE_ID === site.SITE_ID)).toBe(40_220);
    expect(matches((row, site) => row.SITE_ID === site.SITE_ID && row.PROGRAM_ID === site.PROGRAM_ID)).toBe(38_200);
    const rows = [...kept.finals('sites').values()];
    expect(rows.reduce((sum, row) => sum + Number(row.rows), 0)).toBe(38_200);
    expect(rows.every((row) => row.SITE_NAME !== null && row.latitude !== null)).toBe(true);
  });

  it('finds a method for 33,011 measures of pH and none for 1,254; of 3,168 that fit two it takes one', () => {
    const known = cellsOf(`${name('Methods')}.csv`).filter(({ PARAMETER }) => PARAMETER === 'PH_LAB');
    const expected = new Map<string, number>();
    let twice = 0;
    for (const row of cells.filter(({ PH_LAB }) => PH_LAB !== '')) {
      const year = Number(row.DATE_SMP!.slice(6, 10));
      const [best, second] = known
        .filter(({ PROGRAM_ID, START_YEAR, END_YEAR }) => {
          const end = END_YEAR === '' ? 9999 : Number(END_YEAR);
          return PROGRAM_ID === row.PROGRAM_ID && Number(START_YEAR) <= year && year <= end;
        })
        .toSorted(
          (a, b) =>
            Number(b.START_YEAR) - Number(a.START_YEAR) || Number(a.END_YEAR || 9999) - Number(b.END_YEAR || 9999),
        );
      if (second) twice++;
      const method = best?.METHOD ?? 'unknown';
      expected.set(method, (expected.get(method) ?? 0) + 1);
    }
    expect(twice).toBe(3_168);
    expect(expected.get('unknown')).toBe(1_254);
    const actual = [...kept.finals('metrics').values()].filter(
      ({ dimension, measure }) => dimension === 'method' && measure === 'PH_LAB',
    );
    expect(new Map(actual.map((row) => [String(row.name), Number(row.count)]))).toEqual(expected);
    expect(actual.reduce((sum, row) => sum + (row.name === 'unknown' ? 0 : Number(row.count)), 0)).toBe(33_011);
  });

  it('reads the same tables from workbooks', async () => {
    const workbooks = await readTables('xlsx');
    for (const table of Object.keys(tables)) {
      expect(workbooks[table]!.rows.length).toBe(tables[table]!.rows.length);
      expect(workbooks[table]!.rows.vectors).toEqual(tables[table]!.rows.vectors);
    }
  });
});
