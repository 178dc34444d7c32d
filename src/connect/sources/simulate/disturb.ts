import { type Random, seededRandom } from '../../../base/random.js';
import type { Fields, SimulatedRow, Simulator } from './interfaces.js';

/** What happens to rows on their way; shares are from 0 to 1. */
export interface Disturbances {
  /** Each row comes up to so much later than it should: rows overtake each other. */
  readonly shuffleMs: number;
  /** Rows that come this much later, beyond all patience. */
  readonly late: { readonly share: number; readonly byMs: number };
  /** Rows that come a second time. */
  readonly duplicates: number;
  /** Rows with a mistake of a kind that the source is known for. */
  readonly anomalies: number;
}

/** A row as it arrives, with what was done to it. */
export interface Delivery {
  readonly row: SimulatedRow;
  /** When it arrives, in event time. */
  readonly atMs: number;
  /** What arrives: the row's fields, or those with a mistake in them, or a text that is no JSON object. */
  readonly value: Fields | string;
  /** Name of the mistake. */
  readonly anomaly: string | undefined;
  readonly isLate: boolean;
  /** A row that came before, once more. */
  readonly isCopy: boolean;
}

/** Nothing happens. */
export const UNDISTURBED: Disturbances = {
  shuffleMs: 0,
  late: { share: 0, byMs: 0 },
  duplicates: 0,
  anomalies: 0,
};

/** A second copy follows within so much, where nothing is shuffled. */
const COPY_MS = 1_000;
/** Rows on their way; beyond, the first ones arrive early. */
const MAX_ON_THE_WAY = 500_000;
/** Makes the second stream of random numbers another one than the first. */
const OTHER_STREAM = 0x9e3779b9;

/** What a simulation is made of. */
export interface SimulationOptions {
  readonly seed: number;
  /** Event time of the beginning, epoch ms. */
  readonly startMs: number;
  /** Rows per second of event time. */
  readonly perSecond: number;
  readonly disturbances: Disturbances;
}

/**
 * Deliveries of a simulated source in the order of their arrival, for ever. The same seed gives the same clean rows
 * whatever happens to them on the way.
 */
export function* simulate(simulator: Simulator, options: SimulationOptions): Generator<Delivery, never> {
  const { seed, startMs, perSecond, disturbances } = options;
  const random = seededRandom(seed ^ OTHER_STREAM);
  const way = new OnTheWay();
  for (const row of simulator.rows({ random: seededRandom(seed), startMs, perSecond })) {
    // Nothing that happens later can arrive before it has happened.
    for (let next = way.first(); next && (next.atMs <= row.eventMs || way.size > MAX_ON_THE_WAY); next = way.first()) {
      way.take();
      yield next;
    }
    for (const delivery of disturb(row, simulator, disturbances, random)) way.add(delivery);
  }
  throw new Error('a simulator never ends');
}

function disturb(
  row: SimulatedRow,
  { anomalies }: Simulator,
  { shuffleMs, late, duplicates, anomalies: share }: Disturbances,
  random: Random,
): readonly Delivery[] {
  // Always the same number of draws: one disturbance more leaves the others where they were.
  const [lateDraw, copyDraw, badDraw] = [random.next(), random.next(), random.next()];
  const delay = random.next();
  const copyDelay = random.next();
  const kind = anomalies[random.below(anomalies.length)]!;
  const isLate = lateDraw < late.share;
  const isBad = badDraw < share;
  const atMs = row.eventMs + (row.delayMs ?? 0) + (isLate ? late.byMs : 0) + delay * shuffleMs;
  const first: Delivery = {
    row,
    atMs,
    value: isBad ? kind.spoil(row.fields, random) : row.fields,
    anomaly: isBad ? kind.name : undefined,
    isLate,
    isCopy: false,
  };
  if (copyDraw >= duplicates) return [first];
  return [first, { ...first, atMs: atMs + copyDelay * Math.max(shuffleMs, COPY_MS), isCopy: true }];
}

/** Deliveries by the time of their arrival; those of the same time in the order of their making. */
class OnTheWay {
  readonly #heap: { readonly delivery: Delivery; readonly order: number }[] = [];
  #made = 0;

  get size(): number {
    return this.#heap.length;
  }

  first(): Delivery | undefined {
    return this.#heap[0]?.delivery;
  }

  add(delivery: Delivery): void {
    const heap = this.#heap;
    let at = heap.push({ delivery, order: this.#made++ }) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!this.#isBefore(at, up)) break;
      [heap[at], heap[up]] = [heap[up]!, heap[at]!];
      at = up;
    }
  }

  take(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && this.#isBefore(child, least)) least = child;
      }
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a]!, this.#heap[b]!];
    return (
      one.delivery.atMs < other.delivery.atMs || (one.delivery.atMs === other.delivery.atMs && one.order < other.order)
    );
  }
}
