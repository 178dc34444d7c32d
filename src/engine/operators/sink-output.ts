import { columnIndex, type RowBatch } from '../../base/row-batch.js';
import type { Sink } from '../../plan/plan.js';
import type { Outputs } from '../outputs.js';
import { gatherNumbers, gatherVector, type Receiver, type Rows } from '../rows.js';
import { KeyIndex, keyAt } from '../state/key-index.js';

/**
 * The end of the walk: rows become results of a sink, in its columns. Of rows that are taken back the successor under the
 * same record key takes the place; where there is none, the key is deleted. A sink without keys only gets what is added.
 */
export class SinkOutput implements Receiver {
  readonly #sink: Sink;
  readonly #outputs: Outputs;

  constructor(sink: Sink, outputs: Outputs) {
    this.#sink = sink;
    this.#outputs = outputs;
  }

  rows(incoming: Rows): void {
    const { changes } = incoming;
    const rows = changes ? this.#standing(incoming, changes) : incoming;
    const { selection, selected } = rows;
    if (selected === 0) return;
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
    const deleted = changes && Uint8Array.from(selection.subarray(0, selected), (row) => (changes[row] === -1 ? 1 : 0));
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

  /** Of each record key the last row; without keys those that are added. */
  #standing(rows: Rows, changes: Int8Array): Rows {
    const all = rows.selection.subarray(0, rows.selected);
    const { keys } = this.#sink;
    if (keys.length === 0) {
      const selection = all.filter((row) => changes[row] === 1);
      return { ...rows, selection, selected: selection.length };
    }
    const vectors = keys.map((key) => rows.vectors[columnIndex(rows.schema, key)]!);
    const last = new KeyIndex<true>(keys.length);
    const standing = new Set<number>();
    for (const row of all.toReversed()) {
      if (last.find(vectors, row)) continue;
      last.set(
        vectors.map((vector) => keyAt(vector, row)),
        true,
      );
      standing.add(row);
    }
    const selection = all.filter((row) => standing.has(row));
    return { ...rows, selection, selected: selection.length };
  }

  watermark(): void {}

  flush(): void {}
}
