import type { FileHandle } from '../base/files.js';
import type { Frame, Framing } from './framing.js';

/** Bytes that a scan reads at once. */
export const SCAN_BYTES = 1 << 20;

/** Why a scan stopped before the end. */
export type Damage =
  /** The file ends inside a frame. */
  | 'torn'
  /** No frame can begin here. */
  | 'malformed'
  /** The checksum does not hold. */
  | 'checksum'
  /** A whole frame, but not the one that follows. */
  | 'out-of-order';

/** What is read and checked. */
export interface ScanRange {
  /** Byte position of the first frame. */
  readonly from: number;
  /** Byte position to stop at: the file's size or less. */
  readonly to: number;
  /** Offset the first frame has to begin with. */
  readonly next: number;
  /** Offsets may be missing between frames (compaction took them). */
  readonly gaps: boolean;
  /** Whether to verify checksums, or heads only. */
  readonly checksums: boolean;
}

export interface ScanResult {
  /** Position after the last good frame. */
  readonly end: number;
  /** Offset after the last good frame. */
  readonly next: number;
  readonly damage?: Damage;
}

/** Called for each good frame; `bytes` is only valid during the call. Returning false ends the scan. */
export type FrameVisitor = (bytes: Uint8Array, at: number, frame: Frame, position: number) => boolean | undefined;

/** A window on a file that slides forward and grows for a large frame. */
class Window {
  readonly #file: FileHandle;
  readonly #to: number;
  bytes: Uint8Array;
  /** File position of `bytes[0]`. */
  start = 0;
  /** Valid bytes. */
  length = 0;

  constructor(file: FileHandle, from: number, to: number) {
    this.#file = file;
    this.#to = to;
    this.bytes = new Uint8Array(Math.max(0, Math.min(SCAN_BYTES, to - from)));
    this.start = from;
  }

  /** Index of `position` in `bytes` with at least `count` bytes behind it; -1 when the range ends before. */
  at(position: number, count: number): number {
    if (position >= this.start && position + count <= this.start + this.length) return position - this.start;
    if (position + count > this.#to) return -1;
    if (count > this.bytes.length) this.bytes = new Uint8Array(count);
    const wanted = Math.min(this.bytes.length, this.#to - position);
    this.start = position;
    this.length = this.#file.read(this.bytes.subarray(0, wanted), position);
    return this.length >= count ? 0 : -1;
  }
}

/** Walks the frames of a file and checks each against its framing and its predecessor. */
export function scanFrames(
  file: FileHandle,
  framing: Framing,
  range: ScanRange,
  visit: FrameVisitor = () => undefined,
): ScanResult {
  const window = new Window(file, range.from, range.to);
  let end = range.from;
  let next = range.next;
  while (end < range.to) {
    let at = window.at(end, framing.headBytes);
    if (at < 0) return { end, next, damage: 'torn' };
    const frame = framing.head(window.bytes, at);
    if (!frame || frame.size > framing.maxFrameBytes) return { end, next, damage: 'malformed' };
    if (end + frame.size > range.to) return { end, next, damage: 'torn' };
    if (range.gaps ? frame.first < next : frame.first !== next) return { end, next, damage: 'out-of-order' };
    if (range.checksums) {
      at = window.at(end, frame.size);
      if (at < 0) return { end, next, damage: 'torn' };
      if (!framing.whole(window.bytes, at, frame)) return { end, next, damage: 'checksum' };
    }
    if (visit(window.bytes, at, frame, end) === false) return { end, next };
    end += frame.size;
    next = frame.last + 1;
  }
  return { end, next };
}

/** Position of the first whole frame that begins after `from`, whose offsets are at least `next`; -1 when there is none. */
export function findFrame(file: FileHandle, framing: Framing, from: number, to: number, next: number): number {
  const window = new Window(file, from, to);
  for (let position = from; position + framing.headBytes <= to; position++) {
    let at = window.at(position, framing.headBytes);
    if (at < 0) return -1;
    const frame = framing.head(window.bytes, at);
    if (!frame || frame.first < next || frame.size > framing.maxFrameBytes || position + frame.size > to) continue;
    at = window.at(position, frame.size);
    if (at >= 0 && framing.whole(window.bytes, at, frame)) return position;
  }
  return -1;
}
