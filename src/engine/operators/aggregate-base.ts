import { columnIndex, makeVector, type RowBatch, type Schema, setValue, type Vector } from '../../base/row-batch.js';
import type { AggregateStep } from '../../plan/plan.js';
import { Aggregation, type GroupResults } from '../aggregation.js';
import type { CompileScope } from '../compile.js';
import type { CloseReason } from '../job.js';
import { noCounts, type Outputs } from '../outputs.js';
import { everyRow, type Receiver, type Rows } from '../rows.js';
import { GroupStore } from '../state/group-store.js';

/** What an aggregate is made from. */
export interface AggregateParts {
  readonly node: AggregateStep;
  readonly scope: CompileScope;
  /** Columns of the result rows. */
  readonly output: Schema;
  readonly outputs: Outputs;
  readonly next: Receiver;
  readonly maxGroups: number;
  /** Whether rows of the input are taken back. */
  readonly changing: boolean;
}

/** Results of groups as columns, some of which may have no value. */
export interface Computed {
  readonly groups: GroupResults;
  readonly vectors: readonly Vector[];
  readonly failed: ReadonlyMap<number, string>;
}

/** Rows of a batch and the groups they go to; `add` them one by one. */
export class Assignment {
  readonly rows: Int32Array;
  readonly slots: Int32Array;
  count = 0;
  readonly late: Int32Array;
  lateCount = 0;

  /** @param size most rows that can come. */
  constructor(size: number) {
    this.rows = new Int32Array(size);
    this.slots = new Int32Array(size);
    this.late = new Int32Array(size);
  }
}

/** What the aggregates with and without sessions share: arguments, groups, results, counts. */
export class AggregateBase {
  readonly counts = noCounts();
  readonly aggregation: Aggregation;
  readonly store: GroupStore;
  /** Highest watermark that was handed on. */
  passed = Number.NEGATIVE_INFINITY;
  readonly #parts: AggregateParts;
  readonly #keyPositions: readonly number[];

  constructor(parts: AggregateParts) {
    this.#parts = parts;
    this.aggregation = new Aggregation(parts.node, parts.scope, parts.output, parts.changing);
    this.#keyPositions = parts.node.keys.map((key) => columnIndex(parts.scope.schema, key));
    this.store = this.makeStore();
  }

  /** A store for groups of this step. */
  makeStore(): GroupStore {
    return new GroupStore({
      step: this.#parts.node.name,
      keyColumns: this.#parts.node.keys.length,
      states: this.aggregation.makeStates(),
      maxGroups: this.#parts.maxGroups,
    });
  }

  /** Number of key columns. */
  get keyColumns(): number {
    return this.#keyPositions.length;
  }

  /** Whether the key is one text. */
  get hasTextKey(): boolean {
    return this.#keyPositions.length === 1 && this.#parts.scope.schema[this.#keyPositions[0]!]!.type === 'string';
  }

  /** Columns of the keys. */
  keyVectors(rows: Rows): Vector[] {
    return this.#keyPositions.map((position) => rows.vectors[position]!);
  }

  /** Arguments of the aggregate calls, and the rows without those for which one could not be computed. */
  prepare(rows: Rows): { readonly rows: Rows; readonly values: readonly Vector[][] } {
    this.counts.rowsIn += rows.selected;
    const failed = new Map<number, string>();
    const values = this.aggregation.evaluateArguments(rows, (row, reason) => failed.set(row, reason));
    if (failed.size === 0) return { rows, values };
    // A row that is taken back was rejected when it came.
    const told = rows.changes ? new Map([...failed].filter(([row]) => rows.changes![row] !== -1)) : failed;
    this.counts.rejected += told.size;
    if (told.size > 0) this.#parts.outputs.rejected(this.#parts.node.name, rows.origin, told);
    const selection = rows.selection.subarray(0, rows.selected).filter((row) => !failed.has(row));
    return { rows: { ...rows, selection, selected: selection.length }, values };
  }

  /**
   * Takes the assigned rows into their groups.
   * @param signs 1 or -1 per row of the batch, where rows are taken back.
   */
  take(rows: Rows, values: readonly Vector[][], assignment: Assignment, signs?: Int8Array | null): void {
    const { rows: numbers, slots, count } = assignment;
    this.store.take({ rows: numbers, slots, count, times: rows.times, ...(signs ? { signs } : {}) }, values);
  }

  /** Reports the late rows of an assignment. */
  reportLate(rows: Rows, { late, lateCount }: Assignment): void {
    if (lateCount === 0) return;
    this.counts.late += lateCount;
    this.#parts.outputs.late(this.#parts.node.name, rows, late, lateCount);
  }

  /** Reports groups that were aggregated elsewhere and came late: of their rows only the keys are known. */
  reportLateGroups(groups: readonly { readonly slot: number; readonly time: number }[]): void {
    if (groups.length === 0) return;
    const { node, scope, outputs } = this.#parts;
    const schema = this.#keyPositions.map((position) => scope.schema[position]!);
    const vectors = schema.map((column, at) => {
      const vector = makeVector(column.type, groups.length);
      groups.forEach(({ slot }, row) => {
        setValue(vector, row, this.store.keyValue(at, slot));
      });
      return vector;
    });
    const times = Float64Array.from(groups, ({ time }) => time);
    const batch: RowBatch = { schema, length: groups.length, vectors, partition: 0 };
    outputs.late(node.name, { times, origin: { source: null, batch } }, everyRow(groups.length), groups.length);
  }

  /** Results of groups as they are now. */
  compute(groups: GroupResults): Computed {
    const failed = new Map<number, string>();
    const vectors = this.aggregation.results(groups, (row, why) => failed.set(row, why));
    return { groups, vectors, failed };
  }

  /** Hands on the results of groups. */
  emit(groups: GroupResults, reason: CloseReason): void {
    if (groups.length > 0) this.handOn(this.compute(groups), reason);
  }

  /** Hands on results that were computed before. */
  handOn({ groups, vectors, failed }: Computed, reason: CloseReason): void {
    const { node, outputs, next, output } = this.#parts;
    const count = groups.length;
    const batch: RowBatch = { schema: output, length: count, vectors, partition: 0 };
    const origin = { source: null, batch };
    if (failed.size > 0) {
      this.counts.rejected += failed.size;
      outputs.rejected(node.name, origin, failed);
    }
    const all = everyRow(count);
    const selection = failed.size === 0 ? all : all.filter((row) => !failed.has(row));
    this.counts.rowsOut += selection.length;
    next.rows({
      schema: output,
      vectors,
      selection,
      selected: selection.length,
      times: groups.times,
      watermarks: new Float64Array(count).fill(this.passed),
      changes: undefined,
      reason,
      windowStarts: node.window ? groups.starts : undefined,
      windowEnds: node.window ? groups.ends : undefined,
      origin,
    });
  }

  /** Hands on a watermark. */
  passWatermark(ms: number, reason: CloseReason): void {
    this.passed = Math.max(this.passed, ms);
    this.#parts.next.watermark(ms, reason);
  }

  /** Hands on a flush. */
  passFlush(reason: CloseReason): void {
    this.#parts.next.flush(reason);
  }
}
