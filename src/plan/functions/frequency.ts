import type { Value, ValueType } from '../../base/row-batch.js';
import { aggregateCall, type NumberType, type Typed } from '../typed.js';
import { type ArgumentType, aggregate, fits, takes } from './function-spec.js';

/** Most values that TOP_K gives. */
const MAX_TOP = 1000;
/** Most bounds of a histogram. */
const MAX_EDGES = 100;

function same(types: readonly ArgumentType[]): ValueType | null {
  const type = types[0] ?? 'double';
  return fits(type, 'ordered') ? type : null;
}

function isCount(values: readonly (Value | undefined)[]): string | undefined {
  const limit = values[1];
  const good = typeof limit === 'number' && Number.isInteger(limit) && limit >= 1 && limit <= MAX_TOP;
  return good ? undefined : `the number of values is a constant from 1 to ${MAX_TOP}`;
}

function ascend([, ...edges]: readonly (Value | undefined)[]): string | undefined {
  const good = edges.every((edge, at) => typeof edge === 'number' && (at === 0 || edge > (edges[at - 1] as number)));
  return good ? undefined : 'the bounds are constant numbers, each larger than the one before';
}

/** Signatures of the aggregates that count values. */
export const frequencySpecs = [
  aggregate(
    'APPROX_COUNT_DISTINCT',
    'APPROX_COUNT_DISTINCT(value)',
    'number of different values, mostly within 2 %, in little memory',
    [1, 1],
    takes(['ordered'], 'bigint'),
  ),
  {
    ...aggregate(
      'HISTOGRAM',
      'HISTOGRAM(number, 10, 20, 50)',
      'array of the number of values below the first bound, from each bound to the next, and from the last one',
      [2, MAX_EDGES + 1],
      takes(['number'], 'json'),
    ),
    constants: ascend,
    constantsFrom: 1,
  },
  {
    ...aggregate(
      'TOP_K',
      'TOP_K(value, 3)',
      'array of the most frequent values with their counts, {"value": ..., "count": ...}; of equal counts the smaller value first',
      [2, 2],
      takes(['ordered', 'bigint'], 'json'),
    ),
    constants: isCount,
    constantsFrom: 1,
  },
  aggregate('MODE', 'MODE(value)', 'most frequent value, of equal counts the smallest', [1, 1], same),
];

/** About how many different values there are that are not null: the standard error is 1.6 %. */
export function approxCountDistinct(operand: Typed): Typed<'bigint'> {
  return aggregateCall('APPROX_COUNT_DISTINCT', [operand]);
}

/** Counts of the values below the first edge, from each edge to the next, and from the last one: one more than edges. */
export function histogram(operand: Typed<NumberType>, ...edges: readonly number[]): Typed<'json'> {
  return aggregateCall('HISTOGRAM', [operand, ...edges]);
}

/** The `limit` most frequent values as `[{ value, count }]`; of equal counts the smaller value first. */
export function topK(operand: Typed, limit: number): Typed<'json'> {
  return aggregateCall('TOP_K', [operand, limit]);
}

/** The most frequent value; of equal counts the smallest. */
export function mode<T extends Exclude<ValueType, 'json'>>(operand: Typed<T>): Typed<T> {
  return aggregateCall('MODE', [operand]);
}
