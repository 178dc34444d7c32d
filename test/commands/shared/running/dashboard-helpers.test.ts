import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromUtf8 } from '../../../../src/base/bytes.js';
import { systemFiles } from '../../../../src/base/system.js';
import { RateSampler } from '../../../../src/commands/shared/frame/rate-sampler.js';
import { withEarlierResults } from '../../../../src/commands/shared/running/earlier-results.js';
import { evenLots, sampleEnds } from '../../../../src/commands/shared/sources/sample-feed.js';
import { readSample } from '../../../../src/commands/shared/sources/sample-rows.js';
import { cars } from '../../../../src/pipelines/cars.js';
import type { ResultRow } from '../../../../src/plan/snapshot.js';
import { sampleSnapshot } from '../../../ui/sample-snapshot.js';

describe('the sample of cars', () => {
  it('is what its script writes', () => {
    execFileSync(process.execPath, ['scripts/make-fixtures.mjs', '--check']);
  });

  it('keeps rows as they stand, numbers where the column has them', async () => {
    const { texts, topic } = await readSample(cars, {
      files: systemFiles,
      program: { fixture: (path) => join('fixtures', path) },
    });
    expect(topic).toBe('trafic_cars');
    expect(texts).toHaveLength(1200);
    const rows = texts.map((text) => JSON.parse(fromUtf8(text)) as Record<string, unknown>);
    expect(rows[0]).toEqual({
      manufacturer: 'bmw',
      model: ' 5 Series',
      year: 2019,
      price: 38384,
      transmission: 'Automatic',
      mileage: 9604,
      fuelType: 'Diesel',
      tax: 145,
      mpg: 49.8,
      engineSize: 3.0,
    });
    expect(rows.filter(({ model }) => model === 'model')).toHaveLength(1);
    expect(rows.filter(({ year }) => year === 2060)).toHaveLength(1);
  });

  it('spreads over partitions so that their ends are known', () => {
    const sample = { name: 'x', topic: 't', texts: Array.from({ length: 8 }, () => new Uint8Array()) };
    expect(sampleEnds(sample, 3).map(({ offset }) => offset)).toEqual([3, 3, 2]);
    expect(evenLots(5, 2, 10)).toEqual([
      { endRow: 2, atMs: 0 },
      { endRow: 4, atMs: 10 },
      { endRow: 5, atMs: 20 },
    ]);
  });
});

describe('RateSampler', () => {
  it('makes a history of quarters of a second', () => {
    const sampler = new RateSampler();
    const at = (elapsedMs: number, rowsIn: number) =>
      sampler.refine(sampleSnapshot({ elapsedMs, counts: { ...sampleSnapshot().counts, rowsIn } }));
    at(250, 100);
    at(400, 150);
    at(500, 200);
    expect(at(1250, 700).history.rowsPerSecond).toEqual([100, 200, 700, 700, 600]);
    const done = sampler.refine(sampleSnapshot({ elapsedMs: 9999, state: 'done' }));
    expect(done.history.rowsPerSecond).toHaveLength(5);
    expect(done.rowsPerSecond).toBe(600);
  });
});

describe('withEarlierResults', () => {
  const sample = sampleSnapshot();
  const row = (name: string, windowStartMs: number, trend: readonly number[]): ResultRow => ({
    values: [name, 1, trend.at(-1)!, 1, 1],
    windowStartMs,
    windowEndMs: windowStartMs + 1,
    trends: [trend],
  });
  const table = (...rows: ResultRow[]) => ({ ...sample.results, rows });
  const earlier = (...rows: ResultRow[]) => new Map([['prices', table(...rows)]]);

  it('fills in what the new run does not know yet, and joins histories', () => {
    const now = sampleSnapshot({ results: table(row('bmw', 5, [3, 4]), row('vw', 5, [9])) });
    const shown = withEarlierResults(now, earlier(row('audi', 3, [1]), row('bmw', 4, [2, 3]))).results.rows;
    expect(shown.map(({ values, trends }) => [values[0], trends?.[0]])).toEqual([
      ['audi', [1]],
      ['bmw', [2, 3, 4]],
      ['vw', [9]],
    ]);
  });

  it('keeps the newer of both and ignores results of another form', () => {
    const now = sampleSnapshot({ results: table(row('bmw', 1, [1])) });
    expect(withEarlierResults(now, earlier(row('bmw', 2, [1, 2]))).results.rows[0]!.windowStartMs).toBe(2);
    expect(withEarlierResults(now, new Map([['prices', { ...table(), columns: [] }]]))).toEqual(now);
    expect(withEarlierResults(now, undefined)).toBe(now);
  });
});
