import type { ValueType } from '../../base/row-batch.js';
import { deepFreeze } from '../plan.js';
import { call, type Operand, type Typed, toNode } from '../typed.js';
import { type ArgumentType, commonType, fits, scalar, takes } from './function-spec.js';

const logical = takes(['boolean'], 'boolean');
const always = takes(['any'], 'boolean');

function common(types: readonly ArgumentType[]): ValueType | null {
  return commonType(types) ?? null;
}

/** Signatures of three-valued logic and of what chooses between values. */
export const logicSpecs = [
  scalar('AND', 'boolean AND boolean', 'false when one is false, else null when one is null', [2, 2], logical),
  scalar('OR', 'boolean OR boolean', 'true when one is true, else null when one is null', [2, 2], logical),
  scalar('NOT', 'NOT boolean', 'null stays null', [1, 1], logical),
  scalar('IS NULL', 'value IS NULL', 'whether there is no value', [1, 1], always),
  scalar('IS NOT NULL', 'value IS NOT NULL', 'whether there is a value', [1, 1], always),
  scalar('IS TRUE', 'boolean IS TRUE', 'true and not null', [1, 1], logical),
  scalar('IS NOT TRUE', 'boolean IS NOT TRUE', 'false or null', [1, 1], logical),
  scalar('IS FALSE', 'boolean IS FALSE', 'false and not null', [1, 1], logical),
  scalar('IS NOT FALSE', 'boolean IS NOT FALSE', 'true or null', [1, 1], logical),
  scalar('COALESCE', 'COALESCE(value, ...)', 'the first value that is not null', [1, 100], common, ['IFNULL']),
  scalar('NULLIF', 'NULLIF(value, other)', 'null when both are equal, else the value', [2, 2], (types) =>
    commonType(types) === undefined ? null : (types[0] ?? null),
  ),
  scalar('GREATEST', 'GREATEST(value, ...)', 'the largest; null when one is null', [1, 100], (types) =>
    types.every((type) => fits(type, 'ordered')) ? common(types) : null,
  ),
  scalar('LEAST', 'LEAST(value, ...)', 'the smallest; null when one is null', [1, 100], (types) =>
    types.every((type) => fits(type, 'ordered')) ? common(types) : null,
  ),
];

type Condition = Operand<'boolean'>;

function chain(name: string, conditions: readonly Condition[]): Typed<'boolean'> {
  const nodes = conditions.map(toNode);
  return nodes.reduce((left, right) => call(name, left, right));
}

/** True when all conditions are; in three-valued logic. At least one. */
export function and(...conditions: readonly [Condition, ...Condition[]]): Typed<'boolean'> {
  return chain('AND', conditions);
}

/** True when one condition is; in three-valued logic. At least one. */
export function or(...conditions: readonly [Condition, ...Condition[]]): Typed<'boolean'> {
  return chain('OR', conditions);
}

/** The opposite; null stays null. */
export function not(condition: Condition): Typed<'boolean'> {
  return call('NOT', condition);
}

/** `a IS NULL`. */
export function isNull(a: Typed): Typed<'boolean'> {
  return call('IS NULL', a);
}

/** `a IS NOT NULL`. */
export function isNotNull(a: Typed): Typed<'boolean'> {
  return call('IS NOT NULL', a);
}

/** The first operand that is not null. */
export function coalesce<T extends ValueType>(a: Typed<T>, ...others: Operand<T>[]): Typed<T> {
  return call('COALESCE', a, ...others);
}

/** Null when `a` equals `other`, else `a`. */
export function nullIf<T extends ValueType>(a: Typed<T>, other: Operand<T>): Typed<T> {
  return call('NULLIF', a, other);
}

/** `CASE WHEN ... THEN ... ELSE ... END`; null when nothing fits and `otherwise` is left out. */
export function caseWhen<T extends ValueType>(
  branches: readonly (readonly [when: Condition, result: Operand<T>])[],
  otherwise?: Operand<T>,
): Typed<T> {
  return deepFreeze({
    kind: 'case',
    branches: branches.map(([when, result]) => ({ when: toNode(when), result: toNode(result) })),
    otherwise: otherwise === undefined ? null : toNode(otherwise),
  });
}

/** `CAST(a AS to)`: a row whose value does not fit is rejected, or with policy `null` the result is NULL. */
export function cast<T extends ValueType>(a: Typed, to: T, policy: 'reject' | 'null' = 'reject'): Typed<T> {
  return deepFreeze({ kind: 'cast', operand: a, to, policy });
}

/** A value that the run supplies, `:name`; `type` must be that of the plan's parameter. */
export function parameter<T extends ValueType>(name: string, _type: T): Typed<T> {
  return deepFreeze({ kind: 'parameter', name });
}
