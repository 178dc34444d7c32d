import type { Value } from '../../base/row-batch.js';
import { aggregateCall, type Typed } from '../typed.js';
import { aggregate, takes } from './function-spec.js';

/** Values that are collected unless a number is given. */
export const DEFAULT_COLLECTED = 100;
/** Most values that can be asked for. */
const MAX_COLLECTED = 10_000;

function badLimit(limit: Value | undefined): string | undefined {
  const good = typeof limit === 'number' && Number.isInteger(limit) && limit >= 1 && limit <= MAX_COLLECTED;
  return good ? undefined : `the number of values is a constant from 1 to ${MAX_COLLECTED}`;
}

/** Signatures of the aggregates that keep the values themselves, the earliest by event time. */
export const collectSpecs = [
  {
    ...aggregate(
      'ARRAY_AGG',
      'ARRAY_AGG(value) or ARRAY_AGG(value, 10)',
      `array of the earliest values by event time, ${DEFAULT_COLLECTED} unless said`,
      [1, 2],
      takes(['ordered', 'bigint'], 'json'),
    ),
    constants: ([, ...limit]: readonly (Value | undefined)[]) => (limit.length > 0 ? badLimit(limit[0]) : undefined),
    constantsFrom: 1,
  },
  {
    ...aggregate(
      'LISTAGG',
      "LISTAGG(text), LISTAGG(text, ', ') or LISTAGG(text, ', ', 10)",
      `the earliest texts by event time in one, a comma between unless said; ${DEFAULT_COLLECTED} unless said`,
      [1, 3],
      takes(['string', 'string', 'bigint'], 'string'),
      ['STRING_AGG'],
    ),
    constants: ([, ...given]: readonly (Value | undefined)[]) => {
      if (given.length > 0 && typeof given[0] !== 'string') return 'what stands between is a constant text';
      return given.length > 1 ? badLimit(given[1]) : undefined;
    },
    constantsFrom: 1,
  },
];

/** The earliest `limit` values by event time that are not null, as an array; of equal times the smaller first. */
export function arrayAgg(operand: Typed, limit = DEFAULT_COLLECTED): Typed<'json'> {
  return aggregateCall('ARRAY_AGG', [operand, limit]);
}

/** The earliest `limit` texts by event time with `between` between them. */
export function listAgg(operand: Typed<'string'>, between = ',', limit = DEFAULT_COLLECTED): Typed<'string'> {
  return aggregateCall('LISTAGG', [operand, between, limit]);
}
