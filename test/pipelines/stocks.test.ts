import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchOf, type Value } from '../../src/base/row-batch.js';
import { stocks as stocksApi } from '../../src/connect/sources/apis/stocks.js';
import { readPage } from '../../src/connect/sources/poll/page-reader.js';
import type { JobOptions } from '../../src/engine/job.js';
import { stocks } from '../../src/pipelines/stocks.js';
import {
  csvTexts,
  type PlanRun,
  type ResultRow,
  recordsOf,
  runPipeline,
  type TestRecord,
} from '../support/pipeline-run.js';

const data = resolve('../shared/data/stocks');
const minute = 60_000;
const start = Date.UTC(2024, 0, 2, 14, 30) / 1000;
const known = [{ symbol: 'ACME', name: 'Acme', currency: 'USD', exchange: 'NMS', timezone: 'America/New_York' }];
const tables: NonNullable<JobOptions['tables']> = {
  symbols: { rows: batchOf(stocks.tables[0]!.columns, known), version: 'test' },
};

function run(...rows: readonly object[]): PlanRun {
  const bar = {
    symbol: 'ACME',
    interval: '1m',
    time: start,
    kind: 'bar',
    open: 9,
    high: 12,
    low: 8,
    close: 10,
    volume: 100,
  };
  return runPipeline(stocks, recordsOf(rows.map((row) => JSON.stringify({ ...bar, ...row }))), { tables });
}

function only(ran: PlanRun, sink: string): ResultRow {
  const rows = [...ran.finals(sink).values()];
  expect(rows, sink).toHaveLength(1);
  return rows[0]!;
}

/** A bar as the oracle sees it. */
interface Bar {
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);
const mean = (numbers: readonly number[]): number => total(numbers) / numbers.length;
const vwapOf = (bars: readonly Bar[]): number | null => {
  const volume = total(bars.map((bar) => bar.volume));
  return volume === 0 ? null : total(bars.map((bar) => ((bar.high + bar.low + bar.close) / 3) * bar.volume)) / volume;
};

/** What the averages of bars in the order of time must be, by the textbook. */
function oracle(bars: readonly Bar[]) {
  let ema = Number.NaN;
  return bars.map((bar, at) => {
    const lastRows = (rows: number): readonly Bar[] => bars.slice(Math.max(0, at + 1 - rows), at + 1);
    ema = at === 0 ? bar.close : ema + (2 / 21) * (bar.close - ema);
    const before = bars[at - 1]?.close ?? null;
    return {
      bar_time: bar.time,
      close: bar.close,
      change: before === null ? null : bar.close - before,
      change_percent: before === null ? null : (bar.close / before - 1) * 100,
      sma_5: mean(lastRows(5).map(({ close }) => close)),
      sma_20: mean(lastRows(20).map(({ close }) => close)),
      ema_20: ema,
      vwap_20: vwapOf(lastRows(20)),
    };
  });
}

function close(actual: Value | undefined, expected: number | null): void {
  if (expected === null) expect(actual).toBe(null);
  else expect(Math.abs(Number(actual) - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));
}

/** Compares everything that the pipeline says of a symbol with the oracle. */
function agrees(ran: PlanRun, symbol: string, bars: readonly Bar[]): void {
  const of = (sink: string): ResultRow[] => [...ran.finals(sink).values()].filter((row) => row.symbol === symbol);
  const averages = ran.rows('averages').filter((row) => row.symbol === symbol);
  const expected = oracle(bars);
  expect(averages.map(({ bar_time }) => bar_time)).toEqual(bars.map(({ time }) => time));
  averages.forEach((row, at) => {
    for (const [name, value] of Object.entries(expected[at]!)) close(row[name], value);
  });
  const windows = (size: number): Map<number, Bar[]> => {
    const groups = new Map<number, Bar[]>();
    for (const bar of bars) {
      const from = Math.floor(bar.time / size) * size;
      groups.set(from, [...(groups.get(from) ?? []), bar]);
    }
    return groups;
  };
  for (const [sink, size] of [
    ['minutes', minute],
    ['days', 1440 * minute],
  ] as const) {
    const groups = windows(size);
    expect(of(sink)).toHaveLength(groups.size);
    for (const row of of(sink)) {
      const inside = groups.get(Number(row.window_start))!;
      expect(row).toMatchObject({
        window_end: Number(row.window_start) + size,
        open: inside[0]!.open,
        high: Math.max(...inside.map(({ high }) => high)),
        low: Math.min(...inside.map(({ low }) => low)),
        close: inside.at(-1)!.close,
        bars: inside.length,
      });
      close(row.mean_price, mean(inside.map((bar) => bar.close)));
      close(row.volume, total(inside.map(({ volume }) => volume)));
      close(row.vwap, vwapOf(inside));
    }
  }
}

