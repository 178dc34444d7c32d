import { concatBytes } from '../../base/bytes.js';
import type { Compression } from '../../base/codec-interfaces.js';
import { crc32c } from '../../base/crc32c.js';
import {
  BATCH_HEADER_BYTES,
  BATCH_SIZE_PREFIX_BYTES,
  type BatchHeader,
  compressionOf,
  recordSection,
} from '../../wire/record-batch.js';
import { RecordCursor } from '../../wire/record-cursor.js';
import { inflatedBytesMax } from '../batch-checks.js';

const LENGTH_AT = 8;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const MAX_TIMESTAMP_AT = 35;
const COUNT_AT = 57;

/** Calls `visit` with each record of a batch. The codec has to be prepared. @throws `bad-data` `malformed-frame` */
export function eachRecord(
  bytes: Uint8Array,
  header: BatchHeader,
  compression: Compression,
  visit: (cursor: RecordCursor) => void,
): void {
  const cursor = new RecordCursor();
  cursor.open(header, recordSection(bytes, header, compression, inflatedBytesMax(header.end - header.start)));
  while (cursor.next()) visit(cursor);
}

/**
 * The batch with only the records that `keep` wants. It covers the same offsets and has the same producer and sequence
 * numbers; the bytes of the records are copied as they are.
 * @returns the batch itself when all stay, undefined when none does.
 * @throws `bad-data` `malformed-frame`
 */
export function filterBatch(
  bytes: Uint8Array,
  header: BatchHeader,
  compression: Compression,
  keep: (cursor: RecordCursor) => boolean,
): Uint8Array | undefined {
  const pieces: Uint8Array[] = [];
  let maxTimestampMs = Number.NEGATIVE_INFINITY;
  let start = 0;
  eachRecord(bytes, header, compression, (cursor) => {
    if (keep(cursor)) {
      pieces.push(cursor.bytes.subarray(start, cursor.recordEnd));
      maxTimestampMs = Math.max(maxTimestampMs, cursor.timestampMs);
    }
    start = cursor.recordEnd;
  });
  if (pieces.length === header.recordCount) return bytes.subarray(header.start, header.end);
  if (pieces.length === 0) return undefined;
  const plain = concatBytes(pieces);
  const name = compressionOf(header);
  const section = name === 'none' ? plain : compression.compress(name, plain);
  return rebuilt(bytes, header, section, pieces.length, maxTimestampMs);
}

/** The batch without any record: what is left of a producer's last batch, so that its sequence is not forgotten. */
export function emptyBatch(bytes: Uint8Array, header: BatchHeader): Uint8Array {
  return rebuilt(bytes, header, new Uint8Array(0), 0, header.maxTimestampMs);
}

function rebuilt(
  bytes: Uint8Array,
  header: BatchHeader,
  section: Uint8Array,
  recordCount: number,
  maxTimestampMs: number,
): Uint8Array {
  const batch = new Uint8Array(BATCH_HEADER_BYTES + section.length);
  batch.set(bytes.subarray(header.start, header.start + BATCH_HEADER_BYTES));
  batch.set(section, BATCH_HEADER_BYTES);
  const view = new DataView(batch.buffer);
  view.setInt32(LENGTH_AT, batch.length - BATCH_SIZE_PREFIX_BYTES);
  view.setBigInt64(MAX_TIMESTAMP_AT, BigInt(maxTimestampMs));
  view.setInt32(COUNT_AT, recordCount);
  view.setUint32(CRC_AT, crc32c(batch, ATTRIBUTES_AT));
  return batch;
}
