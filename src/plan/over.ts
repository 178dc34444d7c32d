import { StreamctlError } from '../base/errors.js';
import type { ValueType } from '../base/row-batch.js';
import { durationMs } from './duration-words.js';
import { deepFreeze, type OverColumn } from './plan.js';
import type { NumberType, Typed } from './typed.js';

declare const valueType: unique symbol;

/** A column that is computed from a row and its neighbours; `T` is the type of its values. */
export interface OverCall<T extends ValueType> extends Omit<OverColumn, 'name'> {
  readonly [valueType]?: T;
}

/** Which rows count: the last so many, this one among them; or those of the last so long, both ends among them. */
export type Reach = { readonly rows: number } | { readonly within: string };

function call<T extends ValueType>(name: OverColumn['function'], operand: Typed, reach: Reach): OverCall<T> {
  if (operand.kind !== 'column') {
    throw new StreamctlError('bad-plan', `${name} takes a column`, { hint: 'compute it before, with .derive' });
  }
  const withinMs = 'within' in reach ? durationMs(reach.within) : null;
  return deepFreeze({
    function: name,
    column: operand.name,
    rows: 'rows' in reach ? reach.rows : null,
    withinMs,
  });
}

/** The value `rows` rows before, in the order of event time; null where there is none. */
export function lag<T extends ValueType>(operand: Typed<T>, rows = 1): OverCall<T> {
  return call('lag', operand, { rows });
}

/** The value `rows` rows after: the row waits for them, and gets null when the stream ends before. */
export function lead<T extends ValueType>(operand: Typed<T>, rows = 1): OverCall<T> {
  return call('lead', operand, { rows });
}

/** Mean of the values that are not null; at the beginning of those that there are. */
export function movingAvg(operand: Typed<NumberType>, reach: Reach): OverCall<'double'> {
  return call('avg', operand, reach);
}

/** Sum of the values that are not null; as double. */
export function movingSum(operand: Typed<NumberType>, reach: Reach): OverCall<'double'> {
  return call('sum', operand, reach);
}

/** Smallest of the values that are not null. */
export function movingMin<T extends Exclude<ValueType, 'json'>>(operand: Typed<T>, reach: Reach): OverCall<T> {
  return call('min', operand, reach);
}

/** Largest of the values that are not null. */
export function movingMax<T extends Exclude<ValueType, 'json'>>(operand: Typed<T>, reach: Reach): OverCall<T> {
  return call('max', operand, reach);
}

/** Number of values that are not null. */
export function movingCount(operand: Typed, reach: Reach): OverCall<'bigint'> {
  return call('count', operand, reach);
}

/**
 * Exponential average. Over rows: each value counts `2 / (rows + 1)`, what was before the rest. Over time: what was before
 * counts `exp(-time since then / within)`. It begins with the first value; a null changes nothing.
 */
export function exponentialAvg(operand: Typed<NumberType>, reach: Reach): OverCall<'double'> {
  return call('exponential', operand, reach);
}
