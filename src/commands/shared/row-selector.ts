import type { RowBatch } from '../../base/row-batch.js';
import type { FetchedRecords } from '../../connect/kafka/interfaces.js';
import type { RecordCursor } from '../../wire/record-cursor.js';
import type { ByteWriter } from './byte-writer.js';

/** Which records of one answer are written, and how. */
export interface Selection {
  /** Asked with rising offsets. */
  takes(offset: number): boolean;
  /** Writes the chosen columns of the record that was just taken; undefined writes the record itself. */
  readonly rewrite: ((out: ByteWriter, cursor: RecordCursor) => void) | undefined;
  /** The taken records as rows. */
  readonly rows: RowBatch;
}

/** Chooses records by their columns. */
export interface RowSelector {
  /** @param limit of records that will be taken. @throws `bad-plan` for columns that are not there */
  select(fetched: FetchedRecords, toOffset: number, limit: number): Promise<Selection>;
}
