import { makeVector, type Schema, setNumber, type Value, type ValueType, type Vector } from '../base/row-batch.js';
import { aggregateArguments } from '../plan/aggregate-arguments.js';
import { type AggregateNode, type Expression, operandsOf } from '../plan/expression.js';
import { inferType } from '../plan/infer-type.js';
import { type AggregateStep, WINDOW_END, WINDOW_START } from '../plan/plan.js';
import { printExpression } from '../plan/print-expression.js';
import { groupSchema } from '../plan/schemas.js';
import { type CompileScope, compileExpression, type Evaluator } from './compile.js';
import type { AggregateState } from './functions/aggregate-state.js';
import { makeAggregate } from './functions/index.js';
import { makeRetractingAggregate } from './functions/retracting/index.js';
import { inputOf } from './operators/row-work.js';
import { everyRow, type Rows } from './rows.js';
import type { GroupStore } from './state/group-store.js';

/** One aggregate call of a step, as it is in its columns; equal calls are computed once. */
interface Call {
  readonly text: string;
  readonly arguments: readonly Evaluator[];
  readonly type: ValueType;
  readonly name: string;
  readonly distinct: boolean;
  /** What its state is made with. */
  readonly constants: readonly Value[];
}

const FIRST_GROUPS = 64;

/** Groups of one store whose results are wanted, and the windows they are for: columns, since they come by the ten thousand. */
export class GroupResults {
  readonly store: GroupStore;
  #slots = new Int32Array(FIRST_GROUPS);
  #starts = new Float64Array(FIRST_GROUPS);
  #ends = new Float64Array(FIRST_GROUPS);
  #times = new Float64Array(FIRST_GROUPS);
  #length = 0;

  constructor(store: GroupStore) {
    this.store = store;
  }

  get length(): number {
    return this.#length;
  }

  get slots(): Int32Array {
    return this.#slots.subarray(0, this.#length);
  }

  /** Bounds [start, end) of the windows, epoch ms. */
  get starts(): Float64Array {
    return this.#starts.subarray(0, this.#length);
  }

  get ends(): Float64Array {
    return this.#ends.subarray(0, this.#length);
  }

  /** Event times of the results. */
  get times(): Float64Array {
    return this.#times.subarray(0, this.#length);
  }

  /** Adds groups of the window [start, end) whose results have the event time `time`. */
  add(slots: readonly number[], start: number, end: number, time: number): void {
    const from = this.#length;
    const to = from + slots.length;
    if (to > this.#slots.length) this.#grow(Math.max(to, 2 * from));
    this.#slots.set(slots, from);
    this.#starts.fill(start, from, to);
    this.#ends.fill(end, from, to);
    this.#times.fill(time, from, to);
    this.#length = to;
  }

  #grow(size: number): void {
    const { slots, starts, ends, times } = this;
    this.#slots = new Int32Array(size);
    this.#starts = new Float64Array(size);
    this.#ends = new Float64Array(size);
    this.#times = new Float64Array(size);
    this.#slots.set(slots);
    this.#starts.set(starts);
    this.#ends.set(ends);
    this.#times.set(times);
  }
}

/** Prefix of the hidden columns that hold results of aggregate calls; no column of a user begins so. */
const HIDDEN = '\u0000call';

/**
 * What every aggregate does, whatever its windows: compute the arguments of its aggregate calls for rows, and
 * turn groups into result rows.
 */
export class Aggregation {
  readonly schema: Schema;
  readonly #node: AggregateStep;
  readonly #changing: boolean;
  readonly #calls: Call[] = [];
  readonly #hidden: Schema;
  readonly #finish: readonly Evaluator[];

  /** @param output columns of the result rows. @param changing whether rows are taken back. */
  constructor(node: AggregateStep, scope: CompileScope, output: Schema, changing: boolean) {
    this.#node = node;
    this.#changing = changing;
    this.schema = output;
    const rewritten = node.columns.map(({ expression }) => this.#rewrite(expression, scope));
    const group = groupSchema(node, scope.schema);
    this.#hidden = [...group, ...this.#calls.map((call, at) => ({ name: `${HIDDEN}${at}`, type: call.type }))];
    const within: CompileScope = { ...scope, schema: this.#hidden };
    this.#finish = rewritten.map((expression) => compileExpression(expression, within));
  }

  /** Replaces aggregate calls by references to hidden columns. */
  #rewrite(node: Expression, scope: CompileScope): Expression {
    if (node.kind === 'aggregate') {
      return { kind: 'column', name: `${HIDDEN}${this.#call(node, scope)}` };
    }
    if (operandsOf(node).length === 0) return node;
    const again = (part: Expression): Expression => this.#rewrite(part, scope);
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

  #call(node: AggregateNode, scope: CompileScope): number {
    const text = printExpression(node);
    const known = this.#calls.findIndex((call) => call.text === text);
    if (known >= 0) return known;
    const type =
      inferType(node, { columns: [], parameters: scope.parameters, aggregated: scope.schema }, []) ?? 'double';
    const { operands, constants } = aggregateArguments(node);
    const evaluators = operands.map((operand) => compileExpression(operand, scope));
    this.#calls.push({ text, arguments: evaluators, type, name: node.name, distinct: node.distinct, constants });
    return this.#calls.length - 1;
  }

  /** Text of the aggregate calls, for telling whether a saved state fits. */
  get callTexts(): readonly string[] {
    return this.#calls.map((call) => call.text);
  }

  /** Fresh states, one per aggregate call. */
  makeStates(): AggregateState[] {
    const make = this.#changing ? makeRetractingAggregate : makeAggregate;
    return this.#calls.map((call) =>
      make(call.name, call.arguments[0]?.type, call.type, call.distinct, call.constants),
    );
  }

  /** Arguments of the aggregate calls for rows; rows for which one fails go to `failed`. */
  evaluateArguments(rows: Rows, failed: (row: number, reason: string) => void): Vector[][] {
    const input = inputOf(rows);
    return this.#calls.map((call) => call.arguments.map((argument) => argument.evaluate(input, failed)));
  }

  /** Result columns of groups, in the order of the schema; rows whose result has no value go to `failed`. */
  results(groups: GroupResults, failed: (row: number, reason: string) => void): Vector[] {
    const count = groups.length;
    const vectors = this.#hidden.map((column) => makeVector(column.type, count));
    this.#hidden.forEach((column, position) => {
      const vector = vectors[position]!;
      if (column.name.startsWith(HIDDEN)) {
        groups.store.results(Number(column.name.slice(HIDDEN.length)), groups.slots, vector);
      } else this.#groupColumn(column.name, groups, vector);
    });
    const input = { vectors, selection: everyRow(count), selected: count, length: count };
    const made = this.#finish.map((evaluator) => evaluator.evaluate(input, failed));
    return [...vectors.slice(0, this.#hidden.length - this.#calls.length), ...made];
  }

  /** A column that says which group it is: a bound of its window, its time, a key. */
  #groupColumn(name: string, { store, slots, starts, ends, times }: GroupResults, vector: Vector): void {
    const bounds = this.#node.window && (name === WINDOW_START ? starts : name === WINDOW_END ? ends : null);
    if (bounds) for (let row = 0; row < bounds.length; row++) setNumber(vector, row, bounds[row]!);
    else if (name === this.#node.asOf)
      for (let row = 0; row < times.length; row++) setNumber(vector, row, times[row]! + 1);
    else store.keyValues(this.#node.keys.indexOf(name), slots, vector);
  }
}
