import { aggregateCall, type NumberType, type Typed } from '../typed.js';
import { aggregate, takes } from './function-spec.js';

/** Signature of CORR. */
export const correlationSpec = aggregate(
  'CORR',
  'CORR(number, number)',
  "Pearson's correlation of the pairs without null, null below two or when a side never changes",
  [2, 2],
  takes(['number'], 'double'),
);

/** Pearson's correlation, from -1 to 1, of the rows in which neither is null; null below two or when a side never changes. */
export function correlation(a: Typed<NumberType>, b: Typed<NumberType>): Typed<'double'> {
  return aggregateCall('CORR', [a, b]);
}
