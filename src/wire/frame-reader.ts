import { ArrayPool } from '../base/array-pool.js';
import { MAX_FRAME_BYTES, SIZE_BYTES, sizeOfFrame } from './frame-splitter.js';

/** Where the beginnings of frames, and small frames as a whole, are read to. */
const SCRATCH_BYTES = 64 * 1024;

/**
 * Cuts the stream of a broker's answers into frames without moving their bytes: each long frame is read straight into an
 * array of its own. It reserves what a frame announces, so it is for the side that dialled; a server, whom anybody may tell
 * any size, uses `FrameSplitter`.
 */
export class FrameReader {
  readonly #maxFrameBytes: number;
  /** Reused: nothing that is handed out lies in it. */
  readonly #scratch = new Uint8Array(SCRATCH_BYTES);
  #scratchFilled = 0;
  /** The unfinished frame, once its size is known and it is not in the scratch. */
  #frame: Uint8Array | undefined;
  #filled = 0;

  readonly #pool: ArrayPool;

  /** @param pool where the arrays of long frames come from. @param maxFrameBytes bound of one frame without its size. */
  constructor(pool = new ArrayPool(0), maxFrameBytes = MAX_FRAME_BYTES) {
    this.#pool = pool;
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Where the next bytes of the stream are best put; never empty. */
  room(): Uint8Array {
    return this.#frame ? this.#frame.subarray(this.#filled) : this.#scratch.subarray(this.#scratchFilled);
  }

  /**
   * Takes the next bytes of the stream: the beginning of {@link room}, filled, or any other array.
   * @returns the frames that are complete now, without their size; each keeps its bytes for itself.
   * @throws `malformed-frame` when a size is negative or too large; the stream cannot be used any more.
   */
  push(bytes: Uint8Array): Uint8Array[] {
    const frames: Uint8Array[] = [];
    const room = this.room();
    if (bytes.buffer === room.buffer && bytes.byteOffset === room.byteOffset) {
      this.#took(bytes.length, frames);
      return frames;
    }
    for (let at = 0; at < bytes.length; ) {
      const next = this.room();
      const piece = bytes.subarray(at, at + next.length);
      next.set(piece);
      at += piece.length;
      this.#took(piece.length, frames);
    }
    return frames;
  }

  #took(count: number, frames: Uint8Array[]): void {
    if (this.#frame === undefined) {
      this.#scratchFilled += count;
      this.#cutScratch(frames);
      return;
    }
    this.#filled += count;
    if (this.#filled < this.#frame.length) return;
    frames.push(this.#frame);
    this.#frame = undefined;
  }

  /** Copies the whole frames out of the scratch, and begins the array of one that goes on. */
  #cutScratch(frames: Uint8Array[]): void {
    const scratch = this.#scratch;
    let at = 0;
    while (at + SIZE_BYTES <= this.#scratchFilled) {
      const size = sizeOfFrame(scratch.subarray(at, at + SIZE_BYTES), this.#maxFrameBytes);
      const start = at + SIZE_BYTES;
      const there = Math.min(size, this.#scratchFilled - start);
      const frame = this.#pool.take(size);
      frame.set(scratch.subarray(start, start + there));
      at = start + there;
      if (there === size) frames.push(frame);
      else {
        this.#frame = frame;
        this.#filled = there;
      }
    }
    scratch.copyWithin(0, at, this.#scratchFilled);
    this.#scratchFilled -= at;
  }
}
