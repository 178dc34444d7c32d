import type { Value, ValueType } from '../../base/row-batch.js';
import { QUANTILE_ERROR } from '../../plan/functions/quantiles.js';
import { compareValues } from './aggregate-state.js';
import { ValueCounts } from './group-states.js';

/** Number of values, and the values in order with how often each is there. */
function inOrder(state: ReadonlyMap<Value, number>): { total: number; sorted: [value: number, count: number][] } {
  const sorted = [...state].map(([value, count]): [number, number] => [Number(value), count]);
  sorted.sort(([a], [b]) => compareValues(a, b));
  return { total: sorted.reduce((sum, [, count]) => sum + count, 0), sorted };
}

/** The value at a rank, from 0. */
function atRank(sorted: readonly (readonly [value: number, count: number])[], rank: number): number {
  let before = 0;
  for (const [value, count] of sorted) {
    before += count;
    if (rank < before) return value;
  }
  return sorted.at(-1)![0];
}

/** PERCENTILE and MEDIAN, exact: in proportion between the two values around the rank `share * (n - 1)`. */
export class PercentileState extends ValueCounts {
  readonly #share: number;

  constructor(type: ValueType, share: number) {
    super('PERCENTILE', type);
    this.#share = share;
  }

  protected override keyOf(value: Value): Value {
    return Number(value);
  }

  protected override resultOf(state: Map<Value, number>): Value {
    const { total, sorted } = inOrder(state);
    if (total === 0) return null;
    const rank = this.#share * (total - 1);
    const low = atRank(sorted, Math.floor(rank));
    const high = atRank(sorted, Math.ceil(rank));
    const part = rank - Math.floor(rank);
    return low === high || part === 0 ? low : low + (high - low) * part;
  }
}

const GAMMA = (1 + QUANTILE_ERROR) / (1 - QUANTILE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);
/** Larger than the bucket of any double: tells the buckets of both signs apart, and both from zero. */
const SIDE = 1_000_000;

/** The bucket of a value: buckets of one sign are in order, 0 is zero's own. */
function bucketOf(value: number): number {
  if (value === 0 || Number.isNaN(value)) return value;
  const bucket = Math.ceil(Math.log(Math.abs(value)) / LOG_GAMMA) + SIDE;
  return value > 0 ? bucket : -bucket;
}

/** The value that stands for a bucket: none in it is farther than the error. */
function middleOf(bucket: number): number {
  if (bucket === 0 || !Number.isFinite(bucket)) return bucket;
  // From the lower bound: the upper one of the last bucket is beyond all doubles.
  const size = Math.exp((Math.abs(bucket) - SIDE - 1) * LOG_GAMMA) * (1 + QUANTILE_ERROR);
  return Math.sign(bucket) * Math.min(size, Number.MAX_VALUE);
}

/**
 * APPROX_PERCENTILE: counts in buckets whose bounds grow by 2 %, so that the value that stands for a bucket is within 1 % of
 * every value in it. Counts are added and taken away, so merges are exact and no order matters. State: the buckets in use, at most
 * some 70,000 for all doubles, a few hundred for values of a few powers of ten.
 * @see https://arxiv.org/abs/1908.10693
 */
export class QuantileSketchState extends ValueCounts {
  readonly #share: number;

  constructor(type: ValueType, share: number) {
    super('APPROX_PERCENTILE', type);
    this.#share = share;
  }

  protected override keyOf(value: Value): Value {
    return bucketOf(Number(value));
  }

  protected override resultOf(state: Map<Value, number>): Value {
    const { total, sorted } = inOrder(state);
    return total === 0 ? null : middleOf(atRank(sorted, Math.floor(this.#share * (total - 1))));
  }
}
