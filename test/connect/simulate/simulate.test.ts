import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromGbfs } from '../../../src/connect/sources/apis/velib-stations.js';
import { weatherItem } from '../../../src/connect/sources/apis/weather-item.js';
import { SIMULATORS } from '../../../src/connect/sources/simulate/index.js';
import type { Fields } from '../../../src/connect/sources/simulate/interfaces.js';
import { SimulationTally } from '../../../src/connect/sources/simulate/tally.js';
import { deliveriesOf, SIMULATED_START, truthOf } from '../../support/simulated.js';

const HOUR_MS = 3_600_000;
const named = (name: string) => SIMULATORS.find((one) => one.name === name)!;
const firstLine = (path: string): string[] => readFileSync(path, 'utf8').split(/\r?\n/, 1)[0]!.split(/[;,]/);
const rowsOf = (name: string, rows: number, startMs = SIMULATED_START, perSecond?: number) =>
  deliveriesOf(named(name), { seed: 3, rows, startMs, ...(perSecond === undefined ? {} : { perSecond }) }).map(
    ({ row }) => row,
  );

describe.each(SIMULATORS.map((simulator) => [simulator.name, simulator] as const))('%s', (_name, simulator) => {
  it('is the same for the same seed, another one for another', () => {
    const disturbances = { shuffleMs: 60_000, duplicates: 0.1, anomalies: 0.1, late: { share: 0.1, byMs: 90_000 } };
    const of = (seed: number) => deliveriesOf(simulator, { seed, rows: 200, disturbances });
    expect(of(1)).toEqual(of(1));
    expect(truthOf(of(1))).not.toEqual(truthOf(of(2)));
  });

  it('has the same truth whatever happens to the rows on their way', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(1_000), fc.nat(100), (seed, shuffle, share) => {
        // Disturbed rows lie further apart: what came of a stretch of time is compared.
        const disturbances = { shuffleMs: shuffle, duplicates: share / 100, anomalies: share / 100 };
        const disturbed = deliveriesOf(simulator, { seed, rows: 150, disturbances });
        const calm = new Set(deliveriesOf(simulator, { seed, rows: 200 }).map(({ row }) => JSON.stringify(row)));
        for (const { row } of disturbed) expect(calm.has(JSON.stringify(row))).toBe(true);
      }),
      { numRuns: 10 },
    );
  });

  it('comes in order, as densely as it is asked to', () => {
    const perSecond = simulator.perSecond * 3;
    const rows = rowsOf(simulator.name, 1_500, SIMULATED_START, perSecond);
    const told = rows.map(({ eventMs, delayMs = 0 }) => eventMs + delayMs);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(rows[0]!.eventMs).toBeGreaterThanOrEqual(SIMULATED_START - 60_000);
    const found = (rows.length * 1000) / (rows.at(-1)!.eventMs - SIMULATED_START);
    expect(found / perSecond).toBeGreaterThan(0.4);
    expect(found / perSecond).toBeLessThan(2.5);
  });

  it('begins where something happens, and not in the future', () => {
    for (let day = 0; day < 8; day++) {
      const nowMs = SIMULATED_START + day * 24 * HOUR_MS;
      const startMs = simulator.beginning(nowMs);
      expect(startMs).toBeLessThanOrEqual(nowMs);
      const [first] = rowsOf(simulator.name, 1, startMs);
      expect(first!.eventMs).toBeLessThan(nowMs + HOUR_MS);
    }
  });

  it('does at about the rates what it is asked to do, and counts it', () => {
    const disturbances = { duplicates: 0.1, anomalies: 0.2, late: { share: 0.05, byMs: 1_000 } };
    const deliveries = deliveriesOf(simulator, { seed: 9, rows: 2_000, disturbances });
    const tally = new SimulationTally();
    for (const delivery of deliveries) tally.add(delivery);
    const counts = tally.counts();
    const bad = Object.values(counts.anomalies).reduce((sum, count) => sum + count, 0);
    expect(counts.records).toBe(2_000);
    expect(bad / 2_000).toBeCloseTo(0.2, 1);
    expect(counts.duplicates / 2_000).toBeCloseTo(0.09, 1);
    expect(counts.late / 2_000).toBeCloseTo(0.05, 1);
    expect(Object.keys(counts.anomalies).length).toBe(simulator.anomalies.length);
    expect(counts.clean).toBe(truthOf(deliveries).length);
    expect(Object.values(counts.subjects).reduce((sum, count) => sum + count, 0)).toBe(counts.clean);
  });
});

