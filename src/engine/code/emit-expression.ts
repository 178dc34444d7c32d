import { assert } from '../../base/assert.js';
import { columnIndex, type Schema, type Value, type ValueType } from '../../base/row-batch.js';
import type { CallNode, CaseNode, CastNode, ColumnNode, Expression } from '../../plan/expression.js';
import { type ArgumentType, commonType } from '../../plan/functions/function-spec.js';
import { TYPE_NAMES } from '../../plan/spelling.js';
import { castFor } from '../functions/casts.js';
import { functionsWithNull, scalarFunctions } from '../functions/index.js';
import { RowError } from '../row-error.js';
import { emitArithmetic } from './arithmetic.js';
import { emitComparison, emitIn, emitIsDistinct, emitLike, equality } from './comparison.js';
import { anyNull, asType, type Emitted, type Emitter, NEEDS_WIDE, placeholder } from './emitter.js';

/** What names in an expression stand for. */
export interface EmitScope {
  readonly schema: Schema;
  readonly types: ReadonlyMap<Expression, ArgumentType>;
  readonly parameters: Readonly<Record<string, Value>>;
  readonly parameterTypes: Readonly<Record<string, ValueType>>;
}

/** Adds the statements that compute `node` for row `i`, and tells where its value is. */
export function emitExpression(node: Expression, scope: EmitScope, emitter: Emitter): Emitted {
  switch (node.kind) {
    case 'literal':
      return emitConstant(node.value, node.type, emitter);
    case 'parameter':
      return emitConstant(scope.parameters[node.name] ?? null, scope.parameterTypes[node.name]!, emitter);
    case 'column':
      return emitColumn(node, scope, emitter);
    case 'cast':
      return emitCast(node, scope, emitter);
    case 'case':
      return emitCase(node, scope, emitter);
    case 'call':
      return emitCall(node, scope, emitter);
    case 'aggregate':
      return assert(false, 'aggregates are computed by their step, not by code') as never;
  }
}

function emitConstant(value: Value, type: ArgumentType, emitter: Emitter): Emitted {
  if (value === null || type === null) return { value: placeholder(type, emitter.mode), isNull: 'true', type };
  if (type === 'bigint') {
    if (emitter.mode === 'wide') return { value: emitter.constant(BigInt(value as number)), isNull: 'false', type };
    if (typeof value === 'bigint') emitter.push(`throw ${emitter.constant(NEEDS_WIDE)};`);
  }
  return { value: emitter.constant(value), isNull: 'false', type };
}

function emitColumn(node: ColumnNode, scope: EmitScope, emitter: Emitter): Emitted {
  const position = columnIndex(scope.schema, node.name);
  assert(position >= 0, `column ${node.name} was checked`);
  const { type } = scope.schema[position]!;
  emitter.columns.add(position);
  if (type === 'string' || type === 'json') {
    const value = emitter.define(`d${position}[i]`);
    return { value, isNull: emitter.define(`${value} === null || ${value} === undefined`), type };
  }
  const isNull = emitter.define(`n${position}[i] === 1`);
  if (type === 'boolean') return { value: emitter.define(`d${position}[i] !== 0`), isNull, type };
  if (type === 'bigint' && emitter.mode === 'wide') {
    return { value: emitter.define(`${emitter.constant(wideAt)}(v[${position}], i)`), isNull, type };
  }
  return { value: emitter.define(`d${position}[i]`), isNull, type };
}

function wideAt(vector: { data: Float64Array; wide?: Map<number, bigint> }, row: number): bigint {
  return vector.wide?.get(row) ?? BigInt(vector.data[row]!);
}

/** Assigns what a helper gave for a whole number: a number or a bigint, in either mode. */
function wholeNumber(code: string, emitter: Emitter): string {
  if (emitter.mode === 'wide') return `BigInt(${code})`;
  const helper = emitter.constant((value: number | bigint) => {
    if (typeof value === 'bigint' || !Number.isSafeInteger(value)) throw NEEDS_WIDE;
    return value;
  });
  return `${helper}(${code})`;
}

