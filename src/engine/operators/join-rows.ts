import { columnIndex, type Schema, type Value } from '../../base/row-batch.js';
import type { JoinNode } from '../../plan/plan.js';
import type { CloseReason } from '../job.js';
import { noCounts, type Outputs, type StepCounts } from '../outputs.js';
import type { Receiver, Rows } from '../rows.js';
import type { HeldRow } from '../state/held-row.js';
import { stateFull } from '../state/state-full.js';
import { Ports } from './ports.js';

/** What a join is made from. */
export interface JoinParts {
  readonly node: JoinNode;
  readonly left: Schema;
  readonly right: Schema;
  readonly output: Schema;
  readonly outputs: Outputs;
  readonly next: Receiver;
  /** Bound of the rows that it holds. */
  readonly maxRows: number;
}

/** The two inputs of a join. */
export type Side = 0 | 1;

/** A join as its two inputs see it. */
export interface JoinInputs {
  /** Takes rows of one side; their watermarks are those of both sides together. */
  take(side: Side, rows: Rows): void;
  watermark(ms: number, reason: CloseReason): void;
  flush(reason: CloseReason): void;
}

/** The two inputs of a join. */
export function joinPorts(join: JoinInputs): Ports {
  return new Ports(2, {
    portRows: (port, rows) => join.take(port as Side, rows),
    merged: (ms, reason) => join.watermark(ms, reason),
    flushed: (reason) => join.flush(reason),
  });
}

/** What all joins share: keys, the columns of their results, counts and the bound. */
export class JoinRows {
  readonly counts: StepCounts = noCounts();
  readonly #parts: JoinParts;
  readonly #keys: readonly (readonly number[])[];
  readonly #taken: readonly number[];
  readonly #nothing: readonly (readonly Value[])[];
  #held = 0;

  constructor(parts: JoinParts) {
    const { node, left, right } = parts;
    this.#parts = parts;
    this.#keys = [
      node.keys.map((key) => columnIndex(left, key.left)),
      node.keys.map((key) => columnIndex(right, key.right)),
    ];
    this.#taken = node.columns.map(({ from }) => columnIndex(right, from));
    this.#nothing = [left.map(() => null), node.columns.map(() => null)];
  }

  /** Rows that are held. */
  get held(): number {
    return this.#held;
  }

  /** One more row is held, or less. @throws `limit-exceeded` */
  hold(change: 1 | -1): void {
    const { node, maxRows } = this.#parts;
    this.#held += change;
    if (this.#held <= maxRows) return;
    const hint = 'join over a shorter time, or with less lateness';
    throw stateFull({ step: node.name, what: 'rows', max: maxRows, hint });
  }

  /** Values of a row's key; undefined when one is null, which equals nothing. */
  keyOf(side: Side, { values }: HeldRow): readonly Value[] | undefined {
    const key = this.#keys[side]!.map((position) => values[position]!);
    return key.some((value) => value === null) ? undefined : key;
  }

  /** Whether rows of this side leave without a partner. */
  outer(side: Side): boolean {
    const { join } = this.#parts.node;
    return join === 'full' || (join === 'left' && side === 0);
  }

  /** The result of a pair, or of one row alone. */
  joined(left: HeldRow | undefined, right: HeldRow | undefined): Value[] {
    const taken = right ? this.#taken.map((position) => right.values[position]!) : this.#nothing[1]!;
    return [...(left?.values ?? this.#nothing[0]!), ...taken];
  }

  /** Shows every row to `take`, which says whether it came in time; the others are reported as late. */
  each(rows: Rows, take: (row: number) => boolean): void {
    const { selection, selected } = rows;
    this.counts.rowsIn += selected;
    const late = new Int32Array(selected);
    let lateCount = 0;
    for (let k = 0; k < selected; k++) {
      const row = selection[k]!;
      if (!take(row)) late[lateCount++] = row;
    }
    this.late(rows, late, lateCount);
  }

  /** Reports rows that came too late. */
  late(rows: Rows, numbers: Int32Array, count: number): void {
    if (count === 0) return;
    this.counts.late += count;
    this.#parts.outputs.late(this.#parts.node.name, rows, numbers, count);
  }

  /** Hands on results. */
  handOn(rows: Rows | undefined): void {
    if (rows === undefined) return;
    this.counts.rowsOut += rows.selected;
    this.#parts.next.rows(rows);
  }
}
