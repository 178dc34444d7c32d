/**
 * A stretch of a larger array, given without making a view of it. One object is used again and again; `bytes` has at
 * least three bytes behind every stretch.
 */
export interface ByteSpan {
  bytes: Uint8Array;
  /** Over all of `bytes`. */
  view: DataView;
  start: number;
  end: number;
}

/** From this many bytes on the language's own copying is faster: it needs a view, which costs more than copying less. */
const NATIVE_FROM_BYTES = 512;

/** A span over nothing yet. */
export function emptySpan(): ByteSpan {
  const bytes = new Uint8Array(4);
  return { bytes, view: new DataView(bytes.buffer), start: 0, end: 0 };
}

/** Makes `span` stand for stretches of `bytes`. */
export function spanOver(span: ByteSpan, bytes: Uint8Array): void {
  if (span.bytes === bytes) return;
  span.bytes = bytes;
  span.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * Copies a span to `target` at `at`; returns the position after it. Up to three bytes behind it are overwritten too:
 * four bytes at a time is three times as fast as one, and makes no garbage.
 * @param view over all of `target`.
 */
export function copySpan(target: Uint8Array, view: DataView, at: number, span: ByteSpan): number {
  const { start, end } = span;
  if (end - start >= NATIVE_FROM_BYTES) {
    target.set(span.bytes.subarray(start, end), at);
    return at + end - start;
  }
  const source = span.view;
  let to = at;
  for (let from = start; from < end; from += 4, to += 4) view.setInt32(to, source.getInt32(from, true), true);
  return at + end - start;
}
