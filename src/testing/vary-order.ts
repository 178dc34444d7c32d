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

/**
 * The rows of a piece in another order, in which none is the disorder or more behind the newest one of its source: each
 * comes at its event time plus less than the disorder. Sources are mixed; rows without a time come anywhere.
 */
export function shuffled<R extends TimedRecord>(
  piece: readonly R[],
  random: Random,
  disorderOf: (source: string) => number,
): readonly R[] {
  const timed = piece.filter(({ timeMs }) => !Number.isNaN(timeMs));
  const others = piece.filter(({ timeMs }) => Number.isNaN(timeMs));
  const bySource = new Map<string, R[]>();
  const arrivals = timed.map((record) => {
    const at = record.timeMs + random.below(Math.max(1, disorderOf(record.source)));
    return { record, at, tie: random.next() };
  });
  arrivals.sort((a, b) => a.at - b.at || a.tie - b.tie);
  for (const { record } of arrivals) {
    const lane = bySource.get(record.source);
    if (lane) lane.push(record);
    else bySource.set(record.source, [record]);
  }
  const mixed = mix([...bySource.values()], random);
  for (const record of others) mixed.splice(random.below(mixed.length + 1), 0, record);
  return mixed;
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
