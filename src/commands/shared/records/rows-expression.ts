import { StreamctlError } from '../../../base/errors.js';
import {
  makeVector,
  type RowBatch,
  type Schema,
  type Value,
  type ValueType,
  valueAt,
} from '../../../base/row-batch.js';
import { type CompileScope, compileExpression, compilePredicate, type Evaluator } from '../../../engine/compile.js';
import type { AggregateState } from '../../../engine/functions/aggregate-state.js';
import { makeAggregate } from '../../../engine/functions/index.js';
import { everyRow } from '../../../engine/rows.js';
import { aggregateArguments } from '../../../plan/aggregate-arguments.js';
import {
  type AggregateNode,
  columnsOf,
  type Expression,
  operandsOf,
  walkExpression,
} from '../../../plan/expression.js';
import { type ExpressionProblem, inferType } from '../../../plan/infer-type.js';
import { parseExpression } from '../../../plan/parse-expression.js';
import { printExpression } from '../../../plan/print-expression.js';
import type { RowsExpression } from '../frame/stop-control.js';

/** Prefix of the hidden columns that stand for aggregate calls. */
const HIDDEN = '\u0000call';
const ignore = (): void => undefined;

/** One aggregate call of the expression, at work on all rows: everything is one group. */
interface Call {
  readonly node: AggregateNode;
  readonly text: string;
  readonly type: ValueType;
  readonly operands: readonly Evaluator[];
  readonly state: AggregateState;
}

/**
 * Compiles a truth about all rows of a stream, such as `avg(price) > 10`.
 * @throws `bad-plan` for a text that is no expression, or one without an aggregate.
 */
export function compileRowsExpression(text: string): RowsExpression {
  return new AllRows(text);
}

class AllRows implements RowsExpression {
  readonly text: string;
  readonly columns: ReadonlySet<string>;
  readonly #expression: Expression;
  #calls: readonly Call[] | undefined;
  #schema: Schema | undefined;

  constructor(text: string) {
    this.text = text;
    this.#expression = parseExpression(text);
    this.columns = columnsOf(this.#expression);
    if (this.#nodes().length === 0) {
      throw new StreamctlError('bad-plan', `"${text}" says nothing about all rows`, {
        hint: 'use aggregates: count(*) = 100, avg(price) > 10',
      });
    }
  }

  add(batch: RowBatch): void {
    // The schema of a stream does not change; rows that come first decide the types.
    this.#calls ??= this.#bind(batch.schema);
    const rows = everyRow(batch.length);
    const { vectors, length } = batch;
    const input = { vectors, selection: rows, selected: length, length };
    const times = batch.timestamps ?? new Float64Array(length);
    const work = { rows, slots: new Int32Array(length), count: length, times };
    for (const { operands, state } of this.#calls) {
      const [first, second] = operands.map((operand) => operand.evaluate(input, ignore));
      state.add(work, first, second);
    }
  }

  holds(): boolean {
    const found = this.#results();
    const schema = found.map(({ type }, index) => ({ name: `${HIDDEN}${index}`, type }));
    const rewritten = rewrite(this.#expression, found);
    if (problemsOf(rewritten, schema, null).length > 0) return false;
    const vectors = found.map(({ vector }) => vector);
    const out = new Int32Array(1);
    const predicate = compilePredicate(rewritten, { schema, parameters: [], values: {} });
    return predicate.select({ vectors, selection: everyRow(1), selected: 1, length: 1 }, out, ignore) === 1;
  }

  explain(): string {
    return this.#results()
      .map(({ text, value }) => `${text} is ${value === null ? 'NULL' : String(value)}`)
      .join(', ');
  }

  #nodes(): AggregateNode[] {
    const nodes = new Map<string, AggregateNode>();
    walkExpression(this.#expression, (node) => {
      if (node.kind === 'aggregate') nodes.set(printExpression(node), node);
    });
    return [...nodes.values()];
  }

  #bind(schema: Schema): Call[] {
    this.#schema = schema;
    const [problem] = problemsOf(this.#expression, [], schema);
    if (problem) {
      throw new StreamctlError('bad-plan', `"${this.text}": ${problem.message}`, {
        ...(problem.hint === undefined ? {} : { hint: problem.hint }),
      });
    }
    const scope: CompileScope = { schema, parameters: [], values: {} };
    return this.#nodes().map((node): Call => {
      const type = inferType(node, { columns: [], parameters: [], aggregated: schema }, []) ?? 'double';
      const { operands: texts, constants } = aggregateArguments(node);
      const operands = texts.map((operand) => compileExpression(operand, scope));
      const state = makeAggregate(node.name, operands[0]?.type, type, node.distinct, constants);
      state.resize(1);
      return { node, text: printExpression(node), type, operands, state };
    });
  }

  /** What each aggregate call is now; without any row counts are 0 and the others NULL. */
  #results() {
    if (this.#calls && this.#schema) {
      return this.#calls.map(({ text, type, state }) => {
        const vector = makeVector(type, 1);
        state.result(0, vector, 0);
        return { text, type, vector, value: valueAt(vector, type, 0) };
      });
    }
    return this.#nodes().map((node) => {
      const isCount = node.name === 'COUNT';
      const type: ValueType = isCount ? 'bigint' : 'double';
      const vector = { kind: 'number', data: new Float64Array(1), nulls: new Uint8Array([isCount ? 0 : 1]) } as const;
      const value: Value = isCount ? 0 : null;
      return { text: printExpression(node), type, vector, value };
    });
  }
}

function problemsOf(expression: Expression, columns: Schema, aggregated: Schema | null): readonly ExpressionProblem[] {
  const problems: ExpressionProblem[] = [];
  inferType(expression, { columns, parameters: [], aggregated }, problems);
  return problems;
}

/** The expression with its aggregate calls replaced by the hidden columns that hold their results. */
function rewrite(node: Expression, calls: readonly { readonly text: string }[]): Expression {
  if (node.kind === 'aggregate') {
    const text = printExpression(node);
    return { kind: 'column', name: `${HIDDEN}${calls.findIndex((call) => call.text === text)}` };
  }
  if (operandsOf(node).length === 0) return node;
  const again = (part: Expression): Expression => rewrite(part, calls);
  switch (node.kind) {
    case 'call':
      return { ...node, arguments: node.arguments.map(again) };
    case 'cast':
      return { ...node, operand: again(node.operand) };
    case 'case':
      return {
        ...node,
        branches: node.branches.map(({ when, result }) => ({ when: again(when), result: again(result) })),
        otherwise: node.otherwise && again(node.otherwise),
      };
    default:
      return node;
  }
}
