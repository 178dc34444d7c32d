import { StreamctlError } from '../base/errors.js';
import type { Value, ValueType } from '../base/row-batch.js';
import type { AggregateNode, CallNode, Expression, LiteralNode } from './expression.js';
import { deepFreeze } from './plan.js';

declare const valueType: unique symbol;

/** An expression whose value type the TypeScript compiler knows. At run time it is the plain node. */
export type Typed<T extends ValueType = ValueType> = Expression & { readonly [valueType]?: T };

/** The types of numbers. */
export type NumberType = 'bigint' | 'double';

/** Columns of a row by name, for the compiler. */
export type RowShape = { readonly [name: string]: ValueType };

/** A row in an expression: `row.price` is a reference to column `price`. */
export type Row<S extends RowShape> = { readonly [K in keyof S]-?: Typed<S[K]> };

interface Plain {
  boolean: boolean;
  bigint: number | bigint;
  double: number;
  string: string;
  timestamp: Date;
  json: never;
}

/** What may stand where a value of type `T` is wanted: an expression or a plain JavaScript constant. */
export type Operand<T extends ValueType = ValueType> = Typed<T> | Plain[T] | null;

/** Type of `a op b` for numbers: bigint only when both are known to be. */
export type Arithmetic<A extends NumberType, B extends NumberType> = 'double' extends A | B ? 'double' : 'bigint';

/** A bigint literal in the form a bigint column gives: a number when that is exact. */
export function integerValue(value: bigint | number): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : BigInt(value);
}

/**
 * The literal node of a JavaScript value: whole numbers are bigint, others double, dates timestamps.
 * @throws `bad-plan` for NaN, infinities, invalid dates and objects.
 */
export function literal(value: Value | Date): LiteralNode {
  const node = (type: ValueType | null, plain: Value): LiteralNode =>
    deepFreeze({ kind: 'literal', type, value: plain });
  if (value === null) return node(null, null);
  if (typeof value === 'boolean') return node('boolean', value);
  if (typeof value === 'string') return node('string', value);
  if (typeof value === 'bigint') return node('bigint', integerValue(value));
  if (value instanceof Date && Number.isFinite(value.getTime())) return node('timestamp', value.getTime());
  if (typeof value === 'number' && Number.isFinite(value)) {
    return node(Number.isSafeInteger(value) && !Object.is(value, -0) ? 'bigint' : 'double', value);
  }
  throw new StreamctlError('bad-plan', `${String(value)} cannot be a constant in an expression`, {
    hint: 'use a finite number, a text, true, false, null or a valid Date',
  });
}

/** A literal of type double, also for whole numbers. */
export function doubleLiteral(value: number): Typed<'double'> {
  return deepFreeze({ kind: 'literal', type: 'double', value });
}

/** The node of an operand: constants become literals. */
export function toNode(operand: Operand): Expression {
  const isNode = typeof operand === 'object' && operand !== null && 'kind' in operand;
  return isNode ? operand : literal(operand);
}

/** A frozen call of an operator or scalar function. */
export function call(name: string, ...operands: readonly Operand[]): CallNode {
  return deepFreeze({ kind: 'call', name, arguments: operands.map(toNode) });
}

/** A frozen call of an aggregate function. */
export function aggregateCall(name: string, operands: readonly Operand[], distinct = false): AggregateNode {
  return deepFreeze({ kind: 'aggregate', name, arguments: operands.map(toNode), distinct });
}

/** A row whose every property is a reference to the column of that name. */
export function rowOf<S extends RowShape>(): Row<S> {
  const references = new Proxy(
    {},
    {
      get: (_, name) => (typeof name === 'string' ? deepFreeze({ kind: 'column', name }) : undefined),
    },
  );
  return references as Row<S>;
}
