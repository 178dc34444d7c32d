import type { RowBatch } from '../../base/row-batch.js';

/** A record that is no row: its bytes go to the rejected rows with the reason. */
export interface RejectedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** A sentence for people: `price: "abc" is not a number`. */
  readonly reason: string;
  /** The column that did not fit, where there is one. */
  readonly column?: string;
}

/** What became of some record batches. `rows.offsets` and `rows.timestamps` are always set. */
export interface DecodedRecords {
  readonly rows: RowBatch;
  readonly rejected: readonly RejectedRecord[];
  /** Records seen: rows, rejected ones and tombstones. */
  readonly recordCount: number;
  /** One past the last offset seen. */
  readonly nextOffset: number;
}