function emitCast(node: CastNode, scope: EmitScope, emitter: Emitter): Emitted {
  const operand = emitExpression(node.operand, scope, emitter);
  const { to } = node;
  if (operand.type === null) return { value: placeholder(to, emitter.mode), isNull: 'true', type: to };
  if (operand.type === to || (operand.type === 'bigint' && to === 'double')) return asType(operand, to, emitter);
  const cast = castFor(operand.type, to);
  const value = emitter.variable(placeholder(to, emitter.mode));
  const isNull = emitter.variable(operand.isNull);
  emitter.push(`if (!${isNull}) {`);
  const found = emitter.define(`${emitter.constant(cast)}(${operand.value})`);
  const assigned = to === 'bigint' ? wholeNumber(found, emitter) : found;
  if (node.policy === 'null')
    emitter.push(`if (${found} === undefined) ${isNull} = true; else ${value} = ${assigned};`);
  else {
    emitter.canFail = true;
    const error = emitter.constant(new RowError(`a value does not fit ${TYPE_NAMES[to]}`));
    emitter.push(`if (${found} === undefined) throw ${error}; ${value} = ${assigned};`);
  }
  emitter.push('}');
  return { value, isNull, type: to };
}

function emitCase(node: CaseNode, scope: EmitScope, emitter: Emitter): Emitted {
  const type = scope.types.get(node)!;
  const value = emitter.variable(placeholder(type, emitter.mode));
  const isNull = emitter.variable('true');
  const assign = (result: Expression): void => {
    const emitted = emitExpression(result, scope, emitter);
    const same = type === null ? emitted : asType(emitted, type, emitter);
    emitter.push(`${value} = ${same.value}; ${isNull} = ${same.isNull};`);
  };
  for (const branch of node.branches) {
    const when = emitExpression(branch.when, scope, emitter);
    emitter.push(`if (!(${when.isNull}) && ${when.value}) {`);
    assign(branch.result);
    emitter.push('} else {');
  }
  if (node.otherwise) assign(node.otherwise);
  emitter.push('}'.repeat(node.branches.length));
  return { value, isNull, type };
}

/** AND and OR: the right side is computed only when the left one does not decide. */
function emitLogic(node: CallNode, scope: EmitScope, emitter: Emitter): Emitted {
  const isAnd = node.name === 'AND';
  const value = emitter.variable(isAnd ? 'false' : 'true');
  const isNull = emitter.variable('false');
  const not = isAnd ? '' : '!';
  const left = emitExpression(node.arguments[0]!, scope, emitter);
  emitter.push(`if (${left.isNull} || ${not}${left.value}) {`);
  const right = emitExpression(node.arguments[1]!, scope, emitter);
  emitter.push(`if (${right.isNull} || ${not}${right.value}) {`);
  emitter.push(`${isNull} = ${anyNull([left, right])}; ${value} = ${isAnd ? `!${isNull}` : 'false'};`);
  emitter.push('}}');
  return { value, isNull, type: 'boolean' };
}

/** The first operand that is not null; later ones are computed only when they are needed. */
function emitCoalesce(node: CallNode, scope: EmitScope, emitter: Emitter): Emitted {
  const type = scope.types.get(node)!;
  const value = emitter.variable(placeholder(type, emitter.mode));
  const isNull = emitter.variable('true');
  for (const operand of node.arguments) {
    const emitted = emitExpression(operand, scope, emitter);
    const same = type === null ? emitted : asType(emitted, type, emitter);
    emitter.push(`if (!(${same.isNull})) { ${value} = ${same.value}; ${isNull} = false; } else {`);
  }
  emitter.push('}'.repeat(node.arguments.length));
  return { value, isNull, type };
}

/** IS NULL, IS TRUE and the like: never null themselves. */
function emitTest(name: string, operand: Emitted, emitter: Emitter): Emitted {
  const codes: Readonly<Record<string, string>> = {
    'IS NULL': `${operand.isNull}`,
    'IS NOT NULL': `!(${operand.isNull})`,
    'IS TRUE': `!(${operand.isNull}) && ${operand.value}`,
    'IS NOT TRUE': `(${operand.isNull}) || !${operand.value}`,
    'IS FALSE': `!(${operand.isNull}) && !${operand.value}`,
    'IS NOT FALSE': `(${operand.isNull}) || ${operand.value}`,
  };
  return { value: emitter.define(codes[name]!), isNull: 'false', type: 'boolean' };
}

