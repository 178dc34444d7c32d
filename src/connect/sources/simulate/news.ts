import type { Random } from '../../../base/random.js';
import { clamp, decimals, exponential, hourOf, normal, pick } from './dice.js';
import type { Anomaly, Scene, SimulatedRow, Simulator } from './interfaces.js';

/** As they were searched for: case and all. */
const BRANDS = [
  { name: 'Ford', perHour: 18, mood: 0.1 },
  { name: 'Hyundai', perHour: 9, mood: 0.15 },
  { name: 'Toyota', perHour: 14, mood: 0.25 },
  { name: 'bmw', perHour: 11, mood: 0.05 },
] as const;
const USUAL_PER_HOUR = BRANDS.reduce((sum, { perHour }) => sum + perHour, 0);

const HOUR_MS = 3_600_000;
/** Something happens to a brand so often, */
const EVENTS_PER_HOUR = 1 / 24;
/** everybody writes of it, and forgets it within hours. */
const FORGET_MS = 1.5 * HOUR_MS;
/** Bursts and nights together make so many times the usual number. */
const WITH_BURSTS = 1.5;
/** The rate is looked at again after so long at the latest. */
const LOOK_MS = 600_000;
const SHARED = 0.04;

const anomalies: readonly Anomaly[] = [
  { name: 'id missing', spoil: (fields) => ({ ...fields, id: null }) },
  { name: 'header row', spoil: (fields) => Object.fromEntries(Object.keys(fields).map((name) => [name, name])) },
  { name: 'polarity unknown', spoil: (fields) => ({ ...fields, sentiment_body_p: 'mixed' }) },
  { name: 'score beyond 1', spoil: (fields) => ({ ...fields, sentiment_body_s: 7.2 }) },
  // What Python's json writes for a missing number, and no JSON reader takes.
  {
    name: 'bare NaN',
    spoil: (fields) =>
      JSON.stringify({ ...fields, sentiment_body_s: null }).replace(
        '"sentiment_body_s":null',
        '"sentiment_body_s":NaN',
      ),
  },
];

interface Brand {
  readonly name: string;
  readonly perHour: number;
  readonly mood: number;
  nextMs: number;
  /** Whether a story comes then, or only a look at the rate. */
  isStory: boolean;
  lookedMs: number;
  eventMs: number;
  /** How many times the usual number of stories, at its height. */
  height: number;
  /** From -1, a scandal, to 1. */
  tone: number;
}

/** Stories about brands: a steady murmur by day, and bursts when something happens, with a tone of their own. */
export const news: Simulator = {
  name: 'news',
  perSecond: USUAL_PER_HOUR / 3600,
  speed: 300,
  sampleMs: 24 * HOUR_MS,
  beginning: (nowMs) => nowMs - 2 * 24 * HOUR_MS,
  anomalies,
  *rows({ random, startMs, perSecond }: Scene): Generator<SimulatedRow, never> {
    const scale = (perSecond * 3600) / USUAL_PER_HOUR / WITH_BURSTS;
    const brands = BRANDS.map(
      (one): Brand => ({ ...one, nextMs: startMs, isStory: false, lookedMs: startMs, eventMs: 0, height: 0, tone: 0 }),
    );
    let id = 5_400_000_000 + random.below(50_000_000);
    for (;;) {
      const brand = brands.reduce((first, one) => (one.nextMs < first.nextMs ? one : first));
      const atMs = brand.nextMs;
      if (brand.isStory) {
        id += 1 + random.below(900);
        yield story(brand, id, atMs, random);
        // A story that names two brands comes once for each.
        if (random.next() < SHARED) yield story(pick(random, brands), id, atMs, random);
      }
      if (random.next() < (EVENTS_PER_HOUR * (atMs - brand.lookedMs)) / HOUR_MS) begin(brand, atMs, random);
      brand.lookedMs = atMs;
      const waitMs = exponential(random, (rateOf(brand, atMs) * scale) / HOUR_MS);
      brand.isStory = waitMs <= LOOK_MS;
      brand.nextMs = atMs + Math.min(waitMs, LOOK_MS);
    }
  },
};

function begin(brand: Brand, atMs: number, random: Random): void {
  brand.eventMs = atMs;
  brand.height = 4 + random.below(14);
  brand.tone = random.next() < 0.5 ? -0.7 : 0.5;
}

/** Stories per hour: fewer at night, many after an event. */
function rateOf(brand: Brand, atMs: number): number {
  const day = 0.6 + 0.4 * Math.sin(((hourOf(atMs) - 8) / 24) * 2 * Math.PI);
  return brand.perHour * (day + brand.height * memory(brand, atMs));
}

function memory({ eventMs }: Brand, atMs: number): number {
  return Math.exp(-(atMs - eventMs) / FORGET_MS);
}

function story(brand: Brand, id: number, atMs: number, random: Random): SimulatedRow {
  // Stories are dated to the second.
  const eventMs = Math.floor(atMs / 1000) * 1000;
  const mood = brand.mood + brand.tone * Math.min(1, brand.height * memory(brand, atMs));
  const body = opinion(mood, random);
  // Titles are blunter than what stands below them.
  const title = opinion(mood * 0.8, random);
  const fields = {
    type: brand.name,
    id,
    sentiment_body_p: body.polarity,
    sentiment_body_s: body.score,
    sentiment_title_p: title.polarity,
    sentiment_title_s: title.score,
    published: `${new Date(eventMs).toISOString().slice(0, 19)}Z`,
  };
  return { eventMs, key: brand.name, subject: brand.name, fields };
}

function opinion(mood: number, random: Random): { readonly polarity: string; readonly score: number } {
  const felt = normal(random, mood, 0.45);
  const polarity = felt > 0.25 ? 'positive' : felt < -0.25 ? 'negative' : 'neutral';
  return { polarity, score: decimals(clamp(0.45 + Math.abs(felt) * 0.5, 0.34, 1), 2) };
}
