import type { Compression } from '../base/codec-interfaces.js';
import type { FetchedRecords, HeaderPairs } from '../connect/kafka/interfaces.js';
import { isControl, nextOffset, readCompleteBatches, recordSection } from '../wire/record-batch.js';
import { RecordCursor } from '../wire/record-cursor.js';
import { MAX_BATCH_BYTES } from './each-record.js';

/** Key, value, headers and time of a record, as they came. */
export interface OriginalRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: HeaderPairs;
  readonly timestampMs: number;
}

/** Finds the records with these offsets again; the views it gives hold until the fetched bytes are let go. */
export function originalRecords(
  from: FetchedRecords,
  offsets: ReadonlySet<number>,
  compression: Compression,
): ReadonlyMap<number, OriginalRecord> {
  const found = new Map<number, OriginalRecord>();
  const wanted = [...offsets].sort((a, b) => a - b);
  const cursor = new RecordCursor();
  let at = 0;
  for (const header of readCompleteBatches(from.records)) {
    while (at < wanted.length && wanted[at]! < header.baseOffset) at++;
    // Spares batches from being inflated for nothing.
    if (isControl(header) || at === wanted.length || wanted[at]! >= nextOffset(header)) continue;
    cursor.open(header, recordSection(from.records, header, compression, MAX_BATCH_BYTES));
    while (cursor.next()) {
      if (!offsets.has(cursor.offset)) continue;
      const headers: HeaderPairs = cursor.headers().map(({ key, value }) => [key, value]);
      const { offset, timestampMs } = cursor;
      found.set(offset, { key: cursor.key(), value: cursor.value(), headers, timestampMs });
    }
  }
  return found;
}
