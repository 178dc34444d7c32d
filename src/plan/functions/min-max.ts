import type { ValueType } from '../../base/row-batch.js';
import { aggregateCall, type Typed } from '../typed.js';
import { type ArgumentType, aggregate, fits } from './function-spec.js';

function ordered(types: readonly ArgumentType[]): ValueType | null {
  const type = types[0] ?? 'double';
  return fits(type, 'ordered') ? type : null;
}

/** Signature of MIN. */
export const minSpec = aggregate('MIN', 'MIN(value)', 'smallest value', [1, 1], ordered);

/** Signature of MAX. */
export const maxSpec = aggregate('MAX', 'MAX(value)', 'largest value', [1, 1], ordered);

/** Smallest of the values that are not null; text by its UTF-16 units, false before true. */
export function min<T extends Exclude<ValueType, 'json'>>(operand: Typed<T>): Typed<T> {
  return aggregateCall('MIN', [operand]);
}

/** Largest of the values that are not null. */
export function max<T extends Exclude<ValueType, 'json'>>(operand: Typed<T>): Typed<T> {
  return aggregateCall('MAX', [operand]);
}
