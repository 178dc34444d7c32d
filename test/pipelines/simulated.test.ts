import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allPipelines } from '../../src/commands/shared/settings/names.js';
import type { Delivery } from '../../src/connect/sources/simulate/disturb.js';
import { SIMULATORS } from '../../src/connect/sources/simulate/index.js';
import type { Fields } from '../../src/connect/sources/simulate/interfaces.js';
import { fixtureSettings, type PlanRun, type ResultRow, runPipeline, sameValue } from '../support/pipeline-run.js';
import { deliveriesOf, recordsOfDeliveries, type SimulatedSettings, truthOf } from '../support/simulated.js';

const pipelines = await allPipelines();

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** What is expected of a sink, by a name of its rows: written down again, the slow and plain way. */
interface Expectation {
  readonly sink: string;
  readonly name: (row: ResultRow) => string;
  readonly rows: (deliveries: readonly Delivery[]) => ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

/** Disorder that the pipeline has patience for; copies only where it tells them from news. */
interface Trial {
  readonly shuffleMs: number;
  readonly duplicates: number;
  readonly expectations: readonly Expectation[];
}

function grouped<T>(rows: readonly T[], name: (row: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) groups.set(name(row), [...(groups.get(name(row)) ?? []), row]);
  return groups;
}

function mapped<T>(
  groups: ReadonlyMap<string, readonly T[]>,
  make: (rows: readonly T[]) => Readonly<Record<string, unknown>>,
): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  return new Map([...groups].map(([name, rows]) => [name, make(rows)]));
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const numbers = (rows: readonly Fields[], column: string): readonly number[] => rows.map((row) => Number(row[column]));
/** Clean rows with their event times, each once. */
const clean = (deliveries: readonly Delivery[]) =>
  deliveries.filter(({ anomaly, isCopy }) => anomaly === undefined && !isCopy).map(({ row }) => row);

const trials: Readonly<Record<string, Trial>> = {
  cars: {
    shuffleMs: 4_900,
    duplicates: 0,
    expectations: [
      {
        sink: 'prices',
        name: (row) => `${String(row.manufacturer)} ${Number(row.window_start)}`,
        rows: (deliveries) =>
          mapped(
            grouped(
              clean(deliveries),
              ({ fields, eventMs }) => `${String(fields.manufacturer)} ${eventMs - (eventMs % MINUTE_MS)}`,
            ),
            (rows) => {
              const prices = rows.map(({ fields }) => Number(fields.price));
              return {
                count: rows.length,
                mean_price: mean(prices),
                min_price: Math.min(...prices),
                max_price: Math.max(...prices),
              };
            },
          ),
      },
    ],
  },
  news: {
    shuffleMs: 2 * 24 * HOUR_MS,
    duplicates: 0,
    expectations: [
      {
        sink: 'totals',
        name: (row) => String(row.brand),
        rows: (deliveries) =>
          mapped(
            grouped(truthOf(deliveries), ({ type }) => String(type).toUpperCase()),
            (rows) => ({
              stories: rows.length,
              positive: rows.filter((row) => row.sentiment_body_p === 'positive').length,
              title_negative: rows.filter((row) => row.sentiment_title_p === 'negative').length,
              mean_score: mean(numbers(rows, 'sentiment_body_s')),
            }),
          ),
      },
    ],
  },
  weather: {
    shuffleMs: 3_500_000,
    duplicates: 0,
    expectations: [
      {
        sink: 'cities',
        name: (row) => `${String(row.city)} ${Number(row.window_start)}`,
        rows: (deliveries) =>
          mapped(
            grouped(
              clean(deliveries),
              ({ fields, eventMs }) => `${String(fields.city)} ${eventMs - (eventMs % HOUR_MS)}`,
            ),
            (rows) => ({
              observations: rows.length,
              mean_temperature_c: mean(rows.map(({ fields }) => Number(fields.temperature_c))),
              max_rain_mm: Math.max(...rows.map(({ fields }) => Number(fields.rain_mm))),
            }),
          ),
      },
    ],
  },
  water: {
    shuffleMs: 30 * 24 * HOUR_MS,
    duplicates: 0,
    expectations: [
      {
        sink: 'sites',
        name: (row) => `${String(row.PROGRAM_ID)} ${String(row.SITE_ID)}`,
        rows: (deliveries) =>
          mapped(
            grouped(truthOf(deliveries), (row) => `${String(row.PROGRAM_ID)} ${String(row.SITE_ID)}`),
            (rows) => {
              const values = rows.filter(({ PH_LAB }) => PH_LAB !== null).map(({ PH_LAB }) => Number(PH_LAB));
              return {
                rows: rows.length,
                ph_values: values.length,
                mean_ph: values.length === 0 ? null : mean(values),
                max_ph: values.length === 0 ? null : Math.max(...values),
              };
            },
          ),
      },
    ],
  },
  stocks: {
    shuffleMs: 6 * HOUR_MS,
    duplicates: 0.2,
    expectations: [
      {
        sink: 'minutes',
        name: (row) => `${String(row.symbol)} ${Number(row.window_start)}`,
        rows: (deliveries) =>
          mapped(
            grouped(
              clean(deliveries).filter(({ fields }) => fields.kind === 'bar'),
              ({ fields, eventMs }) => `${String(fields.symbol)} ${eventMs}`,
            ),
            ([bar]) => ({
              close: Number(bar!.fields.close) / Number(bar!.fields.scale),
              volume: bar!.fields.volume,
              bars: 1,
            }),
          ),
      },
    ],
  },
  velib: {
    shuffleMs: 110_000,
    duplicates: 0.2,
    expectations: [
      {
        sink: 'stations',
        name: (row) => String(row.stationCode),
        rows(deliveries) {
          return mapped(
            grouped(truthOf(deliveries), (row) => String(row.stationCode)),
            (rows) => {
              const newest = rows.reduce((a, b) => (Number(b.last_reported) > Number(a.last_reported) ? b : a));
              return { num_bikes_available: newest.num_bikes_available, ebike: newest.ebike };
            },
          );
        },
      },
    ],
  },
};

function planOf(name: string) {
  return pipelines.find((plan) => plan.name === name)!;
}

function check(ran: PlanRun, { sink, name, rows }: Expectation, deliveries: readonly Delivery[]): void {
  const expected = rows(deliveries);
  const found = new Map([...ran.finals(sink).values()].map((row) => [name(row), row]));
  expect([...found.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
  for (const [key, values] of expected) {
    for (const [column, value] of Object.entries(values)) {
      const actual = found.get(key)![column];
      const same = sameValue(typeof actual === 'bigint' ? Number(actual) : actual, value as never);
      expect(same, `${key} ${column}: ${String(actual)}, not ${String(value)}`).toBe(true);
    }
  }
}

describe.each(SIMULATORS.map((simulator) => [simulator.name, simulator] as const))(
  '%s, simulated',
  (name, simulator) => {
    const plan = planOf(name);
    const trial = trials[name]!;
    const run = (settings: SimulatedSettings, partitions: number) => {
      const deliveries = deliveriesOf(simulator, settings);
      return { deliveries, ran: runPipeline(plan, recordsOfDeliveries(deliveries, partitions), fixtureSettings(plan)) };
    };

    it('gives what a plain recount of the truth gives, however the rows come', () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 0, max: 1e6 }),
          fc.integer({ min: 1, max: 3 }),
          fc.boolean(),
          (seed, parts, calm) => {
            const disturbances = calm
              ? {}
              : { shuffleMs: trial.shuffleMs, duplicates: trial.duplicates, anomalies: 0.05 };
            const { deliveries, ran } = run({ seed, rows: 400, disturbances }, parts);
            expect(ran.late).toBe(0);
            const bad = deliveries.filter(({ anomaly }) => anomaly !== undefined).length;
            expect(ran.rejected.length).toBe(bad);
            for (const expectation of trial.expectations) check(ran, expectation, deliveries);
          },
        ),
        { numRuns: 4 },
      );
    });

    it.each(simulator.anomalies)('rejects $name', ({ name: anomaly }) => {
      const deliveries = deliveriesOf(simulator, { seed: 11, rows: 400, disturbances: { anomalies: 0.5 } });
      const [bad] = deliveries.filter((one) => one.anomaly === anomaly);
      const ran = runPipeline(plan, recordsOfDeliveries([bad!]), fixtureSettings(plan));
      expect(ran.rejected).toHaveLength(1);
    });
  },
);

describe('late rows', () => {
  it('are set aside by cars: nothing is lost silently', () => {
    const simulator = SIMULATORS.find((one) => one.name === 'cars')!;
    const disturbances = { late: { share: 0.05, byMs: 120_000 } };
    const deliveries = deliveriesOf(simulator, { seed: 5, rows: 6_000, perSecond: 20, disturbances });
    const ran = runPipeline(planOf('cars'), recordsOfDeliveries(deliveries), fixtureSettings(planOf('cars')));
    const late = deliveries.filter(({ isLate }) => isLate).length;
    expect(late).toBeGreaterThan(100);
    expect(ran.late).toBe(late);
    const counted = [...ran.finals('prices').values()].reduce((sum, row) => sum + Number(row.count), 0);
    expect(counted).toBe(deliveries.length - late);
  });
});
