import { aggregateCall, type NumberType, type Typed } from '../typed.js';
import { aggregate, takes } from './function-spec.js';

/** Signature of AVG: always a double, where Flink's AVG of whole numbers is a whole number. */
export const avgSpec = aggregate('AVG', 'AVG(number)', 'mean of the values', [1, 1], takes(['number'], 'double'), [
  'MEAN',
]);

/** Mean of the values that are not null. */
export function avg(operand: Typed<NumberType>): Typed<'double'> {
  return aggregateCall('AVG', [operand]);
}
