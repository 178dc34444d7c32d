import { crc32c } from '../../src/base/crc32c.js';
import type { Frame, Framing } from '../../src/storage/framing.js';

/** Size, first offset, number of offsets, time, checksum. */
const HEAD_BYTES = 24;

/** Frames for tests: a head and a payload of any length. */
export const numberFraming: Framing = {
  headBytes: HEAD_BYTES,
  maxFrameBytes: 1 << 20,
  head(bytes, at): Frame | undefined {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEAD_BYTES);
    const size = view.getUint32(0);
    const count = view.getUint32(8);
    if (size < HEAD_BYTES || size > 1 << 20 || count === 0 || count > 1000) return undefined;
    const first = view.getUint32(4);
    return { size, first, last: first + count - 1, maxTimestamp: view.getFloat64(12) };
  },
  whole(bytes, at, frame): boolean {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEAD_BYTES);
    return view.getUint32(20) === checksum(bytes.subarray(at, at + frame.size));
  },
};

function checksum(frame: Uint8Array): number {
  return crc32c(frame, HEAD_BYTES, frame.length, crc32c(frame, 0, 20));
}

/** A frame that covers `count` offsets from `first`; its payload is `fill` repeated. */
export function numberFrame(
  first: number,
  count = 1,
  payloadBytes = 40,
  timestampMs = first * 1000,
): { readonly bytes: Uint8Array; readonly frame: Frame } {
  const bytes = new Uint8Array(HEAD_BYTES + payloadBytes).fill(1 + (first % 250));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length);
  view.setUint32(4, first);
  view.setUint32(8, count);
  view.setFloat64(12, timestampMs);
  view.setUint32(20, checksum(bytes));
  const frame = { size: bytes.length, first, last: first + count - 1, maxTimestamp: timestampMs };
  return { bytes, frame };
}

/** The first offsets of the frames in `bytes`; throws where a checksum does not hold, as a client would. */
export function offsetsIn(bytes: Uint8Array): number[] {
  const offsets: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const frame = numberFraming.head(bytes, at);
    if (!frame || !numberFraming.whole(bytes, at, frame)) throw new Error(`bad frame at ${at}`);
    offsets.push(frame.first);
    at += frame.size;
  }
  return offsets;
}