describe('shapes', () => {
  it.each(['cars', 'water'])('%s has the columns of the file', (name) => {
    expect(Object.keys(rowsOf(name, 1)[0]!.fields)).toEqual(firstLine(`fixtures/${name}.csv`));
  });

  it('has the members of the APIs', () => {
    expect(Object.keys(rowsOf('velib', 1)[0]!.fields)).toEqual(Object.keys(fromGbfs({}, undefined)));
    expect(Object.keys(rowsOf('news', 1)[0]!.fields)).toEqual(firstLine('fixtures/news.csv'));
    const weather = rowsOf('weather', 1)[0]!.fields;
    expect(Object.keys(weather)).toEqual(Object.keys(weatherItem(weather as never)));
    expect(Object.keys(weather)).toEqual(expect.arrayContaining(firstLine('fixtures/weather.csv')));
    expect(Object.keys(rowsOf('stocks', 1)[0]!.fields)).toEqual(
      expect.arrayContaining(firstLine('fixtures/stocks.csv')),
    );
  });

  it('knows the stations, symbols and sites of the tables that come with the pipelines', () => {
    const table = (path: string, columns: number): ReadonlySet<string> =>
      new Set(
        readFileSync(path, 'utf8')
          .split(/\r?\n/)
          .map((line) => line.split(/[;,]/).slice(0, columns).join(';')),
      );
    const stations = table('fixtures/velib-stations.csv', 1);
    for (const { subject } of rowsOf('velib', 60)) expect(stations.has(subject), subject).toBe(true);
    const symbols = table('fixtures/stocks-symbols.csv', 1);
    const traded = new Set(rowsOf('stocks', 60).map(({ subject }) => subject));
    for (const symbol of symbols) expect(traded.has(symbol) || symbol === 'symbol' || symbol === '', symbol).toBe(true);
    const sites = table('fixtures/water-sites.csv', 2);
    for (const { fields } of rowsOf('water', 60)) {
      const name = `${String(fields.SITE_ID)};${String(fields.PROGRAM_ID)}`;
      expect(sites.has(name), name).toBe(true);
    }
  });
});

