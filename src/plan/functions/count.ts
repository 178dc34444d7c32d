import { aggregateCall, type Operand, type Typed } from '../typed.js';
import { aggregate } from './function-spec.js';

/** Signature of COUNT. */
export const countSpec = aggregate(
  'COUNT',
  'COUNT(*) or COUNT([DISTINCT] value)',
  'number of rows, or of values that are not null',
  [0, 1],
  () => 'bigint',
);

/** Number of rows, or of the rows in which `operand` is not null. */
export function count(operand?: Operand): Typed<'bigint'> {
  return aggregateCall('COUNT', operand === undefined ? [] : [operand]);
}

/** Number of different values that are not null. */
export function countDistinct(operand: Typed): Typed<'bigint'> {
  return aggregateCall('COUNT', [operand], true);
}
