import type { Value } from '../../base/row-batch.js';
import { aggregateCall, type NumberType, type Typed } from '../typed.js';
import { aggregate, takes } from './function-spec.js';

/** How far an approximate quantile may be from the value of its rank, as a share of that value. */
export const QUANTILE_ERROR = 0.01;

const result = takes(['number', 'number'], 'double');

function isShare(values: readonly (Value | undefined)[]): string | undefined {
  const share = values[1];
  return typeof share === 'number' && share >= 0 && share <= 1 ? undefined : 'the share is a constant from 0 to 1';
}

/** Signatures of the quantiles: exact ones remember every different value, approximate ones about a thousand numbers. */
export const quantileSpecs = [
  {
    ...aggregate(
      'PERCENTILE',
      'PERCENTILE(number, 0.95)',
      'value below which a share of the values lies, between two of them in proportion; exact',
      [2, 2],
      result,
    ),
    constants: isShare,
    constantsFrom: 1,
  },
  aggregate('MEDIAN', 'MEDIAN(number)', 'value in the middle, exact: PERCENTILE(number, 0.5)', [1, 1], result),
  {
    ...aggregate(
      'APPROX_PERCENTILE',
      'APPROX_PERCENTILE(number, 0.95)',
      'as PERCENTILE, within 1 % of the value of its rank, in little memory',
      [2, 2],
      result,
    ),
    constants: isShare,
    constantsFrom: 1,
  },
];

/** The value below which `share` (0 to 1) of the values lies, between two of them in proportion. Remembers different values. */
export function percentile(operand: Typed<NumberType>, share: number): Typed<'double'> {
  return aggregateCall('PERCENTILE', [operand, share]);
}

/** The value in the middle; of an even number of values the mean of both. */
export function median(operand: Typed<NumberType>): Typed<'double'> {
  return aggregateCall('MEDIAN', [operand]);
}

/** As {@link percentile}, without proportions between values, within {@link QUANTILE_ERROR} of the value, in little memory. */
export function approxPercentile(operand: Typed<NumberType>, share: number): Typed<'double'> {
  return aggregateCall('APPROX_PERCENTILE', [operand, share]);
}
