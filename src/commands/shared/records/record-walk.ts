import type { Compression } from '../../../base/codec-interfaces.js';
import { dataBatches } from '../../../connect/kafka/data-batches.js';
import type { FetchedRecords } from '../../../connect/kafka/interfaces.js';
import { type BatchHeader, recordSection } from '../../../wire/record-batch.js';
import { RecordCursor } from '../../../wire/record-cursor.js';

/** Bound of one inflated batch. */
const MAX_BATCH_BYTES = 256 * 1024 * 1024;

/** Called with the cursor on a record; false ends the walk after it. */
export type RecordVisitor = (cursor: RecordCursor, batch: BatchHeader) => boolean;

/**
 * Walks over the records of one answer in order: those that were asked for, without markers and without what aborted
 * transactions left.
 * @param toOffset exclusive.
 * @returns the offset to go on from.
 * @throws `bad-data`, `malformed-frame` for damaged batches.
 */
export function walkRecords(
  fetched: FetchedRecords,
  toOffset: number,
  compression: Compression,
  visit: RecordVisitor,
): number {
  const cursor = new RecordCursor();
  for (const batch of dataBatches(fetched, compression)) {
    if (batch.baseOffset >= toOffset) return toOffset;
    cursor.open(batch, recordSection(fetched.records, batch, compression, MAX_BATCH_BYTES));
    while (cursor.next()) {
      if (cursor.offset < fetched.fromOffset) continue;
      if (cursor.offset >= toOffset) return toOffset;
      if (!visit(cursor, batch)) return cursor.offset + 1;
    }
  }
  return fetched.nextOffset;
}
