import { columnIndex, type Schema, valueAt } from '../../base/row-batch.js';
import type { Receiver, Rows } from '../rows.js';
import { keyAt } from '../state/key-index.js';
import type { BlockWriter } from './block-writer.js';
import { shareOf } from './share.js';

/** The end of the first phase: rows leave for the share of the second phase that has their key. */
export class RowSender implements Receiver {
  readonly #schema: Schema;
  readonly #keys: readonly number[];
  readonly #out: BlockWriter;

  /** @param keys columns by which rows are shared out; none: all go the same way. */
  constructor(schema: Schema, keys: readonly string[], out: BlockWriter) {
    this.#schema = schema;
    this.#keys = keys.map((key) => columnIndex(schema, key));
    this.#out = out;
  }

  rows(rows: Rows): void {
    for (let k = 0; k < rows.selected; k++) this.send(rows, rows.selection[k]!);
  }

  /** Sends one row. */
  send({ vectors, times, watermarks, origin }: Rows, row: number): void {
    const { shares } = this.#out;
    const share =
      shares === 1
        ? 0
        : shareOf(
            this.#keys.map((position) => keyAt(vectors[position]!, row)),
            shares,
          );
    const { offsets, partition } = origin.batch;
    const writer = this.#out.row(share, times[row]!, watermarks[row]!, offsets?.[row] ?? -1, partition);
    this.#schema.forEach((column, at) => {
      writer.value(valueAt(vectors[at]!, column.type, row));
    });
  }

  /** Watermarks travel with the blocks. */
  watermark(): void {}

  flush(): void {}
}
