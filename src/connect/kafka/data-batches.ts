import type { Compression } from '../../base/codec-interfaces.js';
import {
  type BatchHeader,
  isControl,
  isTransactional,
  nextOffset,
  readCompleteBatches,
  recordSection,
} from '../../wire/record-batch.js';
import { controlTypeOf, RecordCursor } from '../../wire/record-cursor.js';
import type { FetchedRecords } from './interfaces.js';

/** Bound of one control batch. */
const MAX_CONTROL_BYTES = 64 * 1024;

/**
 * The batches of fetched records that hold data to be seen: markers are left out, and so is what aborted transactions
 * wrote (nothing is, under read_uncommitted, where the broker names no aborted ones).
 * @throws `malformed-frame`
 * @see KIP-98
 */
export function dataBatches(fetched: FetchedRecords, compression: Compression): BatchHeader[] {
  const batches = readCompleteBatches(fetched.records);
  if (fetched.aborted.length === 0) return batches.filter((header) => !isControl(header));
  const coming = fetched.aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const aborted = new Set<number>();
  return batches.filter((header) => {
    while (coming.length > 0 && coming[0]!.firstOffset < nextOffset(header))
      aborted.add(Number(coming.shift()!.producerId));
    if (isControl(header)) {
      if (isAbortMarker(fetched.records, header, compression)) aborted.delete(header.producerId);
      return false;
    }
    return !(isTransactional(header) && aborted.has(header.producerId));
  });
}

function isAbortMarker(records: Uint8Array, header: BatchHeader, compression: Compression): boolean {
  const cursor = new RecordCursor();
  cursor.open(header, recordSection(records, header, compression, MAX_CONTROL_BYTES));
  return cursor.next() && controlTypeOf(cursor) === 'abort';
}