describe('dynamics', () => {
  const meanOf = (rows: readonly Fields[], column: string): number =>
    rows.reduce((sum, row) => sum + Number(row[column]), 0) / rows.length;

  it('velib: bikes stand at home by night and at work by day, none is lost between docks and bikes', () => {
    const fullness = (hour: number): number => {
      // The second station is one where people work.
      const start = Date.UTC(2020, 4, 13, hour);
      const rows = rowsOf('velib', 3_000, start).filter(({ fields }) => fields.stationCode === '32017');
      return (
        meanOf(
          rows.map(({ fields }) => fields),
          'num_bikes_available',
        ) / Number(rows[0]!.fields.capacity)
      );
    };
    expect(fullness(13)).toBeGreaterThan(fullness(2) + 0.3);
    for (const { fields } of rowsOf('velib', 2_000)) {
      expect(Number(fields.mechanical) + Number(fields.ebike)).toBe(fields.num_bikes_available);
      expect(Number(fields.num_bikes_available) + Number(fields.num_docks_available)).toBe(fields.capacity);
    }
  });

  it('stocks: bars are whole, sessions are kept, prices jump over night', () => {
    // Tuesday 12:00 to well into Thursday.
    const rows = rowsOf('stocks', 14_000, Date.UTC(2020, 4, 12, 12));
    const bars = rows.filter(({ fields }) => fields.kind === 'bar');
    for (const { fields, eventMs } of bars) {
      const [open, high, low, close] = ['open', 'high', 'low', 'close'].map((name) => Number(fields[name]));
      expect(Math.max(open!, close!, low!)).toBeLessThanOrEqual(high!);
      expect(Math.min(open!, close!)).toBeGreaterThanOrEqual(low!);
      expect(eventMs % 60_000).toBe(0);
    }
    const acme = bars.filter(({ subject }) => subject === 'ACME');
    const hours = new Set(acme.map(({ eventMs }) => new Date(eventMs).getUTCHours()));
    // 9:30 to 16:00 in New York, in summer.
    expect([...hours].toSorted((a, b) => a - b)).toEqual([13, 14, 15, 16, 17, 18, 19]);
    const overnight = acme.findIndex(({ eventMs }, at) => at > 0 && eventMs - acme[at - 1]!.eventMs > HOUR_MS);
    expect(acme[overnight]!.fields.open).not.toBe(acme[overnight - 1]!.fields.close);
    expect(acme[5]!.fields.open).toBeCloseTo(Number(acme[4]!.fields.close), 3);
    expect(bars.some(({ subject, eventMs }) => subject === 'COIN-USD' && new Date(eventMs).getUTCHours() === 3)).toBe(
      true,
    );
  });

  it('weather: fronts bring rain, low pressure and wind; it snows in the cold only', () => {
    const rows = rowsOf('weather', 20_000).map(({ fields }) => fields);
    const wet = rows.filter(({ is_raining, is_snowing }) => is_raining || is_snowing);
    const dry = rows.filter(({ is_raining, is_snowing }) => !is_raining && !is_snowing);
    expect(wet.length / rows.length).toBeGreaterThan(0.1);
    expect(wet.length / rows.length).toBeLessThan(0.5);
    expect(meanOf(wet, 'pressure_hpa')).toBeLessThan(meanOf(dry, 'pressure_hpa') - 5);
    expect(meanOf(wet, 'wind_kph')).toBeGreaterThan(meanOf(dry, 'wind_kph'));
    for (const row of rows) {
      if (row.is_snowing) expect(Number(row.temperature_c)).toBeLessThan(1);
      expect(Number(row.humidity)).toBeLessThanOrEqual(100);
      expect(Math.abs(Number(row.temperature_c))).toBeLessThan(60);
    }
    expect(wet.some((row) => row.rain_mm === 0 && row.snow_mm === 0)).toBe(true);
  });

  it('news: there are bursts, and a burst has a tone', () => {
    const perHour = new Map<string, number>();
    for (const { subject, eventMs } of rowsOf('news', 6_000)) {
      const hour = `${subject} ${Math.floor(eventMs / HOUR_MS)}`;
      perHour.set(hour, (perHour.get(hour) ?? 0) + 1);
    }
    const counts = [...perHour.values()].toSorted((a, b) => a - b);
    const median = counts[Math.floor(counts.length / 2)]!;
    expect(counts.at(-1)!).toBeGreaterThan(4 * median);
  });

  it('cars: older cars are cheaper', () => {
    const golf = rowsOf('cars', 8_000)
      .map(({ fields }) => fields)
      .filter(({ model }) => model === ' Golf');
    const young = golf.filter(({ year }) => Number(year) >= 2018);
    const old = golf.filter(({ year }) => Number(year) <= 2014);
    expect(meanOf(young, 'price')).toBeGreaterThan(1.5 * meanOf(old, 'price'));
  });

  it('water: most waters are a little sour', () => {
    const values = rowsOf('water', 3_000)
      .map(({ fields }) => Number(fields.PH_LAB ?? Number.NaN))
      .filter((value) => !Number.isNaN(value));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean).toBeGreaterThan(5);
    expect(mean).toBeLessThan(7);
  });
});
