import type { Compression } from '../base/codec-interfaces.js';
import { dataBatches } from '../connect/kafka/data-batches.js';
import type { FetchedRecords } from '../connect/kafka/interfaces.js';
import { recordSection } from '../wire/record-batch.js';
import { RecordCursor } from '../wire/record-cursor.js';

/** Bound of one inflated batch. */
export const MAX_BATCH_BYTES = 256 * 1024 * 1024;

/**
 * Shows every record of `fetched` that was asked for to `visit`, in order. For the few records that are no rows; rows go
 * through the codecs.
 * @param visit gets a cursor that stands on the record; its views hold until the fetched bytes are let go.
 */
export function eachRecord(
  fetched: FetchedRecords,
  compression: Compression,
  visit: (cursor: RecordCursor) => void,
): void {
  const cursor = new RecordCursor();
  for (const header of dataBatches(fetched, compression)) {
    cursor.open(header, recordSection(fetched.records, header, compression, MAX_BATCH_BYTES));
    while (cursor.next()) if (cursor.offset >= fetched.fromOffset) visit(cursor);
  }
}