/** NULLIF, GREATEST and LEAST choose one of their operands. */
function emitChoice(node: CallNode, parts: readonly Emitted[], scope: EmitScope, emitter: Emitter): Emitted {
  const type = scope.types.get(node)!;
  if (type === null) return { value: placeholder(null, emitter.mode), isNull: 'true', type };
  if (node.name === 'NULLIF') {
    const [first, other] = parts as [Emitted, Emitted];
    const same = `!(${other.isNull}) && ${equality(first, other, emitter)}`;
    return { ...asType(first, type, emitter), isNull: emitter.define(`(${first.isNull}) || (${same})`) };
  }
  const same = parts.map((part) => asType(part, type, emitter));
  const value = emitter.variable(same[0]!.value);
  const sign = node.name === 'GREATEST' ? '>' : '<';
  for (const part of same.slice(1)) emitter.push(`if (${part.value} ${sign} ${value}) ${value} = ${part.value};`);
  return { value, isNull: emitter.define(anyNull(same)), type };
}

/** A function by its behaviour in {@link scalarFunctions}; null when an argument is. */
function emitFunction(node: CallNode, parts: readonly Emitted[], scope: EmitScope, emitter: Emitter): Emitted {
  const behaviour = scalarFunctions.get(node.name);
  assert(behaviour, `function ${node.name} has a behaviour`);
  const type = scope.types.get(node)!;
  const isNull = emitter.variable(anyNull(parts));
  const value = emitter.variable(placeholder(type, emitter.mode));
  emitter.canFail = true;
  const inputs = parts.map((part) =>
    part.type === 'bigint' && emitter.mode === 'wide' ? `${emitter.constant(plainInteger)}(${part.value})` : part.value,
  );
  const code = `${emitter.constant(behaviour)}(${inputs.join(', ')})`;
  if (functionsWithNull.has(node.name)) {
    emitter.push(`if (!${isNull}) {`);
    const given = emitter.define(code);
    const taken = type === 'bigint' ? wholeNumber(given, emitter) : given;
    emitter.push(`if (${given} === null) ${isNull} = true; else ${value} = ${taken}; }`);
  } else emitter.push(`if (!${isNull}) ${value} = ${type === 'bigint' ? wholeNumber(code, emitter) : code};`);
  return { value, isNull, type };
}

function plainInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function emitCall(node: CallNode, scope: EmitScope, emitter: Emitter): Emitted {
  const { name } = node;
  if (name === 'AND' || name === 'OR') return emitLogic(node, scope, emitter);
  if (name === 'COALESCE') return emitCoalesce(node, scope, emitter);
  const parts = node.arguments.map((operand) => emitExpression(operand, scope, emitter));
  const [first, second, third] = parts as [Emitted, Emitted, Emitted];
  switch (name) {
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return emitArithmetic(
        name,
        parts,
        scope.types.get(node) ?? commonType(parts.map((part) => part.type)) ?? null,
        emitter,
      );
    case '=':
    case '<>':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return emitComparison(name, first, second, emitter);
    case 'BETWEEN':
    case 'NOT BETWEEN':
      return emitBetween(name, [first, second, third], emitter);
    case 'IN':
    case 'NOT IN':
      return emitIn(node, parts, emitter);
    case 'LIKE':
    case 'NOT LIKE':
      return emitLike(node, parts, emitter);
    case 'IS DISTINCT FROM':
    case 'IS NOT DISTINCT FROM':
      return emitIsDistinct(name, first, second, emitter);
    case 'NOT':
      return { value: emitter.define(`!${first.value}`), isNull: first.isNull, type: 'boolean' };
    case 'NULLIF':
    case 'GREATEST':
    case 'LEAST':
      return emitChoice(node, parts, scope, emitter);
    default:
      return name.startsWith('IS ') ? emitTest(name, first, emitter) : emitFunction(node, parts, scope, emitter);
  }
}

function emitBetween(name: string, parts: readonly [Emitted, Emitted, Emitted], emitter: Emitter): Emitted {
  const low = emitComparison('>=', parts[0], parts[1], emitter);
  const high = emitComparison('<=', parts[0], parts[2], emitter);
  // False on one side decides, whatever the other one is.
  const no = emitter.define(`(!(${low.isNull}) && !${low.value}) || (!(${high.isNull}) && !${high.value})`);
  const isNull = emitter.define(`!${no} && (${anyNull([low, high])})`);
  return { value: name === 'BETWEEN' ? `!${no}` : no, isNull, type: 'boolean' };
}
