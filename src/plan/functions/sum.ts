import { aggregateCall, type NumberType, type Typed } from '../typed.js';
import { aggregate, numericResult } from './function-spec.js';

/** Signature of SUM. */
export const sumSpec = aggregate('SUM', 'SUM(number)', 'sum, null when there is no value', [1, 1], numericResult);

/** Sum of the values that are not null; of bigint exact to 64 bits, of double compensated. */
export function sum<N extends NumberType>(operand: Typed<N>): Typed<N> {
  return aggregateCall('SUM', [operand]);
}
