import type { Random } from '../../../base/random.js';
import { clamp, decimals, exponential, normal, pick } from './dice.js';
import type { Anomaly, Fields, Scene, SimulatedRow, Simulator } from './interfaces.js';

interface Model {
  readonly manufacturer: string;
  /** With the space in front that the real files have. */
  readonly name: string;
  /** Of a new one. */
  readonly price: number;
  readonly engine: number;
  readonly mpg: number;
}

function models(manufacturer: string, rows: readonly (readonly [string, number, number, number])[]): readonly Model[] {
  return rows.map(([name, price, engine, mpg]) => ({ manufacturer, name: ` ${name}`, price, engine, mpg }));
}

const MODELS: readonly Model[] = [
  ...models('audi', [
    ['A1', 19_500, 1, 58],
    ['A3', 25_000, 1.5, 55],
    ['Q5', 43_000, 2, 42],
  ]),
  ...models('bmw', [
    ['1 Series', 25_500, 1.5, 56],
    ['3 Series', 36_000, 2, 55],
    ['5 Series', 44_000, 3, 51],
  ]),
  ...models('ford', [
    ['Fiesta', 15_500, 1, 63],
    ['Focus', 20_500, 1.5, 57],
    ['Kuga', 27_000, 2, 47],
  ]),
  ...models('hyundai', [
    ['I10', 11_500, 1, 60],
    ['Tucson', 26_000, 1.6, 46],
  ]),
  ...models('mercedes', [
    ['A Class', 27_000, 1.5, 56],
    ['C Class', 38_000, 2.1, 59],
    ['E Class', 46_000, 2.9, 54],
  ]),
  ...models('skoda', [
    ['Fabia', 14_500, 1, 59],
    ['Octavia', 22_000, 1.6, 57],
  ]),
  ...models('toyota', [
    ['Aygo', 11_000, 1, 68],
    ['Yaris', 15_500, 1.5, 65],
    ['RAV4', 32_000, 2.5, 49],
  ]),
  ...models('vauxhall', [
    ['Corsa', 13_500, 1.4, 54],
    ['Astra', 19_500, 1.4, 52],
  ]),
  ...models('vw', [
    ['Polo', 16_500, 1, 58],
    ['Golf', 23_500, 1.5, 56],
    ['Tiguan', 30_000, 2, 46],
  ]),
];

const YEAR_MS = 31_556_952_000;
/** A car loses so much of its value with each year, */
const LOSS_A_YEAR = 0.14;
/** and with each ten thousand miles. */
const LOSS_AT_10_000 = 0.05;

const anomalies: readonly Anomaly[] = [
  { name: 'header row', spoil: (fields) => Object.fromEntries(Object.keys(fields).map((name) => [name, name])) },
  {
    name: 'shifted columns',
    // A cell too many in front: every value stands under the name after its own.
    spoil(fields) {
      const names = Object.keys(fields);
      const values = Object.values(fields);
      return Object.fromEntries(names.map((name, at) => [name, at === 0 ? values[0]! : values[at - 1]!]));
    },
  },
  { name: 'price of zero', spoil: (fields) => ({ ...fields, price: 0 }) },
  // The year of a real file: a typing mistake that nobody corrected.
  { name: 'year 2060', spoil: (fields) => ({ ...fields, year: 2060 }) },
  { name: 'fuel unknown', spoil: (fields) => ({ ...fields, fuelType: 'Steam' }) },
  { name: 'negative mileage', spoil: (fields) => ({ ...fields, mileage: -Number(fields.mileage) - 1 }) },
];

/** Adverts of used cars: they come by themselves, prices fall with age and miles. */
export const cars: Simulator = {
  name: 'cars',
  perSecond: 10,
  speed: 1,
  sampleMs: 120_000,
  beginning: (nowMs) => nowMs - 3_600_000,
  anomalies,
  *rows({ random, startMs, perSecond }: Scene): Generator<SimulatedRow, never> {
    for (let atMs = startMs; ; ) {
      atMs += exponential(random, perSecond / 1000);
      const model = pick(random, MODELS);
      const eventMs = Math.floor(atMs);
      yield { eventMs, key: null, subject: model.manufacturer, fields: advert(model, eventMs, random) };
    }
  },
};

function advert(model: Model, eventMs: number, random: Random): Fields {
  const thisYear = 1970 + Math.floor(eventMs / YEAR_MS);
  // Most cars are sold after their lease.
  const age = Math.min(20, Math.floor(exponential(random, 1 / 3.5)));
  const mileage = Math.max(10, Math.round(normal(random, 8_000, 2_500) * (age + 0.3)));
  const worth = model.price * (1 - LOSS_A_YEAR) ** age * (1 - LOSS_AT_10_000) ** (mileage / 10_000);
  const fuelType = fuelOf(model, random);
  return {
    manufacturer: model.manufacturer,
    model: model.name,
    year: thisYear - age,
    price: Math.max(495, Math.round((worth * clamp(normal(random, 1, 0.07), 0.7, 1.3)) / 5) * 5),
    transmission: random.next() < 0.55 ? 'Manual' : pick(random, ['Automatic', 'Semi-Auto']),
    mileage,
    fuelType,
    tax: age < 1 ? 145 : pick(random, [0, 20, 30, 125, 145, 150]),
    mpg: decimals(clamp(normal(random, model.mpg, 4) + (fuelType === 'Diesel' ? 6 : 0), 15, 120), 1),
    engineSize: fuelType === 'Electric' ? 0 : model.engine,
  };
}

function fuelOf({ engine }: Model, random: Random): string {
  const share = random.next();
  if (share < 0.03) return 'Hybrid';
  if (share < 0.035) return 'Electric';
  return random.next() < (engine >= 2 ? 0.75 : 0.2) ? 'Diesel' : 'Petrol';
}
