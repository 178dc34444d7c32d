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

/** Signatures of the two covariances. */
export const covarianceSpecs = [
  aggregate(
    'COVAR_SAMP',
    'COVAR_SAMP(number, number)',
    'sample covariance of the pairs without null, null below two',
    [2, 2],
    takes(['number'], 'double'),
  ),
  aggregate(
    'COVAR_POP',
    'COVAR_POP(number, number)',
    'covariance of the whole population of pairs without null',
    [2, 2],
    takes(['number'], 'double'),
  ),
];

/** Sample covariance: divided by n - 1, null below two pairs. */
export function covariance(a: Typed<NumberType>, b: Typed<NumberType>): Typed<'double'> {
  return aggregateCall('COVAR_SAMP', [a, b]);
}

/** Covariance of the whole population: divided by n. */
export function covariancePopulation(a: Typed<NumberType>, b: Typed<NumberType>): Typed<'double'> {
  return aggregateCall('COVAR_POP', [a, b]);
}

/** Pearson's correlation, from -1 to 1, of the rows in which neither is null; null below two or when a side never changes. */
export function correlation(a: Typed<NumberType>, b: Typed<NumberType>): Typed<'double'> {
  return aggregateCall('CORR', [a, b]);
}
