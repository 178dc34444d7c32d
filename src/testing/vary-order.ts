import type { Random } from '../base/random.js';

/** A record with what decides where it may stand among others. */
export interface TimedRecord {
  /** Name of the source. */
  readonly source: string;
  /** Epoch ms; NaN for none. */
  readonly timeMs: number;
}

/** Largest event time seen of each source; goes on from feed to feed. */
export type Newest = Map<string, number>;

/**
 * Cuts records that are written one after the other into pieces whose rows may change places: within a piece every row is
 * less than the disorder of its source behind the newest one, in any order that {@link shuffled} gives. A row that is
 * further behind may be late, so it is a piece of its own.
 * @param disorderOf by how much rows of a source may be out of order, ms.
 */
export function pieces<R extends TimedRecord>(
  records: readonly R[],
  newest: Newest,
  disorderOf: (source: string) => number,
): readonly (readonly R[])[] {
  const found: R[][] = [];
  let current: R[] = [];
  for (const record of records) {
    const before = newest.get(record.source) ?? Number.NEGATIVE_INFINITY;
    const { timeMs } = record;
    // With no disorder at all, rows of one time may still change places.
    const behind = timeMs <= before - disorderOf(record.source) && timeMs < before;
    if (behind) {
      if (current.length > 0) found.push(current);
      found.push([record]);
      current = [];
    } else current.push(record);
    if (timeMs > before) newest.set(record.source, timeMs);
  }
  if (current.length > 0) found.push(current);
  return found;
}

/** How long rows wait: every other one as long as it may (by turns), or each for a random time. */
export type Delays = 'even' | 'odd' | 'random';

/**
 * The rows of a piece in another order, in which none is the disorder or more behind the newest one of its source: each
 * comes at its event time plus less than the disorder. Rows without a time come anywhere, sources are mixed.
 * @param delays with `even` and with `odd`, every two neighbours that may change places do so in one of them.
 */
export function shuffled<R extends TimedRecord>(
  piece: readonly R[],
  random: Random,
  disorderOf: (source: string) => number,
  delays: Delays,
): readonly R[] {
  const bySource = new Map<string, R[]>();
  for (const record of piece) {
    if (Number.isNaN(record.timeMs)) continue;
    const lane = bySource.get(record.source);
    if (lane) lane.push(record);
    else bySource.set(record.source, [record]);
  }
  const lanes = [...bySource].map(([source, lane]) => delayed(lane, random, Math.max(1, disorderOf(source)), delays));
  const mixed = mix(lanes, random);
  const others = piece.filter(({ timeMs }) => Number.isNaN(timeMs));
  for (const record of others) mixed.splice(random.below(mixed.length + 1), 0, record);
  return mixed;
}

/** Rows of one source in the order in which they come. */
function delayed<R extends TimedRecord>(lane: readonly R[], random: Random, disorderMs: number, delays: Delays): R[] {
  const inTime = lane.map((record) => ({ record, tie: random.next() }));
  inTime.sort((a, b) => a.record.timeMs - b.record.timeMs || a.tie - b.tie);
  const arrivals = inTime.map(({ record }, at) => {
    const waits = at % 2 === (delays === 'even' ? 0 : 1) ? disorderMs - 1 : 0;
    return { record, at: record.timeMs + (delays === 'random' ? random.below(disorderMs) : waits), tie: random.next() };
  });
  return arrivals.sort((a, b) => a.at - b.at || a.tie - b.tie).map(({ record }) => record);
}

/** Several lists as one, each in its own order. */
function mix<R>(lanes: readonly R[][], random: Random): R[] {
  const mixed: R[] = [];
  let left = lanes.reduce((sum, lane) => sum + lane.length, 0);
  const taken = lanes.map(() => 0);
  while (left > 0) {
    let pick = random.below(left);
    const at = lanes.findIndex((lane, lane0) => {
      const rest = lane.length - taken[lane0]!;
      if (pick < rest) return true;
      pick -= rest;
      return false;
    });
    mixed.push(lanes[at]![taken[at]!++]!);
    left--;
  }
  return mixed;
}
