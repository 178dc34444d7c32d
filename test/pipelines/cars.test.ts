import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { batchOf, type RowBatch, rowAt, type Value } from '../../src/base/row-batch.js';
import { compileJob } from '../../src/engine/compile-job.js';
import type { Output } from '../../src/engine/job.js';
import { cars } from '../../src/pipelines/cars.js';
import { neededColumns } from '../../src/plan/needed-columns.js';

const data = '../shared/data/cars';
const schema = neededColumns(cars, 'adverts');
const good = {
  manufacturer: 'audi',
  model: ' A1',
  year: 2017,
  price: 12500,
  transmission: 'Manual',
  mileage: 15735,
  fuelType: 'Petrol',
  mpg: 55.4,
};

function batch(rows: readonly Record<string, Value>[], partition = 0): RowBatch {
  return batchOf(schema, rows, { partition, timestamps: new Float64Array(rows.length).fill(1000) });
}

/** Results of a whole run over `batches`; sinks by name. */
function run(batches: readonly RowBatch[]): { outputs: Output[]; rows: (sink: string) => Record<string, Value>[] } {
  const job = compileJob(cars, { parameters: { referenceYear: 2024 }, partitions: { adverts: [0, 1, 2] } });
  for (const one of batches) job.feed('adverts', one);
  for (const partition of [0, 1, 2]) job.end('adverts', partition);
  const outputs = job.drain();
  const rows = (sink: string): Record<string, Value>[] =>
    outputs.flatMap((output) =>
      output.kind === 'result' && output.sink === sink
        ? Array.from({ length: output.batch.length }, (_, at) => rowAt(output.batch, at))
        : [],
    );
  return { outputs, rows };
}

describe('cars', () => {
  it('gives prices per manufacturer and per trimmed model', () => {
    const { rows } = run([batch([good, { ...good, price: 7500 }, { ...good, model: ' A3', price: 100 }])]);
    const window = { window_start: 0, window_end: 60_000, manufacturer: 'audi' };
    expect(rows('prices')).toEqual([
      { ...window, count: 3, mean_price: 20_100 / 3, min_price: 100, max_price: 12_500 },
    ]);
    expect(rows('models')).toEqual([
      { ...window, model: 'A1', count: 2, mean_price: 10_000, min_price: 7500, max_price: 12_500 },
      { ...window, model: 'A3', count: 1, mean_price: 100, min_price: 100, max_price: 100 },
    ]);
  });

  it.each([
    [{ price: 0 }, 'price is not above 0'],
    [{ price: null }, 'price is not above 0'],
    [{ year: 2060 }, 'year is not from 1970 to the year after the reference year'],
    [{ year: 1969 }, 'year is not from 1970 to the year after the reference year'],
    [{ mpg: 0 }, 'mpg is not above 0'],
    [{ mileage: -1 }, 'mileage is not 0 or more'],
    [{ fuelType: 'Petrol ', transmission: '2017' }, 'transmission unknown; fuel unknown'],
    [{ manufacturer: null }, 'manufacturer or model missing'],
    [
      {
        manufacturer: 'audi',
        model: 'model',
        year: null,
        price: null,
        transmission: 'transmission',
        mileage: null,
        fuelType: 'fuelType',
        mpg: null,
      },
      'header row repeated',
    ],
  ] as [Record<string, Value>, string][])('rejects %o: %s', (change, reason) => {
    const { outputs, rows } = run([batch([{ ...good, ...change }, good])]);
    const reasons = outputs.flatMap((output) => (output.kind === 'rejected' ? output.reasons : []));
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toContain(reason);
    expect(rows('prices')[0]).toMatchObject({ count: 1 });
  });

  it('takes cars of the year after the reference year, and files without mpg', () => {
    expect(run([batch([{ ...good, year: 2025, mpg: null }])]).rows('prices')).toHaveLength(1);
  });

  it.skipIf(!existsSync(data)).each([
    ['ford', 'ford.csv', 17_964, 12280.078434647072],
    ['bmw', 'bmw.csv', 10_781, 22733.408867452],
    ['audi', 'audi.csv', 10_668, 22896.685039370077],
  ])('knows the mean price of %s', (manufacturer, file, count, mean) => {
    const records = parse(readFileSync(`${data}/${file}`), { columns: true }) as Record<string, string>[];
    const rows = records.map((record) =>
      Object.fromEntries(
        schema.map(({ name, type }): [string, Value] => {
          const text = name === 'manufacturer' ? manufacturer : record[name];
          return [name, text === undefined ? null : type === 'string' ? text : Number(text)];
        }),
      ),
    );
    const batches = Array.from({ length: Math.ceil(rows.length / 100) }, (_, at) =>
      batch(rows.slice(at * 100, at * 100 + 100), at % 3),
    );
    const [result] = run(batches).rows('prices');
    expect(result).toMatchObject({ manufacturer, count });
    expect(Math.abs(Number(result!.mean_price) - mean)).toBeLessThan(1e-9 * mean);
    const models = run(batches).rows('models');
    expect(models.reduce((total, row) => total + Number(row.count), 0)).toBe(count);
  });
});
