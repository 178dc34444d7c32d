import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { weather } from '../../src/pipelines/weather.js';
import { csvTexts, recordsOf, runPipeline } from '../support/pipeline-run.js';

const data = '../shared/data/weather/GlobalWeatherRepository_2023.csv';
const hour = 3_600_000;
const start = Date.UTC(2024, 0, 1);
const observation = {
  provider: 'open-meteo',
  city: 'Strasbourg',
  country: 'France',
  region: null,
  latitude: 48.58,
  longitude: 7.75,
  time: start / 1000,
  temperature_c: 4.5,
  humidity: 80,
  rain_mm: 0,
  snow_mm: 0,
  is_raining: false,
  is_snowing: false,
  wind_kph: 10,
  pressure_hpa: 1010,
};

function run(...rows: readonly object[]) {
  return runPipeline(weather, recordsOf(rows.map((row) => JSON.stringify({ ...observation, ...row }))));
}

function only(rows: ReadonlyMap<string, Readonly<Record<string, unknown>>>): Readonly<Record<string, unknown>> {
  expect(rows.size).toBe(1);
  return [...rows.values()][0]!;
}

describe('weather', () => {
  it('counts a city once, however often it is asked, and tells rain by code from rain by amount', () => {
    const ran = run(
      { is_raining: true, rain_mm: 0 },
      { is_raining: true, rain_mm: 0, time: start / 1000 + 600 },
      { city: 'Kehl', country: 'Germany', is_raining: true, rain_mm: 0.3 },
      { city: 'Oslo', country: 'Norway', is_snowing: true, snow_mm: 1, temperature_c: -3 },
    );
    expect(only(ran.finals('metrics'))).toMatchObject({
      window_start: start,
      window_end: start + hour,
      observations: 4,
      places: 3,
      raining_by_code: 2,
      raining_by_amount: 1,
      snowing_by_code: 1,
      snowing_by_amount: 1,
      min_temperature_c: -3,
    });
    expect(ran.finals('cities').size).toBe(3);
  });

  it('keeps towns of one name in two countries apart', () => {
    const ran = run({ city: 'Paris' }, { city: 'Paris', country: 'United States' });
    expect(only(ran.finals('metrics'))).toMatchObject({ places: 2 });
  });

  it('gives means per region, of places that have one', () => {
    const ran = run({ region: 'EuropeW' }, { region: 'EuropeW', city: 'Kehl', temperature_c: 5.5 }, {});
    expect(only(ran.finals('regions'))).toMatchObject({ region: 'EuropeW', places: 2, mean_temperature_c: 5 });
  });

  it('gives correlations of rows that have both measures, null where one does not vary', () => {
    const ran = run(
      { temperature_c: 1, humidity: 90, pressure_hpa: 1000 },
      { temperature_c: 2, humidity: 80, pressure_hpa: 1000 },
      { temperature_c: 3, humidity: 70, pressure_hpa: 1000, wind_kph: null },
    );
    const row = only(ran.finals('metrics'));
    expect(row.corr_temperature_c_humidity).toBeCloseTo(-1, 12);
    expect(row.corr_temperature_c_wind_kph).toBe(null);
    expect(row.corr_humidity_pressure_hpa).toBe(null);
  });

  it.each([
    [{ city: null }, 'city missing'],
    [{ humidity: 101 }, 'humidity is not from 0 to 100'],
    [{ humidity: null }, 'humidity is not from 0 to 100'],
    [{ temperature_c: 60.5 }, 'temperature is not from -90 to 60'],
    [{ temperature_c: -273.15 }, 'temperature is not from -90 to 60'],
    [{ latitude: 91 }, 'coordinates lie nowhere'],
    [{ longitude: -181 }, 'coordinates lie nowhere'],
    [{ rain_mm: -1 }, 'rain or snow is less than 0'],
    [{ time: null }, 'event time observed'],
    [{ humidity: 'wet' }, 'is not a number'],
  ])('rejects %o: %s', (change, reason) => {
    const ran = run(change, {});
    expect(ran.rejected).toHaveLength(1);
    expect(ran.rejected[0]).toContain(reason);
    expect(only(ran.finals('metrics'))).toMatchObject({ observations: 1 });
  });

  it('rejects a row with the bare token NaN instead of a number', () => {
    const text = JSON.stringify(observation).replace('"humidity":80', '"humidity":NaN');
    const ran = runPipeline(weather, recordsOf([text, JSON.stringify(observation)]));
    expect(ran.rejected).toHaveLength(1);
    expect(only(ran.finals('metrics'))).toMatchObject({ observations: 1 });
  });

  it.skipIf(!existsSync(data))('agrees with a few lines of arithmetic over a file of 197 places', () => {
    const ran = runPipeline(weather, recordsOf(csvTexts(data, weather), 3));
    expect(ran.rejected).toEqual([]);
    expect(ran.late).toBe(0);
    const rows = parse(readFileSync(data), { columns: true }) as Record<string, string>[];
    const hours = new Map<number, Record<string, string>[]>();
    for (const row of rows) {
      const from = Math.floor((Number(row.last_updated_epoch) * 1000) / hour) * hour;
      hours.set(from, [...(hours.get(from) ?? []), row]);
    }
    const results = [...ran.finals('metrics').values()];
    expect(results).toHaveLength(hours.size);
    for (const result of results) {
      const inside = hours.get(Number(result.window_start))!;
      const mean = (name: string): number => inside.reduce((sum, row) => sum + Number(row[name]), 0) / inside.length;
      expect(result.observations).toBe(inside.length);
      expect(Number(result.mean_temperature_c)).toBeCloseTo(mean('temperature_celsius'), 9);
      expect(Number(result.mean_humidity)).toBeCloseTo(mean('humidity'), 9);
      const [t, h] = [mean('temperature_celsius'), mean('humidity')];
      const sums = { xy: 0, xx: 0, yy: 0 };
      for (const row of inside) {
        const [x, y] = [Number(row.temperature_celsius) - t, Number(row.humidity) - h];
        sums.xy += x * y;
        sums.xx += x * x;
        sums.yy += y * y;
      }
      const expected = sums.xy / Math.sqrt(sums.xx * sums.yy);
      if (inside.length > 2) expect(Number(result.corr_temperature_c_humidity)).toBeCloseTo(expected, 8);
      // "Patchy rain possible" with 0.0 mm is rain by its words and not by its amount.
      const wet = inside.filter((row) => /rain|drizzle|shower|thunder/i.test(row.condition_text!));
      expect(result.raining_by_code).toBe(new Set(wet.map((row) => `${row.country}/${row.location_name}`)).size);
    }
  });
});
