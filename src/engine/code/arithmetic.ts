import type { ArgumentType } from '../../plan/functions/function-spec.js';
import { RowError } from '../row-error.js';
import { anyNull, asType, type Emitted, type Emitter, NEEDS_WIDE, placeholder } from './emitter.js';

type Operator = '+' | '-' | '*' | '/' | '%';

const overflow = new RowError('a whole number needs more than 64 bits');
const byZero = new RowError('division by zero');

/** `a op b`, or `-a`: in double, in checked whole numbers or in BigInt. */
export function emitArithmetic(
  operator: Operator,
  operands: readonly Emitted[],
  type: ArgumentType,
  emitter: Emitter,
): Emitted {
  if (type === null) return { value: placeholder(type, emitter.mode), isNull: 'true', type };
  const parts = operands.map((operand) => asType(operand, type as 'bigint' | 'double', emitter));
  const isNull = emitter.define(anyNull(parts));
  if (type === 'double') return { value: emitter.define(codeOf(operator, parts)), isNull, type };
  const value = emitter.variable(placeholder(type, emitter.mode));
  emitter.push(`if (!${isNull}) {`);
  if (operator === '/' || operator === '%') {
    emitter.canFail = true;
    emitter.push(`if (${parts[1]!.value} == 0) throw ${emitter.constant(byZero)};`);
  }
  if (emitter.mode === 'wide') {
    emitter.canFail = true;
    emitter.push(`${value} = ${codeOf(operator, parts)};`);
    emitter.push(`if (BigInt.asIntN(64, ${value}) !== ${value}) throw ${emitter.constant(overflow)};`);
  } else {
    // Adding 0 turns -0 into 0: whole numbers have one zero.
    const code = operator === '/' ? `Math.trunc(${codeOf(operator, parts)})` : codeOf(operator, parts);
    emitter.push(`${value} = ${code} + 0;`);
    emitter.push(`if (${value} > ${MAX} || ${value} < -${MAX}) throw ${emitter.constant(NEEDS_WIDE)};`);
  }
  emitter.push('}');
  return { value, isNull, type };
}

const MAX = Number.MAX_SAFE_INTEGER;

function codeOf(operator: Operator, parts: readonly Emitted[]): string {
  const [left, right] = parts;
  return right === undefined ? `-(${left!.value})` : `${left!.value} ${operator} ${right.value}`;
}
