import { crc32c } from '../base/crc32c.js';

/** Bytes of log between two entries of an index. */
export const INDEX_INTERVAL_BYTES = 16 * 1024;

const MAGIC = 0x53495831;
const HEAD_BYTES = 48;
const ENTRY_BYTES = 24;

/** What is known of a segment without reading it. */
export interface SegmentFacts {
  /** Bytes of the log file that the facts cover. */
  readonly size: number;
  /** Offset after the last one. */
  readonly next: number;
  /** Latest timestamp, epoch ms; -1 when none. */
  readonly maxTimestamp: number;
}

/**
 * Every few kilobytes of a segment: the offset a frame begins with, its position, and the latest timestamp of all
 * frames before it. It can always be rebuilt from the segment.
 */
export class SparseIndex {
  readonly #offsets: number[] = [];
  readonly #positions: number[] = [];
  readonly #timestamps: number[] = [];
  #maxTimestamp = -1;

  /** Latest timestamp of all frames added. */
  get maxTimestamp(): number {
    return this.#maxTimestamp;
  }

  /** Notes the frame that begins at `position`; kept only when the last entry is far enough behind. */
  add(offset: number, position: number, maxTimestamp: number): void {
    const last = this.#positions.at(-1);
    if (last === undefined || position - last >= INDEX_INTERVAL_BYTES) {
      this.#offsets.push(offset);
      this.#positions.push(position);
      this.#timestamps.push(this.#maxTimestamp);
    }
    if (maxTimestamp > this.#maxTimestamp) this.#maxTimestamp = maxTimestamp;
  }

  /** Position of a frame at or before the one that holds `offset`. */
  positionOf(offset: number): number {
    return this.#positions[lastNotAbove(this.#offsets, offset)] ?? 0;
  }

  /** Position of a frame at or before the first one with a timestamp of at least `timestamp`. */
  positionAt(timestamp: number): number {
    return this.#positions[lastNotAbove(this.#timestamps, timestamp - 1)] ?? 0;
  }

  encode(facts: SegmentFacts): Uint8Array {
    const count = this.#offsets.length;
    const bytes = new Uint8Array(HEAD_BYTES + count * ENTRY_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, MAGIC);
    view.setUint32(4, count);
    view.setFloat64(8, facts.size);
    view.setFloat64(16, facts.next);
    view.setFloat64(24, facts.maxTimestamp);
    for (let entry = 0; entry < count; entry++) {
      const at = HEAD_BYTES + entry * ENTRY_BYTES;
      view.setFloat64(at, this.#offsets[entry]!);
      view.setFloat64(at + 8, this.#positions[entry]!);
      view.setFloat64(at + 16, this.#timestamps[entry]!);
    }
    view.setUint32(40, crc32c(bytes, HEAD_BYTES));
    view.setUint32(44, crc32c(bytes, 0, 44));
    return bytes;
  }

  /** Reads only the facts. @returns undefined when damaged. */
  static decodeFacts(bytes: Uint8Array): SegmentFacts | undefined {
    if (bytes.length < HEAD_BYTES) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (view.getUint32(0) !== MAGIC || view.getUint32(44) !== crc32c(bytes, 0, 44)) return undefined;
    return { size: view.getFloat64(8), next: view.getFloat64(16), maxTimestamp: view.getFloat64(24) };
  }

  /** Reads what {@link SparseIndex.encode} wrote. @returns undefined when damaged. */
  static decode(bytes: Uint8Array): SparseIndex | undefined {
    const facts = SparseIndex.decodeFacts(bytes);
    if (!facts) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const count = view.getUint32(4);
    if (bytes.length !== HEAD_BYTES + count * ENTRY_BYTES || view.getUint32(40) !== crc32c(bytes, HEAD_BYTES)) {
      return undefined;
    }
    const index = new SparseIndex();
    for (let at = HEAD_BYTES; at < bytes.length; at += ENTRY_BYTES) {
      index.#offsets.push(view.getFloat64(at));
      index.#positions.push(view.getFloat64(at + 8));
      index.#timestamps.push(view.getFloat64(at + 16));
    }
    index.#maxTimestamp = facts.maxTimestamp;
    return index;
  }
}

/** Last entry of an ascending list that is not above `value`; -1 when all are. */
function lastNotAbove(values: readonly number[], value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
