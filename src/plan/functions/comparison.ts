import type { ValueType } from '../../base/row-batch.js';
import { call, type NumberType, type Operand, type Typed } from '../typed.js';
import { type ArgumentType, comparable, fits, scalar, takes } from './function-spec.js';

function compares(types: readonly ArgumentType[]): ValueType | null {
  const [first = null, ...others] = types;
  const good = others.every((type) => comparable(first, type)) && types.every((type) => fits(type, 'ordered'));
  return good ? 'boolean' : null;
}

const two = [2, 2] as const;

/** Signatures of the operators that compare: null when a side is null. */
export const comparisonSpecs = [
  scalar('=', 'value = value', 'equal', two, compares, ['==']),
  scalar('<>', 'value <> value', 'not equal', two, compares, ['!=']),
  scalar('<', 'value < value', 'smaller', two, compares),
  scalar('<=', 'value <= value', 'smaller or equal', two, compares),
  scalar('>', 'value > value', 'larger', two, compares),
  scalar('>=', 'value >= value', 'larger or equal', two, compares),
  scalar('IS DISTINCT FROM', 'value IS DISTINCT FROM value', 'not equal, null being a value', two, compares),
  scalar('IS NOT DISTINCT FROM', 'value IS NOT DISTINCT FROM value', 'equal, null being a value', two, compares),
  scalar('BETWEEN', 'value BETWEEN low AND high', 'low <= value and value <= high', [3, 3], compares),
  scalar('NOT BETWEEN', 'value NOT BETWEEN low AND high', 'value < low or value > high', [3, 3], compares),
  scalar('IN', 'value IN (value, ...)', 'equal to one of the values', [2, 10_000], compares),
  scalar('NOT IN', 'value NOT IN (value, ...)', 'equal to none of the values', [2, 10_000], compares),
  scalar(
    'LIKE',
    "text LIKE 'a%' [ESCAPE '\\']",
    '% stands for any text, _ for one character',
    [2, 3],
    takes(['string'], 'boolean'),
  ),
  scalar('NOT LIKE', "text NOT LIKE 'a%'", 'the pattern does not fit', [2, 3], takes(['string'], 'boolean')),
];

/** What a value of type `T` may be compared with: any number with any other. */
type Like<T extends ValueType> = T extends NumberType ? Operand<NumberType> : Operand<T>;

/** `a = b`. */
export function equal<T extends ValueType>(a: Typed<T>, b: Like<T>): Typed<'boolean'> {
  return call('=', a, b);
}

/** `a <> b`. */
export function notEqual<T extends ValueType>(a: Typed<T>, b: Like<T>): Typed<'boolean'> {
  return call('<>', a, b);
}

/** `a < b`. */
export function less<T extends ValueType>(a: Typed<T>, b: Like<T>): Typed<'boolean'> {
  return call('<', a, b);
}

/** `a <= b`. */
export function atMost<T extends ValueType>(a: Typed<T>, b: Like<T>): Typed<'boolean'> {
  return call('<=', a, b);
}

/** `a > b`. */
export function greater<T extends ValueType>(a: Typed<T>, b: Like<T>): Typed<'boolean'> {
  return call('>', a, b);
}

/** `a >= b`. */
export function atLeast<T extends ValueType>(a: Typed<T>, b: Like<T>): Typed<'boolean'> {
  return call('>=', a, b);
}

/** `a BETWEEN low AND high`. */
export function between<T extends ValueType>(a: Typed<T>, low: Like<T>, high: Like<T>): Typed<'boolean'> {
  return call('BETWEEN', a, low, high);
}

/** `a IN (values)`. */
export function oneOf<T extends ValueType>(a: Typed<T>, ...values: Like<T>[]): Typed<'boolean'> {
  return call('IN', a, ...values);
}

/** `a LIKE pattern`: `%` stands for any text, `_` for one character. */
export function like(a: Typed<'string'>, pattern: Operand<'string'>): Typed<'boolean'> {
  return call('LIKE', a, pattern);
}
