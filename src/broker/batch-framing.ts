import { crc32c } from '../base/crc32c.js';
import type { Frame, Framing } from '../storage/framing.js';
import {
  BATCH_HEADER_BYTES,
  BATCH_SIZE_PREFIX_BYTES,
  type BatchHeader,
  MAGIC,
  readBatchHeader,
} from '../wire/record-batch.js';

/** No record batch on the disk is larger: what one request can carry. */
export const BATCH_BYTES_MAX = 104_857_600;

/** One node never loses its leadership: all batches carry this leader epoch. */
export const LEADER_EPOCH = 0;

const CRC_AT = 17;
const ATTRIBUTES_AT = 21;

/** How record batches (format 2) lie in a log: each is a frame. @see KIP-98 */
export const batchFraming: Framing = {
  headBytes: BATCH_HEADER_BYTES,
  maxFrameBytes: BATCH_BYTES_MAX,
  head(bytes, at): Frame | undefined {
    if (bytes[at + 16] !== MAGIC) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, BATCH_HEADER_BYTES);
    const size = view.getInt32(8) + BATCH_SIZE_PREFIX_BYTES;
    const first = int64(view, 0);
    const lastDelta = view.getInt32(23);
    if (size < BATCH_HEADER_BYTES || size > BATCH_BYTES_MAX || lastDelta < 0 || first < 0) return undefined;
    // The base offset and this field lie outside the checksum; a flipped bit is found by their values.
    if (view.getInt32(12) !== LEADER_EPOCH || !Number.isSafeInteger(first)) return undefined;
    return { size, first, last: first + lastDelta, maxTimestamp: int64(view, 35) };
  },
  whole(bytes, at, frame): boolean {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, BATCH_HEADER_BYTES);
    return crc32c(bytes, at + ATTRIBUTES_AT, at + frame.size) === view.getUint32(CRC_AT);
  },
};

/** The header of a batch of which only the head may be in memory. @throws `malformed-frame` */
export function headOf(bytes: Uint8Array, at: number, size: number): BatchHeader {
  if (at + size <= bytes.length) return readBatchHeader(bytes, at);
  const whole = new Uint8Array(size);
  whole.set(bytes.subarray(at, Math.min(bytes.length, at + size)));
  return readBatchHeader(whole);
}

function int64(view: DataView, at: number): number {
  return view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4);
}
