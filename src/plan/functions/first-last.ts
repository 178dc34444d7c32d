import type { ValueType } from '../../base/row-batch.js';
import { aggregateCall, type Typed } from '../typed.js';
import { type ArgumentType, aggregate, fits } from './function-spec.js';

function same(types: readonly ArgumentType[]): ValueType | null {
  const type = types[0] ?? 'double';
  return fits(type, 'ordered') ? type : null;
}

/** Signature of FIRST_VALUE: by event time, where Flink goes by arrival. */
export const firstSpec = aggregate('FIRST_VALUE', 'FIRST_VALUE(value)', 'earliest value by event time', [1, 1], same, [
  'FIRST',
]);

/** Signature of LAST_VALUE: by event time, where Flink goes by arrival. */
export const lastSpec = aggregate('LAST_VALUE', 'LAST_VALUE(value)', 'latest value by event time', [1, 1], same, [
  'LAST',
]);

/** The value with the smallest event time that is not null; of equal times the smallest value. */
export function first<T extends Exclude<ValueType, 'json'>>(operand: Typed<T>): Typed<T> {
  return aggregateCall('FIRST_VALUE', [operand]);
}

/** The value with the largest event time that is not null; of equal times the largest value. */
export function last<T extends Exclude<ValueType, 'json'>>(operand: Typed<T>): Typed<T> {
  return aggregateCall('LAST_VALUE', [operand]);
}
