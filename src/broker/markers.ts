import { BATCH_HEADER_BYTES, type BatchHeader, readBatchHeader } from '../wire/record-batch.js';
import { RecordCursor } from '../wire/record-cursor.js';

/** What the control batch that ends a transaction says. */
export interface MarkerContent {
  readonly commit: boolean;
  readonly coordinatorEpoch: number;
}

/** Reads the control batch at the start of `bytes`. @throws `malformed-frame` @see KIP-98 */
export function readMarker(bytes: Uint8Array): MarkerContent {
  const header: BatchHeader = readBatchHeader(bytes);
  const cursor = new RecordCursor();
  cursor.open(header, bytes.subarray(BATCH_HEADER_BYTES, header.end));
  cursor.next();
  const key = cursor.key() ?? new Uint8Array(4);
  const value = cursor.value() ?? new Uint8Array(6);
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  return { commit: key[3] === 1, coordinatorEpoch: value.length >= 6 ? view.getInt32(2) : 0 };
}
