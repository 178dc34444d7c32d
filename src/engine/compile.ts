import { assert } from '../base/assert.js';
import type { NumberVector, ObjectVector, Schema, Value, ValueType, Vector } from '../base/row-batch.js';
import type { Expression } from '../plan/expression.js';
import type { ArgumentType } from '../plan/functions/function-spec.js';
import { type ExpressionProblem, inferType } from '../plan/infer-type.js';
import type { Parameter } from '../plan/plan.js';
import { type EmitScope, emitExpression } from './code/emit-expression.js';
import { Emitter, type IntegerMode, NEEDS_WIDE } from './code/emitter.js';
import { RowError } from './row-error.js';

/** What compiled code needs of rows. */
export interface Input {
  readonly vectors: readonly Vector[];
  readonly selection: Int32Array;
  readonly selected: number;
  /** Number of rows that the vectors have. */
  readonly length: number;
}

/** Is told that an expression has no value for a row. */
export type OnFailure = (row: number, reason: string) => void;

/** Computes one column for the selected rows; rows that fail are null in it. */
export interface Evaluator {
  readonly type: ValueType;
  evaluate(input: Input, failed: OnFailure): Vector;
}

/** Finds the selected rows for which a condition is true (not false, not null). */
export interface Predicate {
  /** Writes the row numbers to `out` and gives their count back. */
  select(input: Input, out: Int32Array, failed: OnFailure): number;
}

/** What expressions of a step may refer to. */
export interface CompileScope {
  readonly schema: Schema;
  readonly parameters: readonly Pick<Parameter, 'name' | 'type'>[];
  readonly values: Readonly<Record<string, Value>>;
}

type Loop = (
  vectors: readonly Vector[],
  selection: Int32Array,
  selected: number,
  out: unknown,
  failed: (error: unknown, row: number) => void,
) => number;

function emitScope(expression: Expression, scope: CompileScope): { emit: EmitScope; type: ArgumentType } {
  const problems: ExpressionProblem[] = [];
  const types = new Map<Expression, ArgumentType>();
  const type = inferType(
    expression,
    { columns: scope.schema, parameters: scope.parameters, aggregated: null },
    problems,
    types,
  );
  assert(type !== undefined, `the expression was checked: ${problems[0]?.message ?? ''}`);
  const parameterTypes = Object.fromEntries(scope.parameters.map((parameter) => [parameter.name, parameter.type]));
  return { emit: { schema: scope.schema, types, parameters: scope.values, parameterTypes }, type };
}

/** Builds the loop over the selected rows; `finish` is the code that stores the result of row `i`. */
function makeLoop(
  expression: Expression,
  scope: CompileScope,
  mode: IntegerMode,
  head: string,
  finish: (value: string, isNull: string, emitter: Emitter) => string,
): Loop {
  const emitter = new Emitter(mode);
  const { value, isNull } = emitExpression(expression, emitScope(expression, scope).emit, emitter);
  const columns = [...emitter.columns];
  const loads = columns.map(
    (position) => `const d${position} = v[${position}].data, n${position} = v[${position}].nulls;`,
  );
  const body = `const i = selection[k]; ${emitter.statements.join(' ')} ${finish(value, isNull, emitter)}`;
  const loop = emitter.canFail
    ? `while (k < selected) try { for (; k < selected; k++) { ${body} } } catch (error) { failed(error, selection[k]); k++; }`
    : `for (; k < selected; k++) { ${body} }`;
  const code = `return (v, selection, selected, out, failed) => { ${head} ${loads.join(' ')} let m = 0, k = 0; ${loop} return m; };`;
  const names = emitter.constants.map((_, index) => `k${index}`);
  // Only structure made by this folder is in the text; names and constants of the plan come as arguments.
  const factory = new Function(...names, `'use strict'; ${code}`) as (...constants: unknown[]) => Loop;
  return factory(...emitter.constants);
}

