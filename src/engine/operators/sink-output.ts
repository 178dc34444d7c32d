import { columnIndex, type RowBatch } from '../../base/row-batch.js';
import type { Sink } from '../../plan/plan.js';
import type { Outputs } from '../outputs.js';
import { gatherNumbers, gatherVector, type Receiver, type Rows } from '../rows.js';

/** The end of the walk: rows become results of a sink, in its columns. */
export class SinkOutput implements Receiver {
  readonly #sink: Sink;
  readonly #outputs: Outputs;

  constructor(sink: Sink, outputs: Outputs) {
    this.#sink = sink;
    this.#outputs = outputs;
  }

  rows(rows: Rows): void {
    const { selection, selected } = rows;
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
    this.#outputs.result({
      sink: this.#sink.name,
      step: this.#sink.input,
      reason: rows.reason,
      batch,
      ...(rows.windowStarts ? { windowStarts: numbers(rows.windowStarts) } : {}),
      ...(rows.windowEnds ? { windowEnds: numbers(rows.windowEnds) } : {}),
      eventTimes: numbers(rows.times),
    });
  }

  watermark(): void {}

  flush(): void {}
}