describe('stocks', () => {
  it('gives candles with currency per minute and day, from bars or from ticks', () => {
    const ran = run(
      { kind: 'tick', open: null, high: null, low: null, close: 10, volume: 1 },
      { kind: 'tick', time: start + 20, open: null, high: null, low: null, close: 13, volume: 3 },
      { kind: 'tick', time: start + 59, open: null, high: null, low: null, close: 7, volume: 0 },
    );
    const candle = {
      currency: 'USD',
      open: 10,
      high: 13,
      low: 7,
      close: 7,
      mean_price: 10,
      volume: 4,
      vwap: 12.25,
      bars: 3,
    };
    expect(only(ran, 'minutes')).toMatchObject({ ...candle, window_start: start * 1000 });
    expect(only(ran, 'days')).toMatchObject({ ...candle, exchange: 'NMS', timezone: 'America/New_York' });
  });

  it('drops bars that come again; of two of one minute the one with the larger volume is kept', () => {
    const ran = run({}, {}, { close: 11, volume: 150 }, { close: 9, volume: 20 }, { time: start + 60, close: 12 });
    const rows = ran.rows('averages');
    expect(rows.map((row) => row.close)).toEqual([11, 12]);
    expect(rows.map((row) => row.change)).toEqual([null, 1]);
    expect(ran.rows('days').at(-1)).toMatchObject({ bars: 2, volume: 250 });
  });

  it('keeps the bar apart that is off the grid', () => {
    const ran = run({}, { time: start + 96, kind: 'live', close: 10.5, volume: 0 });
    expect(only(ran, 'live')).toMatchObject({ symbol: 'ACME', name: 'Acme', price: 10.5, at: (start + 96) * 1000 });
    expect(only(ran, 'averages')).toMatchObject({ close: 10 });
    const byTime = run({ kind: null }, { time: start + 96, kind: null, close: 10.5 });
    expect(only(byTime, 'live')).toMatchObject({ price: 10.5 });
    expect(only(byTime, 'minutes')).toMatchObject({ close: 10 });
  });

  it('gives prices in the currency where an exchange quotes hundredths', () => {
    expect(only(run({ scale: 100, close: 812 }), 'minutes')).toMatchObject({ close: 8.12, high: 0.12 });
  });

  it('leaves bars of other lengths out, and takes symbols that nobody knows', () => {
    expect(run({ interval: '5m' }).rows('minutes')).toEqual([]);
    expect(only(run({ symbol: ' NEW ' }), 'minutes')).toMatchObject({ symbol: 'NEW', currency: null });
  });

  it.each([
    [{ symbol: null }, 'symbol missing'],
    [{ close: null }, 'close missing'],
    [{ close: 0 }, 'a price is not above 0'],
    [{ open: -1 }, 'a price is not above 0'],
    [{ low: 20 }, 'high is below low'],
    [{ volume: -1 }, 'volume is not 0 or more'],
    [{ time: null }, 'event time bar_time'],
    [{ close: 'much' }, 'is not a number'],
  ])('rejects %o: %s', (change, reason) => {
    const ran = run(change, {});
    expect(ran.rejected).toHaveLength(1);
    expect(ran.rejected[0]).toContain(reason);
    expect(only(ran, 'minutes')).toMatchObject({ bars: 1 });
  });

  it('agrees with the textbook for any bars in any order', () => {
    const price = fc.double({ min: 0.01, max: 1e5, noNaN: true });
    const made = fc.record({ at: fc.nat(200), a: price, b: price, open: price, close: price, volume: fc.nat(1000) });
    fc.assert(
      fc.property(fc.uniqueArray(made, { selector: ({ at }) => at, minLength: 1, maxLength: 60 }), (arbitrary) => {
        const bars = arbitrary.map(({ at, a, b, open, close, volume }) => {
          const all = [a, b, open, close];
          return { time: (start + at * 60) * 1000, open, high: Math.max(...all), low: Math.min(...all), close, volume };
        });
        const ran = run(...bars.map((bar) => ({ ...bar, time: bar.time / 1000 })));
        expect(ran.rejected).toEqual([]);
        agrees(
          ran,
          'ACME',
          bars.toSorted((a, b) => a.time - b.time),
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe.skipIf(!existsSync(data))('stocks on files of minute bars', () => {
  const files = existsSync(data) ? readdirSync(`${data}/yfinance_flat`) : [];
  const barsOf = (file: string): Bar[] =>
    (parse(readFileSync(`${data}/yfinance_flat/${file}`), { columns: true }) as Record<string, string>[]).map(
      (row) => ({
        time: Date.parse(row.Datetime ?? row.date!),
        open: Number(row.Open),
        high: Number(row.High),
        low: Number(row.Low),
        close: Number(row.Close),
        volume: Number(row.Volume),
      }),
    );
  const recordsFrom = (file: string): readonly TestRecord[] =>
    recordsOf(csvTexts(`${data}/yfinance_flat/${file}`, stocks, { symbol: file.replace('_1m.csv', '') }));

  it.each(files)('%s gives what the textbook says', (file) => {
    const bars = barsOf(file);
    const ran = runPipeline(stocks, recordsFrom(file), { tables });
    expect([ran.late, ran.rejected]).toEqual([0, []]);
    agrees(ran, file.replace('_1m.csv', ''), bars);
  });

  it('all of them one after the other through one partition', () => {
    const ran = runPipeline(stocks, files.flatMap(recordsFrom), { tables, batchRows: 1000 });
    expect([ran.late, ran.rejected]).toEqual([0, []]);
    for (const file of files) agrees(ran, file.replace('_1m.csv', ''), barsOf(file));
  });

  it('what the poll makes of answers: no minutes without trades, the live bar apart', () => {
    const polled = (file: string): string[] => {
      const values = { symbol: ['X'], interval: [/_1d_/.test(file) ? '1d' : '1m'] };
      const poll = stocksApi.open({ values, baseUrl: undefined, secret: () => '', changedOnly: false });
      const feed = poll.feeds[0]!;
      const answer = {
        kind: 'response',
        status: 200,
        headers: {},
        body: readFileSync(`${data}/yahoo_v8/${file}`),
      } as const;
      return readPage(poll, feed, feed.url, answer).content.items.map((item) => JSON.stringify(item));
    };
    // Every answer comes twice, as a poll gets it; they are of different years.
    const records = readdirSync(`${data}/yahoo_v8`).flatMap((file, partition) => {
      const texts = polled(file);
      return recordsOf([...texts, ...texts]).map((record) => ({ ...record, partition }));
    });
    const ran = runPipeline(stocks, records, { tables });
    expect(ran.rejected).toEqual([]);
    const of = (symbol: string, sink: string): ResultRow[] =>
      [...ran.finals(sink).values()].filter((row) => row.symbol === symbol);
    expect(of('PETR4.SA', 'minutes').map((row) => row.close)).toEqual([
      25.6200008392334, 25.639999389648438, 25.600000381469727, 25.649999618530273,
    ]);
    expect(only(ran, 'live')).toMatchObject({ symbol: 'PETR4.SA', price: 25.690000534057617, at: 1678108476_000 });
    expect(of('AMZN', 'minutes')).toHaveLength(31);
    expect(of('SPY', 'minutes')).toEqual([]);
    expect(of('AMZN', 'days')).toHaveLength(1);
  });
});