/** Runs narrow code; when a whole number is beyond 2^53, wide code from the start. */
function twoModes(
  make: (mode: IntegerMode) => Loop,
): (input: Input, out: () => unknown, failed: OnFailure) => { out: unknown; count: number } {
  const narrow = make('narrow');
  let wide: Loop | undefined;
  return (input, makeOut, failed) => {
    const run = (loop: Loop): { out: unknown; count: number; failures: [number, string][] } => {
      const out = makeOut();
      const failures: [number, string][] = [];
      const onError = (error: unknown, row: number): void => {
        if (!(error instanceof RowError)) throw error;
        failures.push([row, error.reason]);
      };
      return { out, count: loop(input.vectors, input.selection, input.selected, out, onError), failures };
    };
    let result: ReturnType<typeof run> | undefined;
    if (
      !input.vectors.some((vector) => vector.kind === 'number' && vector.wide !== undefined && vector.wide.size > 0)
    ) {
      try {
        result = run(narrow);
      } catch (error) {
        if (error !== NEEDS_WIDE) throw error;
      }
    }
    if (!result) {
      wide ??= make('wide');
      result = run(wide);
    }
    for (const [row, reason] of result.failures) failed(row, reason);
    return result;
  };
}

function storeWide(out: NumberVector, row: number, value: bigint): void {
  const number = Number(value);
  out.data[row] = number;
  if (Number.isSafeInteger(number)) return;
  out.wide ??= new Map();
  out.wide.set(row, value);
}

/** The code that stores the result of row `i` in a vector of `type`. */
function storing(type: ValueType): {
  head: string;
  finish: (value: string, isNull: string, emitter: Emitter) => string;
} {
  if (type === 'string' || type === 'json') {
    return { head: 'const od = out.data;', finish: (value, isNull) => `od[i] = ${isNull} ? null : ${value};` };
  }
  const code = (value: string, emitter: Emitter): string => {
    if (type === 'boolean') return `od[i] = ${value} ? 1 : 0;`;
    const exact = type === 'bigint' && emitter.mode === 'wide';
    return exact ? `${emitter.constant(storeWide)}(out, i, ${value});` : `od[i] = ${value};`;
  };
  return {
    head: 'const od = out.data, on = out.nulls;',
    finish: (value, isNull, emitter) => `if (${isNull}) on[i] = 1; else { ${code(value, emitter)} }`,
  };
}

/** Compiles an expression without aggregates that checks in `scope`. */
export function compileExpression(expression: Expression, scope: CompileScope): Evaluator {
  const { type: found } = emitScope(expression, scope);
  const type = found ?? 'string';
  if (expression.kind === 'column') {
    const position = scope.schema.findIndex((column) => column.name === expression.name);
    return { type, evaluate: (input) => input.vectors[position]! };
  }
  const { head, finish } = storing(type);
  const run = twoModes((mode) => makeLoop(expression, scope, mode, head, finish));
  return {
    type,
    evaluate: (input, failed) => {
      const { length } = input;
      if (type === 'string' || type === 'json') {
        return run(input, () => ({ kind: 'object', data: new Array(length).fill(null) }), failed).out as ObjectVector;
      }
      const failedRows: number[] = [];
      const make = (): Vector => ({ kind: 'number', data: new Float64Array(length), nulls: new Uint8Array(length) });
      const out = run(input, make, (row, reason) => {
        failedRows.push(row);
        failed(row, reason);
      }).out as NumberVector;
      for (const row of failedRows) out.nulls[row] = 1;
      return out;
    },
  };
}

/** Compiles a condition without aggregates that checks in `scope`. */
export function compilePredicate(condition: Expression, scope: CompileScope): Predicate {
  const run = twoModes((mode) =>
    makeLoop(condition, scope, mode, '', (value, isNull) => `if (!(${isNull}) && ${value}) out[m++] = i;`),
  );
  return { select: (input, out, failed) => run(input, () => out, failed).count };
}
