import { type Arithmetic, call, type NumberType, type Operand, type Typed } from '../typed.js';
import { numericResult, scalar, takes, withFlink } from './function-spec.js';

type Num = Operand<NumberType>;
/** Number type of an operand; a plain constant does not change the type of what it meets. */
type TypeOf<O> = O extends Typed<infer N extends NumberType> ? N : never;
type Result<A, B> = [TypeOf<A> | TypeOf<B>] extends [never]
  ? Typed<NumberType>
  : Typed<Arithmetic<TypeOf<A> | TypeOf<B>, TypeOf<A> | TypeOf<B>>>;

const MEASURES = {
  LOG10: 'logarithm to the base of 10',
  LOG2: 'logarithm to the base of 2',
  SIN: 'sine of an angle in radians',
  COS: 'cosine of an angle in radians',
  TAN: 'tangent of an angle in radians',
  ASIN: 'angle of a sine, in radians',
  ACOS: 'angle of a cosine, in radians',
  ATAN: 'angle of a tangent, in radians',
  RADIANS: 'degrees as radians',
  DEGREES: 'radians as degrees',
} as const;

/** Signatures of the operators on numbers. Whole numbers stay whole: 7 / 2 is 3. */
export const arithmeticSpecs = [
  scalar('+', 'number + number', 'sum', [2, 2], numericResult),
  scalar('-', 'number - number, or -number', 'difference or negation', [1, 2], numericResult),
  scalar('*', 'number * number', 'product', [2, 2], numericResult),
  scalar('/', 'number / number', 'quotient; of whole numbers cut to a whole number', [2, 2], numericResult),
  scalar('%', 'number % number', 'remainder, with the sign of the first', [2, 2], numericResult, ['MOD']),
  scalar('ABS', 'ABS(number)', 'size without sign', [1, 1], numericResult),
  scalar('FLOOR', 'FLOOR(number)', 'largest whole number that is not larger', [1, 1], numericResult),
  scalar('CEIL', 'CEIL(number)', 'smallest whole number that is not smaller', [1, 1], numericResult, ['CEILING']),
  scalar('ROUND', 'ROUND(number, digits)', 'rounded half away from zero', [1, 2], (types) =>
    types[1] === undefined || types[1] === null || types[1] === 'bigint' ? numericResult(types.slice(0, 1)) : null,
  ),
  scalar('SIGN', 'SIGN(number)', '-1, 0 or 1', [1, 1], numericResult),
  scalar('SQRT', 'SQRT(number)', 'square root', [1, 1], takes(['number'], 'double')),
  scalar('LN', 'LN(number)', 'natural logarithm', [1, 1], takes(['number'], 'double')),
  scalar('EXP', 'EXP(number)', 'e to the power of a number', [1, 1], takes(['number'], 'double')),
  scalar('POWER', 'POWER(base, exponent)', 'base to the power of exponent', [2, 2], takes(['number'], 'double')),
  ...Object.entries(MEASURES).map(([name, summary]) =>
    withFlink(scalar(name, `${name}(number)`, summary, [1, 1], takes(['number'], 'double'))),
  ),
  withFlink(
    scalar('ATAN2', 'ATAN2(y, x)', 'angle of a direction, in radians', [2, 2], takes(['number'], 'double')),
    ([y, x]) => `ATAN2(CAST(${y} AS DOUBLE), CAST(${x} AS DOUBLE))`,
  ),
];

/** `a + b`. */
export function add<A extends Num, B extends Num>(a: A, b: B): Result<A, B> {
  return call('+', a, b) as unknown as Result<A, B>;
}

/** `a - b`. */
export function subtract<A extends Num, B extends Num>(a: A, b: B): Result<A, B> {
  return call('-', a, b) as unknown as Result<A, B>;
}

/** `a * b`. */
export function multiply<A extends Num, B extends Num>(a: A, b: B): Result<A, B> {
  return call('*', a, b) as unknown as Result<A, B>;
}

/** `a / b`; of two whole numbers a whole number, a row with `b` = 0 is then rejected. */
export function divide<A extends Num, B extends Num>(a: A, b: B): Result<A, B> {
  return call('/', a, b) as unknown as Result<A, B>;
}

/** `a % b`, with the sign of `a`. */
export function remainder<A extends Num, B extends Num>(a: A, b: B): Result<A, B> {
  return call('%', a, b) as unknown as Result<A, B>;
}

/** `-a`. */
export function negate<N extends NumberType>(a: Typed<N>): Typed<N> {
  return call('-', a);
}

/** Size of `a` without its sign. */
export function abs<N extends NumberType>(a: Typed<N>): Typed<N> {
  return call('ABS', a);
}

/** `a` rounded half away from zero to `digits` after the point. */
export function round<N extends NumberType>(a: Typed<N>, digits = 0): Typed<N> {
  return call('ROUND', a, digits);
}

/** Square root of `a`. */
export function sqrt(a: Typed<NumberType>): Typed<'double'> {
  return call('SQRT', a);
}
