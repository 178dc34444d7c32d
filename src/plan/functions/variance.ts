import { aggregateCall, type NumberType, type Typed } from '../typed.js';
import { aggregate, takes } from './function-spec.js';

const result = takes(['number'], 'double');

/** Signatures of the four measures of spread. */
export const varianceSpecs = [
  aggregate('VAR_SAMP', 'VAR_SAMP(number)', 'sample variance, null below two values', [1, 1], result, ['VARIANCE']),
  aggregate('VAR_POP', 'VAR_POP(number)', 'variance of the whole population', [1, 1], result),
  aggregate('STDDEV_SAMP', 'STDDEV_SAMP(number)', 'sample standard deviation, null below two values', [1, 1], result, [
    'STDDEV',
  ]),
  aggregate('STDDEV_POP', 'STDDEV_POP(number)', 'standard deviation of the whole population', [1, 1], result),
];

/** Sample variance: divided by n - 1, null below two values. */
export function variance(operand: Typed<NumberType>): Typed<'double'> {
  return aggregateCall('VAR_SAMP', [operand]);
}

/** Variance of the whole population: divided by n. */
export function variancePopulation(operand: Typed<NumberType>): Typed<'double'> {
  return aggregateCall('VAR_POP', [operand]);
}

/** Sample standard deviation: square root of {@link variance}. */
export function stddev(operand: Typed<NumberType>): Typed<'double'> {
  return aggregateCall('STDDEV_SAMP', [operand]);
}

/** Standard deviation of the whole population. */
export function stddevPopulation(operand: Typed<NumberType>): Typed<'double'> {
  return aggregateCall('STDDEV_POP', [operand]);
}
