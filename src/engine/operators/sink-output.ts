import { columnIndex, type RowBatch, valueAt } from '../../base/row-batch.js';
import type { Sink } from '../../plan/plan.js';
import type { Outputs } from '../outputs.js';
import { gatherNumbers, gatherVector, type Receiver, type Rows } from '../rows.js';
import { rowText } from '../state/held-row.js';
import { KeyIndex } from '../state/key-index.js';

/** A row of a turn: number `row` of the rows that came as number `at`. */
interface Change {
  readonly at: number;
  readonly row: number;
}

/** The last change of a record key adds a row: what was before does not count. */
const ADDED = 'added';

/**
 * The end of the walk: rows become results of a sink, in its columns. Of rows that are taken back the successor under the
 * same record key takes the place; where there is none, the key is deleted. A sink without keys only gets what is added.
 *
 * The successor may come first: a row that moves from one input of a union to another is added by the one before it is
 * taken back by the other. So changes are kept until the turn (one call of the job) is over and then settled together;
 * Flink's sinks keep all rows of a key for it.
 */
export class SinkOutput implements Receiver {
  readonly #sink: Sink;
  readonly #outputs: Outputs;
  /** Rows of the turn under way that are added and taken back. */
  #turn: Rows[] = [];

  constructor(sink: Sink, outputs: Outputs) {
    this.#sink = sink;
    this.#outputs = outputs;
  }

  rows(rows: Rows): void {
    const { changes } = rows;
    const all = rows.selection.subarray(0, rows.selected);
    if (!changes) this.#give(rows, all);
    else if (this.#sink.keys.length > 0) this.#turn.push({ ...rows, selection: all.slice() });
    else
      this.#give(
        rows,
        all.filter((row) => changes[row] === 1),
      );
  }

  /** Gives what the turn comes to: per record key its last row, or that it is no more. */
  settle(): void {
    const turn = this.#turn;
    if (turn.length === 0) return;
    this.#turn = [];
    const standing: number[][] = turn.map(() => []);
    for (const { at, row } of this.#net(turn)) standing[at]!.push(row);
    turn.forEach((rows, at) => {
      this.#give(rows, Int32Array.from(standing[at]!).sort());
    });
  }

  #net(turn: readonly Rows[]): Change[] {
    const net: Change[] = [];
    const open: Change[][] = [];
    const seen = new KeyIndex<Change[] | typeof ADDED>(this.#sink.keys.length);
    for (let at = turn.length - 1; at >= 0; at--) {
      const { selection, schema, vectors, changes } = turn[at]!;
      const keys = this.#sink.keys.map((key) => vectors[columnIndex(schema, key)]!);
      for (const row of selection.toReversed()) {
        const known = seen.find(keys, row);
        if (known === ADDED) continue;
        const change = { at, row };
        if (known !== undefined) known.push(change);
        else if (changes![row] === 1) {
          seen.put(keys, row, ADDED);
          net.push(change);
        } else {
          const list = [change];
          seen.put(keys, row, list);
          open.push(list);
        }
      }
    }
    return [...net, ...open.flatMap((list) => this.#netOfKey(turn, list.toReversed()) ?? [])];
  }

  /**
   * What is left of the changes of one key that end with a row taken back: the last row that was added and not taken back
   * again, or else the last one of before that was taken back.
   */
  #netOfKey(turn: readonly Rows[], list: readonly Change[]): Change | undefined {
    if (list.length === 1) return list[0];
    const added = new Map<string, Change[]>();
    let gone: Change | undefined;
    for (const change of list) {
      const text = this.#text(turn[change.at]!, change.row);
      const same = added.get(text);
      if (turn[change.at]!.changes![change.row] === -1) {
        if (same === undefined || same.pop() === undefined) gone = change;
      } else if (same === undefined) added.set(text, [change]);
      else same.push(change);
    }
    const left = new Set([...added.values()].flat());
    return list.findLast((change) => left.has(change)) ?? gone;
  }

  #text({ schema, vectors }: Rows, row: number): string {
    return rowText(this.#sink.columns.map(({ name, type }) => valueAt(vectors[columnIndex(schema, name)]!, type, row)));
  }

  #give(rows: Rows, selection: Int32Array): void {
    const selected = selection.length;
    if (selected === 0) return;
    const { changes } = rows;
    const whole = selected === rows.times.length;
    const numbers = (data: Float64Array): Float64Array => (whole ? data : gatherNumbers(data, selection, selected));
    const { batch: origin, source } = rows.origin;
    const batch: RowBatch = {
      schema: this.#sink.columns,
      length: selected,
      vectors: this.#sink.columns.map((column) => {
        const vector = rows.vectors[columnIndex(rows.schema, column.name)]!;
        return whole ? vector : gatherVector(vector, selection, selected);
      }),
      partition: origin.partition,
      ...(source !== null && origin.offsets ? { offsets: numbers(origin.offsets) } : {}),
    };
    const deleted = changes && Uint8Array.from(selection, (row) => (changes[row] === -1 ? 1 : 0));
    this.#outputs.result({
      sink: this.#sink.name,
      step: this.#sink.input,
      reason: rows.reason,
      batch,
      ...(rows.windowStarts ? { windowStarts: numbers(rows.windowStarts) } : {}),
      ...(rows.windowEnds ? { windowEnds: numbers(rows.windowEnds) } : {}),
      eventTimes: numbers(rows.times),
      ...(deleted?.includes(1) ? { deleted } : {}),
    });
  }

  watermark(): void {}

  flush(): void {}
}
